// A client of the gateway, for agents and issuers: typed requests, bounded answers, and refusals as values.

import type { Json } from '../core/json.ts'
import { CLIENT_TIMEOUT_MILLIS } from '../core/limits.ts'
import { type ChallengeAnswer, isChallengeAnswer } from '../gateway/answers/challenge-answer.ts'
import { type ClaimsAnswer, isClaimsAnswer } from '../gateway/answers/claims-answer.ts'
import { type IntrospectionAnswer, isIntrospectionAnswer } from '../gateway/answers/introspection-answer.ts'
import { isLoginAnswer, type LoginAnswer } from '../gateway/answers/login-answer.ts'
import { isServerlessAnswer, type ServerlessAnswer } from '../gateway/answers/serverless-answer.ts'
import { isStatusAnswer, type StatusAnswer } from '../gateway/answers/status-answer.ts'
import { isLoopbackHost } from '../net/url-policy.ts'
import { makeChallengeMessage } from '../token/challenge-message.ts'
import { ask, type ClientFetch, type Reply } from './transport.ts'

/** One piece of evidence. */
export interface ClientAttestation {
  readonly type: string
  readonly evidence: Json
  /** The sealed challenge that it answers, unchanged. */
  readonly challenge?: string
}

/** A workload of a claims request: its attributes, or its pod as Kubernetes describes it. */
export interface ClientWorkload {
  readonly id: string
  readonly attributes?: Readonly<Record<string, Json>>
  readonly pod?: Json
  readonly container?: string
}

export interface ClaimsRequest {
  readonly workloads: readonly ClientWorkload[]
  readonly agentSession?: string
}

export interface ClientOptions {
  /** The URL of the gateway, `ISSUER_URL` of its settings, also where it is mounted under a path. */
  readonly url: string
  /** Default: the platform's. */
  readonly fetch?: ClientFetch
  /** For one request, with its answer. Default {@link CLIENT_TIMEOUT_MILLIS}. */
  readonly timeoutMillis?: number
}

export interface Client {
  /**
   * What is signed for a challenge: with the URL that this client was given, never with one that a gateway has said.
   *
   * @param role `serverless` for evidence that is sent to {@link serverless}. Default: a login
   */
  makeMessage(challenge: string, clusterId: string | undefined, role?: 'serverless'): string
  /** Asks for a challenge. @param clusterId absent: of the trust domain */
  challenge(
    clusterId: string | undefined,
    request: { readonly type: string; readonly request?: Json; readonly role?: 'serverless' },
  ): Promise<Reply<ChallengeAnswer>>
  /** Logs in an agent to its cluster, or an issuer (`clusterId` absent) to the trust domain. */
  login(clusterId: string | undefined, attestations: readonly ClientAttestation[]): Promise<Reply<LoginAnswer>>
  /** Maps workloads. @param session an issuer's */
  claims(clusterId: string, request: ClaimsRequest, session: string): Promise<Reply<ClaimsAnswer>>
  /**
   * Asks for the identity of a workload without an agent, by its evidence.
   *
   * @param clusterId absent: of the trust domain
   * @param session an issuer's, for that cluster or for all
   */
  serverless(
    clusterId: string | undefined,
    attestations: readonly ClientAttestation[],
    session: string,
  ): Promise<Reply<ServerlessAnswer>>
  /** @param session an issuer's */
  status(clusterId: string, session: string): Promise<Reply<StatusAnswer>>
  /** Whether the session of an agent may be used now (RFC 7662). @param session an issuer's, with the scope `introspect` */
  introspect(token: string, session: string): Promise<Reply<IntrospectionAnswer>>
}

/**
 * Creates a client.
 *
 * @throws {TypeError} if the URL is not https (or http to loopback), or has a user name, query or fragment
 * @example
 * const client = createClient({ url: 'https://login.example.org' })
 * const login = await client.login('c-1', [{ type: 'k8s_token', evidence: { token } }])
 * if (!login.ok) throw new Error(describeFailure(login.failure))
 * const { token, expiresAt } = login.value.session
 */
export function createClient({ url, fetch: given, timeoutMillis = CLIENT_TIMEOUT_MILLIS }: ClientOptions): Client {
  const base = checkGatewayUrl(url)
  const fetch: ClientFetch = given ?? ((input, init) => globalThis.fetch(input, init))
  const place = (clusterId: string | undefined): string =>
    clusterId === undefined ? '/v1/trust-domain' : `/v1/clusters/${encodeURIComponent(clusterId)}`
  return {
    makeMessage: (challenge, clusterId, role) =>
      makeChallengeMessage(challenge, {
        role: role ?? (clusterId === undefined ? 'issuer' : 'agent'),
        clusterId,
        issuerUrl: url,
      }),
    challenge: (clusterId, request) =>
      ask(fetch, `${base}${place(clusterId)}/challenge`, {
        timeoutMillis,
        json: request,
        isAnswer: isChallengeAnswer,
      }),
    login: (clusterId, attestations) =>
      ask(fetch, `${base}${place(clusterId)}/login`, {
        timeoutMillis,
        json: { attestations },
        isAnswer: isLoginAnswer,
      }),
    claims: (clusterId, request, session) =>
      ask(fetch, `${base}${place(clusterId)}/claims`, {
        timeoutMillis,
        json: request,
        session,
        isAnswer: isClaimsAnswer,
      }),
    serverless: (clusterId, attestations, session) =>
      ask(fetch, `${base}${place(clusterId)}/serverless`, {
        timeoutMillis,
        json: { attestations },
        session,
        isAnswer: isServerlessAnswer,
      }),
    status: (clusterId, session) =>
      ask(fetch, `${base}${place(clusterId)}/status`, { timeoutMillis, session, isAnswer: isStatusAnswer }),
    introspect: (token, session) =>
      ask(fetch, `${base}/v1/sessions/introspect`, {
        timeoutMillis,
        form: { token },
        session,
        isAnswer: isIntrospectionAnswer,
      }),
  }
}

/** Evidence and sessions go to this address alone, so that it is https, or loopback. Returned without a slash at its end. */
function checkGatewayUrl(text: string): string {
  const url = URL.parse(text)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname))
  if (url === null || !isSafe || url.username !== '' || url.password !== '' || /[?#]/.test(text))
    throw new TypeError(
      'the URL of the gateway must be https, or http to loopback, without user name, query and fragment',
    )
  return text.replace(/\/$/, '')
}
