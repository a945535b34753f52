// The one login that all contenders do: the same token in, a session of the same claims signed, the same bytes answered.
// What the session and the answer hold is taken from an answer of the gateway itself.
import { decodeJwt, decodeProtectedHeader, type JWK } from 'jose'
import { createGateway } from '../../../src/gateway/gateway.ts'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import { readSettings } from '../../../src/runtime/settings.ts'
import { sleep } from '../../../src/runtime/sleep.ts'
import { makeSessionSigningKeys } from '../../../src/token/session/make-session-keys.ts'
import { createMemoryStore } from '../../config/memory-source.ts'
import type { TestIssuer } from '../../token/issuer.ts'

export const AUDIENCE = 'spiffe://example.org'
const CLUSTER = 'bench'
/** Longer than any run. */
const TOKEN_LIFETIME_SECONDS = 12 * 3600
const SESSION_LIFETIME_SECONDS = 600

/** Plain data: it goes to processes and isolates as JSON. */
export interface LoginWork {
  readonly issuer: string
  readonly jwksUrl: string
  readonly audience: string
  readonly token: string
  /** How the gateway and the floor are asked; the others take the token as a bearer token. */
  readonly login: { readonly path: string; readonly body: string }
  readonly environment: Readonly<Record<string, string>>
  /** By key, as a store has them. */
  readonly documents: Readonly<Record<string, string>>
  readonly session: SessionWork
  /** The gateway's answer; of it a peer replaces `session.token` and `session.expiresAt`. */
  readonly answer: LoginAnswerWork
}

export interface SessionWork {
  readonly privateJwk: JWK
  readonly header: { readonly alg: string; readonly kid: string; readonly typ: string }
  /** All but `jti`, `iat` and `exp`. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly lifetimeSeconds: number
}

export interface LoginAnswerWork {
  readonly session: { readonly token: string; readonly tokenType: string; readonly expiresAt: string }
  readonly [member: string]: unknown
}

/** The issuer signs by RS256; its key set is read over HTTP. */
export async function prepareLogin(issuer: TestIssuer): Promise<LoginWork> {
  const nowSeconds = Math.floor(Date.now() / 1000)
  const token = await issuer.mint({ claims: { exp: nowSeconds + TOKEN_LIFETIME_SECONDS } })
  const environment = {
    TRUST_DOMAIN: 'example.org',
    ISSUER_URL: 'http://127.0.0.1:8787',
    ALLOW_LOOPBACK_ISSUERS: 'true',
    SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
    SESSION_TTL_SECONDS: String(SESSION_LIFETIME_SECONDS),
  }
  const documents = { [`clusters/${CLUSTER}/AgentAttestation`]: documentOf(issuer.issuer) }
  const login = {
    path: `/v1/clusters/${CLUSTER}/login`,
    body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
  }
  const answer = await logInOnce(environment, documents, login)
  const { jti, iat, exp, ...claims } = decodeJwt(answer.session.token)
  const { alg, kid = '', typ = '' } = decodeProtectedHeader(answer.session.token)
  if (alg === undefined || exp === undefined || iat === undefined || jti === undefined)
    throw new Error('the session has no jti, iat, exp or alg')
  return {
    issuer: issuer.issuer,
    jwksUrl: issuer.jwksUrl,
    audience: AUDIENCE,
    token,
    login,
    environment,
    documents,
    session: {
      privateJwk: (JSON.parse(environment.SESSION_SIGNING_KEYS) as { readonly keys: [JWK] }).keys[0],
      header: { alg, kid, typ },
      claims,
      lifetimeSeconds: exp - iat,
    },
    answer,
  }
}

function documentOf(issuerUrl: string): string {
  const policy = { name: 'k8s_policy', requiredAttestors: [{ type: 'k8s_token', config: { issuerURL: issuerUrl } }] }
  return JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: { policies: [policy] } })
}

async function logInOnce(
  environment: LoginWork['environment'],
  documents: LoginWork['documents'],
  { path, body }: LoginWork['login'],
): Promise<LoginAnswerWork> {
  const settings = readSettings(environment, { canResolve: true })
  if (!settings.ok) throw new Error(settings.problems.join())
  const app = createGateway({
    settings: settings.value,
    source: createMemoryStore(documents),
    module: loadPolicyVm(),
    fetch: (url, { headers, signal }) => fetch(url, { headers, signal }),
    clock: Date.now,
    sleep,
    audit: () => true,
  })
  const response = await app.request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`the login of the bench is refused: ${text}`)
  return JSON.parse(text)
}
