// Makes the login that all contenders do. What the session and the answer hold is taken from an answer of the gateway itself.
import { decodeJwt, decodeProtectedHeader, type JWK } from 'jose'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import { makeSessionSigningKeys } from '../../../src/token/session/make-session-keys.ts'
import type { TestIssuer } from '../../token/issuer.ts'
import { agentsDocument, agentsKey, type Policy } from '../documents.ts'
import { createBenchGateway } from '../gateway.ts'
import type { LoginAnswerWork, LoginWork } from './work.ts'

const AUDIENCE = 'spiffe://example.org'
const CLUSTER = 'bench'
/** Longer than any run. */
const TOKEN_LIFETIME_SECONDS = 12 * 3600
const SESSION_LIFETIME_SECONDS = 600

/** The issuer signs by RS256. Its key set is read over HTTP, unless `policies` say otherwise. */
export async function prepareLogin(
  issuer: TestIssuer,
  policies: readonly Policy[] = [{ config: { issuerURL: issuer.issuer } }],
): Promise<LoginWork> {
  const nowSeconds = Math.floor(Date.now() / 1000)
  const token = await issuer.mint({ claims: { exp: nowSeconds + TOKEN_LIFETIME_SECONDS } })
  const environment = {
    TRUST_DOMAIN: 'example.org',
    ISSUER_URL: 'http://127.0.0.1:8787',
    ALLOW_LOOPBACK_ISSUERS: 'true',
    SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
    SESSION_TTL_SECONDS: String(SESSION_LIFETIME_SECONDS),
  }
  const documents = { [agentsKey(CLUSTER)]: agentsDocument(policies) }
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

async function logInOnce(
  environment: LoginWork['environment'],
  documents: LoginWork['documents'],
  { path, body }: LoginWork['login'],
): Promise<LoginAnswerWork> {
  const app = createBenchGateway({ environment, documents, module: loadPolicyVm() })
  const response = await app.request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`the login of the bench is refused: ${text}`)
  return JSON.parse(text)
}
