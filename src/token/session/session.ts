// Sessions: the signed, short-lived tokens that a successful login yields, and the only thing that opens the claims
// endpoint. Explicitly typed (RFC 8725 section 3.11), so that a session is never taken for evidence, or the reverse.
import { encodeBase64url } from '../../core/base64.ts'
import { digestText } from '../../core/digest.ts'
import { floorToSeconds } from '../../core/instant.ts'
import { type Json, type JsonObject, writeCanonicalJson } from '../../core/json.ts'
import { SESSION_MAX_BYTES } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import { makeUuidV7 } from '../../core/uuid.ts'
import { readClaims, type TokenClaims } from '../claims.ts'
import { checkTimes, parseTokenForm, SESSION_TYPE } from '../parse.ts'
import { signBytes, verifySignatureBytes } from '../signature.ts'
import {
  type Role,
  readSession,
  SESSION_VERSION,
  type Session,
  type SessionAttribute,
  type SessionDecision,
  type SessionScope,
} from './session-claims.ts'
import type { SessionKeys } from './session-keys.ts'

export interface SessionAuthority {
  readonly keys: SessionKeys
  readonly trustDomain: string
  /** `ISSUER_URL` */
  readonly issuerUrl: string
  readonly ttlSeconds: number
  readonly skewSeconds: number
}

export interface SessionRequest {
  readonly role: Role
  /** Absent for an issuer. */
  readonly clusterId?: string
  readonly policy: string
  readonly attributes: readonly SessionAttribute[]
  /** The attributes among them that name the agent, by the catalogue. */
  readonly identity: readonly SessionAttribute[]
  /** For an issuer: the clusters it may act for. Absent: all. */
  readonly allowedClusters?: readonly string[]
  /** For an issuer: what the session may be used for. Absent: everything. */
  readonly scopes?: readonly SessionScope[]
  readonly decision: SessionDecision
  /** The earliest `exp` of the evidence: a session never outlives its evidence. */
  readonly evidenceExpiresAtSeconds: number
  readonly nowMillis: number
}

export interface IssuedSession {
  readonly token: string
  readonly id: string
  readonly subject: string
  readonly expiresAtSeconds: number
}

/**
 * Signs a session.
 *
 * @returns The session; `token_expired` if the evidence expires in this second, or `session_too_large` if no header
 *   could carry it.
 */
export async function issueSession(
  request: SessionRequest,
  authority: SessionAuthority,
): Promise<Checked<IssuedSession>> {
  const issuedAtSeconds = floorToSeconds(request.nowMillis)
  const expiresAtSeconds = Math.min(issuedAtSeconds + authority.ttlSeconds, request.evidenceExpiresAtSeconds)
  if (expiresAtSeconds <= issuedAtSeconds) {
    return refuse({
      code: 'token_expired',
      detail:
        'JWT verification failed: the token has expired: a session cannot outlive its evidence; send a fresh token',
    })
  }
  const id = makeUuidV7(request.nowMillis)
  const subject = makeSubject(request, authority.trustDomain)
  const claims = JSON.stringify({
    ver: SESSION_VERSION,
    role: request.role,
    policy: request.policy,
    ...(request.clusterId === undefined ? {} : { cluster_id: request.clusterId }),
    ...(request.allowedClusters === undefined ? {} : { allowed_clusters: [...request.allowedClusters] }),
    ...(request.scopes === undefined ? {} : { scope: request.scopes.join(' ') }),
    attributes: request.attributes.map(({ origin, name, value }) => ({ origin, name, value })),
    decision: request.decision,
    iss: authority.issuerUrl,
    aud: makeAudience(request.role, authority),
    sub: subject,
    jti: id,
    iat: issuedAtSeconds,
    exp: expiresAtSeconds,
  })
  const { alg, header, key } = authority.keys.signer
  const signingInput = `${header}.${encodeBase64url(encodeUtf8(claims))}`
  const signature = await signBytes(alg, await key(), signingInput)
  const token = `${signingInput}.${encodeBase64url(signature)}`
  if (token.length > SESSION_MAX_BYTES) {
    return refuse({
      code: 'session_too_large',
      detail: `the session would have ${token.length} bytes, more than ${SESSION_MAX_BYTES}: the evidence proves too many attributes, or values that are too long`,
    })
  }
  return pass({ token, id, subject, expiresAtSeconds })
}

