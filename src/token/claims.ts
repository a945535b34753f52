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

/** `exp` first: a legacy service account token lacks three of these, and is told by this one. */
const REQUIRED = ['exp', 'iat', 'iss', 'aud'] as const

/** The claims of a token that has them all in form. Refusals: `claim_missing`, `claim_malformed`, each with `where`. */
export function readClaims(claims: JsonObject): Checked<TokenClaims> {
  for (const name of REQUIRED) {
    if (!Object.hasOwn(claims, name)) {
      const detail = `The token has no claim "${name}": send one whose issuer sets it`
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
    return refuseClaim('iss', `must be a text of 1 to ${URL_MAX_LENGTH} characters`)
  }
  const audiences = readAudiences(aud)
  if (audiences === undefined) return refuseClaim('aud', 'must be a text or a list of texts, none of them empty')
  for (const name of ['sub', 'jti']) {
    const value = claims[name]
    if (value !== undefined && typeof value !== 'string') return refuseClaim(name, 'must be a text')
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

const NOT_A_DATE = 'must be an integer, in seconds since 1970, before the year 10000'

function readAudiences(aud: Json | undefined): readonly string[] | undefined {
  const values = Array.isArray(aud) ? aud : [aud]
  const isText = (value: Json | undefined): value is string => typeof value === 'string' && value !== ''
  return values.length > 0 && values.every(isText) ? values : undefined
}

function refuseClaim(where: string, rule: string): ReturnType<typeof refuse> {
  return refuse({
    code: 'claim_malformed',
    where,
    detail: `The claim "${where}" ${rule}: send a token that keeps this`,
  })
}
