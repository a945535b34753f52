// What an attribute is, once it has been read: a canonical name and a value.

/** A count is an integer, a multi-valued attribute a list of texts, everything else a text. */
export type AttributeValue = string | number | readonly string[]

/** Attributes by canonical name. A Map, so that `__proto__` is a name like any other. */
export type Attributes = ReadonlyMap<string, AttributeValue>

/** An attribute as answers and sessions carry it. The origin is the attestor (or built-in) that vouches for it. */
export interface Attribute {
  readonly origin: string
  readonly name: string
  readonly value: AttributeValue
}
