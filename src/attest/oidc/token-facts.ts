// What is verified of a token besides its own claims, what a session keeps of it, and the reading of that: what pins are
// checked against that is not among the attributes.
import { isJsonObject, type Json } from '../../core/json.ts'
import type { ParsedToken } from '../../token/parse.ts'

/** What every policy may ask of a token, whatever row takes it. */
export interface TokenPins<Own> {
  /** Compared literally with `iss`. */
  readonly issuer: string
  /** Accepted ones, any one of them: those that the policy states, or else the default of the gateway. */
  readonly audiences: readonly string[]
  /** Of `exp - iat` */
  readonly maxLifetimeSeconds: number
  readonly own: Own
}

/** Of a recorded login some of it may be missing. */
export interface TokenFacts<Own> {
  readonly issuer: string
  /** Of a token all that it is meant for; of a session those that its policy accepted. */
  readonly audiences: readonly string[] | undefined
  /** `exp - iat` */
  readonly lifetimeSeconds: number | undefined
  readonly own: Own
}

export function collectFacts<Own>({ issuer, audiences, ...token }: ParsedToken, own: Own): TokenFacts<Own> {
  return { issuer, audiences, lifetimeSeconds: token.expiresAtSeconds - token.issuedAtSeconds, own }
}

/** Only accepted audiences: a session is not to stay good by one that nobody accepted when it was issued. */
export function recordFacts(
  { audiences = [], lifetimeSeconds = 0 }: TokenFacts<unknown>,
  pins: TokenPins<unknown>,
): Json {
  const accepted = [...new Set(audiences)].filter((audience) => pins.audiences.includes(audience))
  return { audiences: accepted, lifetimeSeconds }
}

type RecordedFacts = Pick<TokenFacts<unknown>, 'audiences' | 'lifetimeSeconds'>

/** {@link recordFacts} the other way round; `undefined` if these are not such facts. Signed by us, by any version. */
export function readFacts(json: Json): RecordedFacts | undefined {
  if (!isJsonObject(json)) return undefined
  const { audiences, lifetimeSeconds } = json
  if (!Array.isArray(audiences) || !audiences.every((item): item is string => typeof item === 'string'))
    return undefined
  if (typeof lifetimeSeconds !== 'number' || !Number.isInteger(lifetimeSeconds)) return undefined
  return { audiences, lifetimeSeconds }
}
