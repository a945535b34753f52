// A gateway in this process whose logins are warm: the document is compiled, the keys are in hand, the clock is still, so
// that no copy ages and nothing is fetched or refreshed while a login is watched.
import { readFileSync } from 'node:fs'
import { createGateway } from '../../src/gateway/gateway.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import { makeSessionSigningKeys } from '../../src/token/session/make-session-keys.ts'
import { startStandInCluster } from '../stand-in-cluster.ts'

const CLUSTER = 'demo'
const SAMPLE = new URL('../../examples/AgentAttestation.yaml', import.meta.url)
const WARMING_LOGINS = 20

export interface WarmGateway {
  /** A service account token that has not been sent yet. */
  mint(): Promise<string>
  /** One admitted login, answer and all. */
  logIn(token: string): Promise<void>
  close(): Promise<void>
}

/** Starts a stand-in issuer on loopback and a gateway with the sample policy, and logs in until all is warm. */
export async function startWarmGateway(): Promise<WarmGateway> {
  const cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
  const settings = readSettings(
    {
      TRUST_DOMAIN: 'example.org',
      ISSUER_URL: 'http://127.0.0.1:8787',
      ALLOW_LOOPBACK_ISSUERS: 'true',
      SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
    },
    { canResolve: false },
  )
  if (!settings.ok) throw new Error(settings.problems.join('\n'))
  const document = readFileSync(SAMPLE, 'utf8').replace(/issuerURL: \S+/, `issuerURL: ${cluster.issuer}`)
  const startedMillis = Date.now()
  const app = createGateway({
    settings: settings.value,
    source: {
      read: async (key) =>
        key === `clusters/${CLUSTER}/AgentAttestation` ? new TextEncoder().encode(document) : undefined,
    },
    module: loadPolicyVm(),
    fetch,
    clock: () => startedMillis,
    sleep: (millis) => new Promise((resolve) => setTimeout(resolve, millis).unref()),
    audit: () => true,
  })

  async function logIn(token: string): Promise<void> {
    const response = await app.request(`/v1/clusters/${CLUSTER}/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
    })
    const answer = await response.text()
    if (response.status !== 200) throw new Error(`The login was refused: ${answer}`)
  }

  for (let login = 0; login < WARMING_LOGINS; login++) await logIn(await cluster.mint())
  return { mint: () => cluster.mint(), logIn, close: () => cluster.close() }
}
