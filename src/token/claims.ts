// The registered claims (RFC 7519 section 4.1) that every token must have, as types that are the proof. RFC 7519 makes
// all of them optional; here `iss`, `aud`, `iat` and `exp` are not: without `exp` a token is good for ever, without
// `iat` its lifetime has no measure.
import { isNumericDate } from '../core/instant.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { URL_MAX_LENGTH } from '../core/limits.ts'
import { type Checked, pass, refuse } from '../core/result.ts'

export interface TokenClaims {
  readonly claims: JsonObject
  readonly issuer: string
  readonly issuedAtSeconds: number
  readonly expiresAtSeconds: number
  readonly notBeforeSeconds?: number
  readonly audiences: readonly string[]
}

/** `exp` first: a legacy service account token lacks three of these, so this one identifies it. */
const REQUIRED = ['exp', 'iat', 'iss', 'aud'] as const

/**
 * Reads the registered claims of a token. Times are whole seconds since 1970 (NumericDate, RFC 7519 section 2).
 *
 * @param claims The payload, as a strict JSON object. Nothing in it has to be verified yet.
 * @returns The claims, or `claim_missing` or `claim_malformed`; `where` is the name of the claim.
 */
export function readClaims(claims: JsonObject): Checked<TokenClaims> {
  for (const name of REQUIRED) {
    if (!Object.hasOwn(claims, name)) {
      const detail = `Claim "${name}" is missing: send a token whose issuer sets it`
      return refuse({ code: 'claim_missing', where: name, detail })
    }
  }
  const { exp, iat, nbf, iss, aud } = claims
  if (!isNumericDate(exp)) return refuseClaim('exp', NOT_A_DATE)
  if (!isNumericDate(iat)) return refuseClaim('iat', NOT_A_DATE)
  if (nbf !== undefined && !isNumericDate(nbf)) return refuseClaim('nbf', NOT_A_DATE)
  if (exp <= iat) return refuseClaim('exp', 'must be later than "iat"')
  if (nbf !== undefined && exp <= nbf) return refuseClaim('nbf', 'must be earlier than "exp"')
  if (typeof iss !== 'string' || iss === '' || iss.length > URL_MAX_LENGTH) {
    return refuseClaim('iss', `must be a string of 1 to ${URL_MAX_LENGTH} characters`)
  }
  const audiences = readAudiences(aud)
  if (audiences === undefined) return refuseClaim('aud', 'must be a non-empty string or an array of non-empty strings')
  for (const name of ['sub', 'jti']) {
    const value = claims[name]
    if (value !== undefined && typeof value !== 'string') return refuseClaim(name, 'must be a string')
  }
  return pass({
    claims,
    issuer: iss,
    issuedAtSeconds: iat,
    expiresAtSeconds: exp,
    ...(nbf === undefined ? {} : { notBeforeSeconds: nbf }),
    audiences,
  })
}

const NOT_A_DATE = 'must be an integer number of seconds since 1970, before the year 10000 (NumericDate)'

function readAudiences(aud: Json | undefined): readonly string[] | undefined {
  const values = Array.isArray(aud) ? aud : [aud]
  const isFilled = (value: Json | undefined): value is string => typeof value === 'string' && value !== ''
  return values.length > 0 && values.every(isFilled) ? values : undefined
}

function refuseClaim(where: string, rule: string): ReturnType<typeof refuse> {
  return refuse({
    code: 'claim_malformed',
    where,
    detail: `Claim "${where}" ${rule}`,
  })
}
