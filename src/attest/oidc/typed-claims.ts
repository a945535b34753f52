// Strict reading of a token's own claims. A claim of another type than its issuer gives it refuses the token: taken for
// absent, it would turn a required fact into an optional one.
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { CLAIM_VALUE_MAX_LENGTH, CLAIM_VALUES_MAX } from '../../core/limits.ts'
import { hasControl } from '../../core/printable.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'

/** The types of claims, by the name that a refusal gives them. */
interface ClaimTypes {
  readonly text: string
  readonly flag: boolean
  readonly integer: number
  readonly texts: readonly string[]
  /** One string, or a list of strings: issuers differ. */
  readonly 'text or texts': readonly string[]
  readonly object: JsonObject
}

const READERS: { readonly [Type in keyof ClaimTypes]: (value: Json) => ClaimTypes[Type] | undefined } = {
  text: (value) => (isText(value) ? value : undefined),
  flag: (value) => (typeof value === 'boolean' ? value : undefined),
  integer: (value) => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined),
  texts: (value) => readTexts(value),
  'text or texts': (value) => (isText(value) ? [value] : readTexts(value)),
  object: (value) => (isJsonObject(value) ? value : undefined),
}

const WORDS: { readonly [Type in keyof ClaimTypes]: string } = {
  text: `a string of 1 to ${CLAIM_VALUE_MAX_LENGTH} characters without control characters`,
  flag: 'true or false',
  integer: 'a whole number',
  texts: 'a list of strings',
  'text or texts': 'a string or a list of strings',
  object: 'an object',
}

/** What a row reads: claims by name, `?` in front of the type if the issuer may leave the claim out. */
export type ClaimShape = Readonly<Record<string, keyof ClaimTypes | `?${keyof ClaimTypes}`>>

/** The claims of a shape, each of its type. */
export type ReadClaims<Shape extends ClaimShape> = {
  readonly [Name in keyof Shape]: Shape[Name] extends `?${infer Type extends keyof ClaimTypes}`
    ? ClaimTypes[Type] | undefined
    : Shape[Name] extends keyof ClaimTypes
      ? ClaimTypes[Shape[Name]]
      : never
}

/**
 * Reads the claims of a shape from an object of a token.
 *
 * @param inside the path of the object, for refusals: `google.compute_engine.`
 * @returns the claims, or `claim_missing` or `claim_malformed`; `where` is the path of the claim
 */
export function readTypedClaims<const Shape extends ClaimShape>(
  claims: JsonObject,
  shape: Shape,
  inside = '',
): Checked<ReadClaims<Shape>> {
  const read: Record<string, unknown> = Object.create(null)
  for (const [name, declared] of Object.entries(shape)) {
    const isOptional = declared.startsWith('?')
    const type = (isOptional ? declared.slice(1) : declared) as keyof ClaimTypes
    const where = `${inside}${name}`
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined
    if (value === undefined) {
      if (isOptional) continue
      return refuse({
        code: 'claim_missing',
        where,
        detail: `JWT verification failed: the claim ${where} is missing: send a token whose issuer sets it`,
      })
    }
    const found = READERS[type](value)
    if (found === undefined) {
      return refuse({
        code: 'claim_malformed',
        where,
        detail: `JWT verification failed: the claim ${where} must be ${WORDS[type]}`,
      })
    }
    read[name] = found
  }
  // Each member has just been read as the type that the shape gives it.
  return pass(read as ReadClaims<Shape>)
}

/** A claim goes into attributes, conditions and records, where a control character could forge a value or a line. */
function isText(value: Json): value is string {
  return typeof value === 'string' && value !== '' && value.length <= CLAIM_VALUE_MAX_LENGTH && !hasControl(value)
}

function readTexts(value: Json): readonly string[] | undefined {
  return Array.isArray(value) && value.length <= CLAIM_VALUES_MAX && value.every(isText) ? value : undefined
}
