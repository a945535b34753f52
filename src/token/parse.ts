// The only place that makes a `ParsedToken` of a compact JWS, before any library sees it: one spelling of its
// base64url, one meaning of its JSON, a short list of header parameters, sane times. Nothing is verified yet. The
// claims are read once: the step that verifies the signature passes on these same claims.
import { decodeBase64url } from '../core/base64.ts'
import { describeSeconds } from '../core/duration.ts'
import { isJsonObject, type JsonObject, parseJsonBytes } from '../core/json.ts'
import { KID_MAX_BYTES, TOKEN_DEPTH_MAX, TOKEN_MAX_BYTES } from '../core/limits.ts'
import type { RefusalCode } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { ALGORITHMS, type Algorithm, isAlgorithm } from './algorithms.ts'
import { readClaims, type TokenClaims } from './claims.ts'

declare const parsed: unique symbol

export interface TokenHeader {
  readonly alg: Algorithm
  readonly kid?: string
  readonly typ?: 'JWT'
}

/** Only {@link parseToken} makes one. Well-formed, and not verified. */
export interface ParsedToken extends TokenClaims {
  readonly [parsed]: true
  /** The compact JWS as received. It is canonical: no other string has the same meaning and signature. */
  readonly compact: string
  readonly header: TokenHeader
  /** `header.payload`, what the signature is over (RFC 7515 section 5.2). */
  readonly signingInput: string
  /** Decoded; not empty. */
  readonly signature: Uint8Array<ArrayBuffer>
}

/** A compact JWS whose three parts are canonical base64url and whose first two are strict JSON objects. */
export interface TokenForm {
  readonly compact: string
  readonly header: JsonObject
  readonly claims: JsonObject
  readonly signingInput: string
  readonly signature: Uint8Array<ArrayBuffer>
}

/** Our own sessions carry this `typ`; no session is evidence, or one login could renew itself for ever. */
export const SESSION_TYPE = 'postern-session+jwt'

/** Parameters that bring a key of the sender's choice, or change what is signed or how it is read. */
const FORBIDDEN_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['jku', 'keys come from the configured issuer alone (RFC 7515 section 4.1.2)'],
  ['jwk', 'keys come from the configured issuer alone (RFC 7515 section 4.1.3)'],
  ['x5u', 'keys come from the configured issuer alone (RFC 7515 section 4.1.5)'],
  ['x5c', 'keys come from the configured issuer alone (RFC 7515 section 4.1.6)'],
  ['crit', 'no extension is supported (RFC 7515 section 4.1.11)'],
  ['b64', 'the payload must be base64url (RFC 7797 section 3)'],
  ['zip', 'compressed tokens are not supported'],
  ['enc', 'encrypted tokens are not supported'],
  ['cty', 'nested tokens are not supported (RFC 7519 section 5.2)'],
])

/**
 * Parses a compact JWS (RFC 7515 section 7.1) strictly, without verifying it. Never throws.
 *
 * @param text The compact serialization, at most {@link TOKEN_MAX_BYTES} characters.
 * @returns The token, or a refusal. The form is checked first (`token_too_large`, `token_malformed`), then the header
 *   (`token_header_forbidden`, `algorithm_forbidden`, `token_type_forbidden`), then the claims (`claim_missing`, with
 *   `where: 'exp'` before any other, and `claim_malformed`).
 */
export function parseToken(text: string): Checked<ParsedToken> {
  const form = parseTokenForm(text)
  if (!form.ok) return form
  const { compact, signingInput, signature } = form.value
  const header = readHeader(form.value.header)
  if (!header.ok) return header
  if (signature.length === 0) return refuseMalformed('signature', 'has an empty signature: send a signed token')
  const claims = readClaims(form.value.claims)
  if (!claims.ok) return claims
  // The cast is the proof: this is the one place that makes a ParsedToken.
  const token = { ...claims.value, compact, header: header.value, signingInput, signature } as ParsedToken
  return pass(Object.freeze(token))
}

/**
 * The first step of {@link parseToken}. It also serves to explain a refused token, such as a legacy service account
 * token, which has no `exp`. Do not trust the result, and decide nothing by it.
 */
export function parseTokenForm(text: string): Checked<TokenForm> {
  // One UTF-16 unit is one byte here: a string that is not ASCII is not base64url either.
  if (text.length > TOKEN_MAX_BYTES) {
    const detail = `The token has ${text.length} characters: send one of at most ${TOKEN_MAX_BYTES}`
    return refuse({ code: 'token_too_large', detail })
  }
  const parts = text.split('.', 6)
  const [headerPart, claimsPart, signaturePart] = parts
  if (parts.length === 5)
    return refuseMalformed(undefined, 'is encrypted (a JWE, five parts): send a signed token (JWS)')
  if (parts.length !== 3 || headerPart === undefined || claimsPart === undefined || signaturePart === undefined) {
    return refuseMalformed(undefined, 'does not have three parts separated by dots: send a compact JWS')
  }
  const header = parseObject(headerPart, 'header')
  if (!header.ok) return header
  const claims = parseObject(claimsPart, 'payload')
  if (!claims.ok) return claims
  const signature = decodeBase64url(signaturePart)
  if (signature === undefined) return refuseMalformed('signature', describeNotCanonical('a signature'))
  return pass({
    compact: text,
    header: header.value,
    claims: claims.value,
    signingInput: `${headerPart}.${claimsPart}`,
    signature,
  })
}

