// What a session says, and the strict reading of it.
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'

export const SESSION_VERSION = 1

export type Role = 'agent' | 'issuer'

/** What an issuer may use its session for: one scope per route (RFC 8693 section 4.2). */
export const SESSION_SCOPES = ['claims', 'status', 'introspect'] as const
export type SessionScope = (typeof SESSION_SCOPES)[number]

/** A fact that the evidence proved, as the session token holds it. */
export interface SessionAttribute {
  readonly origin: string
  readonly name: string
  readonly value: string | number | readonly string[]
}

/** A token by its issuer and its id (RFC 7519 sections 4.1.1 and 4.1.7). */
export interface TokenId {
  readonly issuer: string
  readonly jti: string
}

/** One piece of evidence of the login, by what may be asked of it again when the policy changes. */
export interface SessionProof {
  /** The attestor's type. */
  readonly type: string
  /** The id of what verified it. */
  readonly anchor: string
  /** What its checks need besides the attributes; only the attestor reads it. */
  readonly facts: Json
  /** The token that proved it, if it has an id: a list of revoked tokens names it so. */
  readonly tokenId?: TokenId
}

/** What decided the login. */
export interface SessionDecision {
  /** Of all that decides in the policy: equal for policies that decide alike. */
  readonly digest: string
  readonly proofs: readonly SessionProof[]
}

/** A session that verified, and that was meant for the role it was presented in. */
export interface Session {
  readonly role: Role
  readonly id: string
  readonly subject: string
  readonly clusterId: string | undefined
  readonly policy: string
  readonly allowedClusters: readonly string[] | undefined
  /** Absent: every scope. */
  readonly scopes: readonly string[] | undefined
  readonly attributes: readonly SessionAttribute[]
  /** Absent in sessions of earlier versions, which did not record it: their evidence cannot be checked again. */
  readonly decision: SessionDecision | undefined
  readonly issuedAtSeconds: number
  readonly expiresAtSeconds: number
}

/**
 * The payload was signed by this gateway, but perhaps by another version of it: it is read as strictly as any input.
 * `undefined` if this version does not issue such a session.
 */
export function readSession(payload: JsonObject): Session | undefined {
  const {
    ver,
    role,
    sub,
    jti,
    iat,
    exp,
    policy,
    cluster_id: clusterId,
    allowed_clusters: allowed,
    scope,
    attributes,
    decision,
  } = payload
  if (ver !== SESSION_VERSION || (role !== 'agent' && role !== 'issuer')) return undefined
  if (typeof sub !== 'string' || typeof jti !== 'string' || typeof policy !== 'string') return undefined
  if (!Number.isInteger(iat) || !Number.isInteger(exp)) return undefined
  if (role === 'agent' ? typeof clusterId !== 'string' : clusterId !== undefined) return undefined
  if (allowed !== undefined && !isStrings(allowed)) return undefined
  if (scope !== undefined && typeof scope !== 'string') return undefined
  if (!Array.isArray(attributes) || !attributes.every(isAttribute)) return undefined
  if (decision !== undefined && !isDecision(decision)) return undefined
  return {
    role,
    id: jti,
    subject: sub,
    clusterId: typeof clusterId === 'string' ? clusterId : undefined,
    policy,
    allowedClusters: allowed,
    scopes: scope?.split(' '),
    attributes,
    decision,
    issuedAtSeconds: Number(iat),
    expiresAtSeconds: Number(exp),
  }
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isAttribute(value: unknown): value is SessionAttribute {
  const json = value as Json
  if (!isJsonObject(json) || typeof json['origin'] !== 'string' || typeof json['name'] !== 'string') return false
  return typeof json['value'] === 'string' || Number.isInteger(json['value']) || isStrings(json['value'])
}

function isDecision(value: unknown): value is SessionDecision {
  const json = value as Json
  if (!isJsonObject(json) || typeof json['digest'] !== 'string') return false
  return Array.isArray(json['proofs']) && json['proofs'].every(isProof)
}

function isTokenId(json: Json): boolean {
  return isJsonObject(json) && typeof json['issuer'] === 'string' && typeof json['jti'] === 'string'
}

function isProof(json: Json): boolean {
  if (!isJsonObject(json) || typeof json['type'] !== 'string' || typeof json['anchor'] !== 'string') return false
  const tokenId = json['tokenId']
  return json['facts'] !== undefined && (tokenId === undefined || isTokenId(tokenId))
}