function makeAudience(role: Role, authority: SessionAuthority): string {
  return role === 'agent' ? `spiffe://${authority.trustDomain}` : authority.issuerUrl
}

function makeSubject(request: SessionRequest, trustDomain: string): string {
  const identity: Record<string, Json> = Object.create(null)
  for (const { name, value } of request.identity) identity[name] = value
  const digest = digestText(writeCanonicalJson(identity))
  const place = request.clusterId === undefined ? '' : `/${request.clusterId}`
  return `spiffe://${trustDomain}/postern/${request.role}${place}/${request.policy}/${digest}`
}

/**
 * Verifies a session of this gateway. The caller, who has the documents, must also check whether it has been revoked.
 * A session is read by the same strict reader as evidence, once: it has one spelling and one meaning.
 *
 * @param nowSeconds Seconds since 1970.
 * @returns The session; or `session_malformed`, `session_invalid`, `session_expired`, `session_role_forbidden` or
 *   `session_too_large`.
 */
export async function verifySession(
  token: string,
  role: Role,
  authority: SessionAuthority,
  nowSeconds: number,
): Promise<Checked<Session>> {
  if (token.length > SESSION_MAX_BYTES)
    return refuse({
      code: 'session_too_large',
      detail: `the session is longer than the ${SESSION_MAX_BYTES} bytes that a session may have: log in again`,
    })
  const form = parseTokenForm(token)
  const key = form.ok ? findKey(form.value.header, authority.keys) : undefined
  if (!form.ok || key === undefined)
    return refuse({
      code: 'session_malformed',
      detail: 'the token is not a session of this gateway: log in to get one',
    })
  const { signature, signingInput, header } = form.value
  if (header['alg'] !== key.alg) return refuse(INVALID)
  if (!(await verifySignatureBytes(key.alg, await key.key(), signature, signingInput))) return refuse(INVALID)
  const timely = checkClaims(form.value.claims, authority, nowSeconds)
  if (!timely.ok) return timely
  const session = readSession(form.value.claims)
  if (session === undefined) return refuse(FOREIGN)
  if (session.role !== role || form.value.claims['aud'] !== makeAudience(role, authority)) {
    return refuse({ code: 'session_role_forbidden', detail: `this endpoint requires a session with the role ${role}` })
  }
  return pass(session)
}

const INVALID: Refusal = { code: 'session_invalid', detail: 'the session is not valid: log in again' }
const FOREIGN: Refusal = {
  code: 'session_malformed',
  detail: 'this version of the gateway does not issue such a session: log in again',
}

/**
 * Checks the registered claims by the rules for evidence: present, well-formed, of this issuer, and within their times.
 */
function checkClaims(claims: JsonObject, authority: SessionAuthority, nowSeconds: number): Checked<TokenClaims> {
  const read = readClaims(claims)
  if (!read.ok) return refuse(read.refusal.code === 'claim_missing' ? INVALID : FOREIGN)
  if (read.value.issuer !== authority.issuerUrl) return refuse(INVALID)
  const timely = checkTimes(read.value, nowSeconds, authority.skewSeconds)
  if (timely.ok) return timely
  return refuse(timely.refusal.code === 'token_expired' ? EXPIRED : INVALID)
}

const EXPIRED: Refusal = { code: 'session_expired', detail: 'the session has expired: log in again' }

/** Exactly the members that we write: another parameter could change what is signed or how it is read. */
const HEADER_MEMBERS = ['alg', 'kid', 'typ']

function findKey(header: JsonObject, keys: SessionKeys): ReturnType<SessionKeys['verifier']> {
  const { kid, typ } = header
  const names = Object.keys(header)
  const isOurs = names.length === HEADER_MEMBERS.length && names.every((name) => HEADER_MEMBERS.includes(name))
  return isOurs && typ === SESSION_TYPE && typeof kid === 'string' ? keys.verifier(kid) : undefined
}
