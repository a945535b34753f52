// For relying parties: verifies sessions with the keys that the gateway publishes, and asks the gateway itself where a party must
// know of a revocation before a session ends.
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose'
import type { Client } from '../client/client.ts'
import { describeFailure } from '../client/transport.ts'
import {
  CLOCK_SKEW_DEFAULT_SECONDS,
  CLOCK_SKEW_MAX_SECONDS,
  SESSION_MAX_BYTES,
  VERIFIER_KEYS_COOLDOWN_MILLIS,
  VERIFIER_KEYS_MAX_AGE_MILLIS,
} from '../core/limits.ts'

/** What a session says, once it has been verified. */
export interface VerifiedSession {
  readonly subject: string
  /** `jti` */
  readonly id: string
  readonly role: 'agent' | 'issuer'
  readonly clusterId: string | undefined
  readonly policy: string
  readonly attributes: readonly SessionAttribute[]
  /** Seconds since 1970. */
  readonly expiresAtSeconds: number
}

export interface SessionAttribute {
  readonly origin: string
  readonly name: string
  readonly value: string | number | readonly string[]
}

/** What a route asks of a session. */
export interface Requirement {
  readonly role: 'agent' | 'issuer'
  readonly clusterId?: string
  readonly policy?: string
}

export type Verdict =
  | { readonly ok: true; readonly session: VerifiedSession }
  /** `invalid`: no good session; `forbidden`: a good one, of another role, cluster or policy; `unavailable`: not decided. */
  | { readonly ok: false; readonly why: 'invalid' | 'forbidden' | 'unavailable'; readonly detail: string }

export interface SessionVerifierOptions {
  /** `ISSUER_URL` of the gateway, literally. */
  readonly issuer: string
  readonly trustDomain: string
  /** Accepted difference of clocks in seconds, from 0 to 60. Default 30. */
  readonly skewSeconds?: number
  /** Fetches the published keys. Default: the platform's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /**
   * Asks the gateway about each agent's session that is good by its signature. **Without it a revocation, a lock and a changed
   * policy are not seen before the session expires.**
   *
   * `session`: gives the session of an issuer with the scope `introspect`.
   */
  readonly introspection?: {
    readonly client: Pick<Client, 'introspect'>
    readonly session: () => Promise<string> | string
  }
}

export interface SessionVerifier {
  /** Rejects with a `TypeError` for a requirement that requires less than it seems to, see {@link checkRequirement}. */
  verify(token: string, requirement: Requirement): Promise<Verdict>
}

const TYPE = 'postern-session+jwt'

/**
 * Creates a verifier. Keys are fetched on demand, kept for 10 minutes, and fetched again for an unknown key id.
 *
 * @throws {RangeError} if `skewSeconds` is out of its range: by NaN no session would ever expire
 * @example
 * const sessions = createSessionVerifier({ issuer: 'https://login.example.org', trustDomain: 'example.org' })
 * const verdict = await sessions.verify(token, { role: 'agent', clusterId: 'c-1' })
 */
export function createSessionVerifier(options: SessionVerifierOptions): SessionVerifier {
  const { issuer, trustDomain, skewSeconds = CLOCK_SKEW_DEFAULT_SECONDS, fetch, introspection } = options
  if (!(skewSeconds >= 0 && skewSeconds <= CLOCK_SKEW_MAX_SECONDS))
    throw new RangeError(`skewSeconds must be from 0 to ${CLOCK_SKEW_MAX_SECONDS}`)
  const keys = createRemoteJWKSet(new URL(`${issuer.replace(/\/$/, '')}/.well-known/jwks.json`), {
    cooldownDuration: VERIFIER_KEYS_COOLDOWN_MILLIS,
    cacheMaxAge: VERIFIER_KEYS_MAX_AGE_MILLIS,
    ...(fetch === undefined ? {} : { [customFetch]: fetch as typeof globalThis.fetch }),
  })

  async function verifySignature(token: string, { role }: Requirement): Promise<Verdict> {
    if (token.length > SESSION_MAX_BYTES) return invalid('the session is too large')
    const audience = role === 'agent' ? `spiffe://${trustDomain}` : issuer
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        typ: TYPE,
        algorithms: ['ES256', 'EdDSA', 'RS256'],
        clockTolerance: skewSeconds,
        requiredClaims: ['sub', 'exp', 'iat', 'jti'],
      })
      const { sub = '', jti = '', exp = 0 } = payload
      const { ver, role: own, policy, cluster_id: clusterId, attributes } = payload
      // A version that is not known may mean something else by the same claims.
      if (ver !== 1 || own !== role || typeof policy !== 'string')
        return invalid('the session is of another version or role')
      const session: VerifiedSession = {
        subject: sub,
        id: jti,
        role,
        clusterId: typeof clusterId === 'string' ? clusterId : undefined,
        policy,
        attributes: Array.isArray(attributes) ? (attributes as readonly SessionAttribute[]) : [],
        expiresAtSeconds: exp,
      }
      return { ok: true, session }
    } catch (error) {
      // The keys could not be fetched: the session may be good.
      const isOurs = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)
      return isOurs && !(error instanceof errors.JWKSInvalid) && error.code !== 'ERR_JOSE_GENERIC'
        ? invalid(error.message)
        : { ok: false, why: 'unavailable', detail: 'the keys of the gateway could not be fetched' }
    }
  }

  return {
    async verify(token, requirement) {
      checkRequirement(requirement)
      const verdict = await verifySignature(token, requirement)
      if (!verdict.ok) return verdict
      const { clusterId, policy } = requirement
      const { session } = verdict
      if (clusterId !== undefined && session.clusterId !== clusterId)
        return forbidden('the session is of another cluster')
      if (policy !== undefined && session.policy !== policy) return forbidden('the session is of another policy')
      // The gateway answers for agents alone.
      if (introspection === undefined || session.role !== 'agent') return verdict
      const own = await getSession(introspection)
      if (own === undefined)
        return { ok: false, why: 'unavailable', detail: 'there is no session to ask the gateway with' }
      const answer = await introspection.client.introspect(token, own)
      if (!answer.ok) return { ok: false, why: 'unavailable', detail: describeFailure(answer.failure) }
      return answer.value.active ? verdict : invalid('the session is revoked or has expired')
    },
  }
}

/**
 * Refuses what would let more pass than its author means: `clusterId: process.env.CLUSTER`, where that is not set, must not mean any
 * cluster.
 *
 * @throws {TypeError}
 */
export function checkRequirement(requirement: Requirement): void {
  if (requirement.role !== 'agent' && requirement.role !== 'issuer')
    throw new TypeError('the requirement needs a role, agent or issuer')
  for (const field of ['clusterId', 'policy'] as const) {
    const value: unknown = requirement[field]
    if (field in requirement && (typeof value !== 'string' || value === ''))
      throw new TypeError(`the requirement has ${field} without a value: leave it out to accept any`)
  }
}

/** Whoever gets it may fail, and the session that is checked is none the worse for it. */
async function getSession({
  session,
}: NonNullable<SessionVerifierOptions['introspection']>): Promise<string | undefined> {
  try {
    return await session()
  } catch {
    return undefined
  }
}

function invalid(detail: string): Verdict {
  return { ok: false, why: 'invalid', detail }
}

function forbidden(detail: string): Verdict {
  return { ok: false, why: 'forbidden', detail }
}
