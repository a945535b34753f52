// A token's text becomes a `ParsedToken` here and nowhere else, before any library sees it: one spelling of its
// base64url, one meaning of its JSON, a short list of header parameters, sane times. Nothing is verified yet; the
// claims are read once, and whoever verifies the signature later hands on these very claims.
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
  /** The text as it came; by its canonical form no other text has the same meaning and signature. */
  readonly compact: string
  readonly header: TokenHeader
  /** `header.payload`, what the signature is over (RFC 7515 section 5.2). */
  readonly signingInput: string
}

/** A compact JWS whose three parts are canonical base64url and whose first two are strict JSON objects. */
export interface TokenForm {
  readonly compact: string
  readonly header: JsonObject
  readonly claims: JsonObject
  readonly signingInput: string
  readonly signatureBytes: number
}

/** Our own sessions carry this `typ`; no session is evidence, or one login would pay for the next for ever. */
export const SESSION_TYPE = 'postern-session+jwt'

/** Parameters that bring a key of the sender's choice, or change what is signed or how it is read. */
const FORBIDDEN_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['jku', 'keys come from the configured issuer alone (RFC 7515 section 4.1.2)'],
  ['jwk', 'keys come from the configured issuer alone (RFC 7515 section 4.1.3)'],
  ['x5u', 'keys come from the configured issuer alone (RFC 7515 section 4.1.5)'],
  ['x5c', 'keys come from the configured issuer alone (RFC 7515 section 4.1.6)'],
  ['crit', 'no extension is supported (RFC 7515 section 4.1.11)'],
  ['b64', 'the payload must be base64url (RFC 7797 section 3)'],
  ['zip', 'compressed tokens are not read'],
  ['enc', 'encrypted tokens are not read'],
  ['cty', 'nested tokens are not read (RFC 7519 section 5.2)'],
])

/**
 * Parses a compact JWS strictly. It refuses the form first (`token_too_large`, `token_malformed`), then the header
 * (`token_header_forbidden`, `algorithm_forbidden`, `token_type_forbidden`), then the claims (`claim_missing`, with
 * `where: 'exp'` before any other, and `claim_malformed`). Never throws.
 */
export function parseToken(text: string): Checked<ParsedToken> {
  const form = parseTokenForm(text)
  if (!form.ok) return form
  const { compact, signingInput, signatureBytes } = form.value
  const header = readHeader(form.value.header)
  if (!header.ok) return header
  if (signatureBytes === 0) return refuseMalformed('signature', 'has an empty signature: send a signed token')
  const claims = readClaims(form.value.claims)
  if (!claims.ok) return claims
  // The cast is the proof: this is the one place that makes a ParsedToken.
  const token = { ...claims.value, compact, header: header.value, signingInput } as ParsedToken
  return pass(Object.freeze(token))
}

/**
 * The first step of {@link parseToken}, for whoever must explain a token that it refused, such as a legacy service
 * account token, which has no `exp`. Nothing in it is to be trusted or used for a decision.
 */
export function parseTokenForm(text: string): Checked<TokenForm> {
  // UTF-16 units are bytes here: a text that is not ASCII is not base64url either.
  if (text.length > TOKEN_MAX_BYTES) {
    const detail = `The token has ${text.length} characters: send one of at most ${TOKEN_MAX_BYTES}`
    return refuse({ code: 'token_too_large', detail })
  }
  const parts = text.split('.', 6)
  const [headerPart, claimsPart, signaturePart] = parts
  if (parts.length === 5) return refuseMalformed(undefined, 'is encrypted (a JWE of five parts): send a signed one')
  if (parts.length !== 3 || headerPart === undefined || claimsPart === undefined || signaturePart === undefined) {
    return refuseMalformed(undefined, 'is not three parts with dots between: send a compact JWS')
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
    signatureBytes: signature.length,
  })
}

/**
 * Whether the token is in its time, `skewSeconds` allowed on either side. Refusals: `token_expired`,
 * `token_not_yet_valid`, `token_issued_in_future`. A token is dead in the very second of `exp` (RFC 7519 section 4.1.4).
 */
export function checkTimes<T extends TokenClaims>(token: T, nowSeconds: number, skewSeconds: number): Checked<T> {
  const { issuedAtSeconds, expiresAtSeconds, notBeforeSeconds } = token
  if (nowSeconds >= expiresAtSeconds + skewSeconds) {
    const ago = describeSeconds(Math.floor(nowSeconds - expiresAtSeconds))
    const detail = `JWT verification failed: the token expired ${ago} ago: send a fresh one`
    return refuse({ code: 'token_expired', where: 'exp', detail })
  }
  if (notBeforeSeconds !== undefined && nowSeconds < notBeforeSeconds - skewSeconds) {
    const ahead = describeSeconds(Math.ceil(notBeforeSeconds - nowSeconds))
    const detail = `JWT verification failed: the token is not valid for another ${ahead}: wait, or set the clocks right`
    return refuse({ code: 'token_not_yet_valid', where: 'nbf', detail })
  }
  if (nowSeconds < issuedAtSeconds - skewSeconds) {
    const ahead = describeSeconds(Math.ceil(issuedAtSeconds - nowSeconds))
    const detail = `JWT verification failed: the token was issued ${ahead} in the future: set the issuer's clock right`
    return refuse({ code: 'token_issued_in_future', where: 'iat', detail })
  }
  return pass(token)
}

function parseObject(part: string, name: 'header' | 'payload'): Checked<JsonObject> {
  const bytes = decodeBase64url(part)
  if (bytes === undefined) return refuseMalformed(name, describeNotCanonical(`a ${name}`))
  const json = parseJsonBytes(bytes, TOKEN_DEPTH_MAX)
  if (!json.ok)
    return refuseMalformed(name, `has a ${name} that is not strict JSON (${json.fault}): send it as it was issued`)
  if (!isJsonObject(json.value)) return refuseMalformed(name, `has a ${name} that is no JSON object: send a JWT`)
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
    return refuseMalformed(
      'kid',
      `has a "kid" that is not 1 to ${KID_MAX_BYTES} printable ASCII characters: name the key so`,
    )
  }
  return pass({ alg, ...(kid === undefined ? {} : { kid }), ...(typ === undefined ? {} : { typ }) })
}

/** Media types compare without case, and `application/` may be left out (RFC 7515 section 4.1.9). */
function isSessionType(typ: unknown): boolean {
  if (typeof typ !== 'string') return false
  const name = typ.toLowerCase()
  return name === SESSION_TYPE || name === `application/${SESSION_TYPE}`
}

/** Printed in messages and records: so no control character, no quote trick of Unicode, no length without end. */
export function isKid(kid: string): boolean {
  return kid.length <= KID_MAX_BYTES && /^[\x20-\x7e]+$/.test(kid)
}

function describeNotCanonical(what: string): string {
  return `has ${what} that is not canonical base64url: send it as it was issued, with no padding and no whitespace`
}

function refuseMalformed(where: string | undefined, problem: string): ReturnType<typeof refuse> {
  return refuseToken('token_malformed', where, `The token ${problem}`)
}

function refuseToken(code: RefusalCode, where: string | undefined, detail: string): ReturnType<typeof refuse> {
  return refuse({ code, detail, ...(where === undefined ? {} : { where }) })
}