/**
 * Checks `exp`, `nbf` and `iat`. A token has expired in the very second of `exp` (RFC 7519 section 4.1.4).
 *
 * @param nowSeconds Seconds since 1970.
 * @param skewSeconds Clock skew that is allowed on either side.
 * @returns The token, or `token_expired`, `token_not_yet_valid` or `token_issued_in_future`.
 */
export function checkTimes<T extends TokenClaims>(token: T, nowSeconds: number, skewSeconds: number): Checked<T> {
  const { issuedAtSeconds, expiresAtSeconds, notBeforeSeconds } = token
  if (nowSeconds >= expiresAtSeconds + skewSeconds) {
    const ago = describeSeconds(Math.floor(nowSeconds - expiresAtSeconds))
    const detail = `JWT verification failed: the token expired ${ago} ago: send a fresh token`
    return refuse({ code: 'token_expired', where: 'exp', detail })
  }
  if (notBeforeSeconds !== undefined && nowSeconds < notBeforeSeconds - skewSeconds) {
    const ahead = describeSeconds(Math.ceil(notBeforeSeconds - nowSeconds))
    const detail = `JWT verification failed: the token is not valid for another ${ahead}: wait, or synchronize the clocks`
    return refuse({ code: 'token_not_yet_valid', where: 'nbf', detail })
  }
  if (nowSeconds < issuedAtSeconds - skewSeconds) {
    const ahead = describeSeconds(Math.ceil(issuedAtSeconds - nowSeconds))
    const detail = `JWT verification failed: the token was issued ${ahead} in the future: synchronize the issuer's clock`
    return refuse({ code: 'token_issued_in_future', where: 'iat', detail })
  }
  return pass(token)
}

function parseObject(part: string, name: 'header' | 'payload'): Checked<JsonObject> {
  const bytes = decodeBase64url(part)
  if (bytes === undefined) return refuseMalformed(name, describeNotCanonical(`a ${name}`))
  const json = parseJsonBytes(bytes, TOKEN_DEPTH_MAX)
  if (!json.ok)
    return refuseMalformed(name, `has a ${name} that is not strict JSON (${json.fault}): send the token as issued`)
  if (!isJsonObject(json.value)) return refuseMalformed(name, `has a ${name} that is not a JSON object: send a JWT`)
  return pass(json.value)
}

function readHeader(header: JsonObject): Checked<TokenHeader> {
  for (const [parameter, why] of FORBIDDEN_PARAMETERS) {
    if (Object.hasOwn(header, parameter)) {
      return refuseToken(
        'token_header_forbidden',
        parameter,
        `The header parameter "${parameter}" is forbidden: ${why}`,
      )
    }
  }
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || !isAlgorithm(alg)) {
    const accepted = Object.keys(ALGORITHMS).join(', ')
    const detail = `The header parameter "alg" is not an accepted algorithm: sign with one of ${accepted}`
    return refuseToken('algorithm_forbidden', 'alg', detail)
  }
  if (typ !== undefined && typ !== 'JWT') {
    const detail = isSessionType(typ)
      ? "A session is not evidence: send a token of the workload's own issuer"
      : 'The header parameter "typ" must be "JWT" or absent: send a token of that type'
    return refuseToken('token_type_forbidden', 'typ', detail)
  }
  if (kid !== undefined && (typeof kid !== 'string' || !isKid(kid))) {
    const detail = `The header parameter "kid" must be 1 to ${KID_MAX_BYTES} printable ASCII characters`
    return refuseToken('token_malformed', 'kid', detail)
  }
  return pass({ alg, ...(kid === undefined ? {} : { kid }), ...(typ === undefined ? {} : { typ }) })
}

/** Media types compare without case, and `application/` may be left out (RFC 7515 section 4.1.9). */
function isSessionType(typ: unknown): boolean {
  if (typeof typ !== 'string') return false
  const name = typ.toLowerCase()
  return name === SESSION_TYPE || name === `application/${SESSION_TYPE}`
}

/**
 * A `kid` is printed in messages and records: control characters, Unicode look-alikes and unbounded lengths are
 * refused.
 */
export function isKid(kid: string): boolean {
  return kid.length <= KID_MAX_BYTES && /^[\x20-\x7e]+$/.test(kid)
}

function describeNotCanonical(what: string): string {
  return `has ${what} that is not canonical base64url: send the token as issued, without padding or whitespace`
}

function refuseMalformed(where: string | undefined, problem: string): ReturnType<typeof refuse> {
  return refuseToken('token_malformed', where, `The token ${problem}`)
}

function refuseToken(code: RefusalCode, where: string | undefined, detail: string): ReturnType<typeof refuse> {
  return refuse({ code, detail, ...(where === undefined ? {} : { where }) })
}
