// The verified facts that every token has, and what a session records of them: pins are checked against these facts, and
// the attributes do not contain them.
import { isJsonObject, type Json } from '../../core/json.ts'
import type { ParsedToken } from '../../token/parse.ts'

/** What a policy requires of any token. */
export interface TokenPins<Own> {
  /** Compared literally with `iss`; of a list any one. */
  readonly issuer: string | readonly string[]
  /** The accepted audiences, any one of them: those of the policy, or the default of the gateway. */
  readonly audiences: readonly string[]
  /** Upper bound of `exp - iat`, in seconds. */
  readonly maxLifetimeSeconds: number
  readonly own: Own
}

/** The facts of a token. Those restored from a session may be incomplete. */
export interface TokenFacts<Own> {
  readonly issuer: string
  /** Of a token all its audiences; of a session those that its policy accepted. */
  readonly audiences: readonly string[] | undefined
  /** `exp - iat`, in seconds. */
  readonly lifetimeSeconds: number | undefined
  /** The claim `jti`; a session records it apart from the facts. */
  readonly jti?: string | undefined
  readonly own: Own
}

export function collectFacts<Own>({ issuer, audiences, ...token }: ParsedToken, own: Own): TokenFacts<Own> {
  const { jti } = token.claims
  const id = typeof jti === 'string' && jti !== '' ? { jti } : {}
  return { issuer, audiences, lifetimeSeconds: token.expiresAtSeconds - token.issuedAtSeconds, ...id, own }
}

/**
 * Records accepted audiences only: a session must not stay valid by an audience that was not accepted at its login.
 *
 * @param own what the row records besides, because its checks need it and the attributes do not hold it
 */
export function recordFacts(
  { audiences = [], lifetimeSeconds = 0 }: TokenFacts<unknown>,
  pins: TokenPins<unknown>,
  own: Json | undefined,
): Json {
  const accepted = [...new Set(audiences)].filter((audience) => pins.audiences.includes(audience))
  return { audiences: accepted, lifetimeSeconds, ...(own === undefined ? {} : { own }) }
}

type RecordedFacts = Pick<TokenFacts<unknown>, 'audiences' | 'lifetimeSeconds'> & { readonly own?: Json | undefined }

/**
 * Reverses {@link recordFacts}; `undefined` if the data has another form. This gateway signed it, perhaps an older
 * version.
 */
export function readFacts(json: Json): RecordedFacts | undefined {
  if (!isJsonObject(json)) return undefined
  const { audiences, lifetimeSeconds, own } = json
  if (!Array.isArray(audiences) || !audiences.every((item): item is string => typeof item === 'string'))
    return undefined
  if (typeof lifetimeSeconds !== 'number' || !Number.isInteger(lifetimeSeconds)) return undefined
  return { audiences, lifetimeSeconds, own }
}
