// An attribute after it has been read: a canonical name and a value.

/** An integer for a count, an array of strings for a multi-valued attribute, a string for any other. */
export type AttributeValue = string | number | readonly string[]

/** Attributes by canonical name. A Map, so that `__proto__` is a name like any other. */
export type Attributes = ReadonlyMap<string, AttributeValue>

/** An attribute as responses and sessions contain it. `origin` is the attestor (or built-in) that vouches for it. */
export interface Attribute {
  readonly origin: string
  readonly name: string
  readonly value: AttributeValue
}
