// What a login costs as the number of policies grows: `node test/bench/login.ts`. One run, one machine; the two kinds of
// login alternate, so that the ratio holds where the machine's speed does not.
import { createGateway } from '../../src/gateway/gateway.ts'
import type { GatewayApp } from '../../src/gateway/services.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import { makeSessionSigningKeys } from '../../src/token/session/make-session-keys.ts'
import { createMemoryStore } from '../config/memory-source.ts'
import { createSigningKey, serviceAccountClaims, signClaims } from '../token/issuer.ts'

const ROUNDS = 400
const BATCHES = 9
const COUNTS = [1, 10, 100, 1000, 10_000]
const ISSUER = 'https://oidc.example.com/id/mine'

const settings = readSettings(
  {
    TRUST_DOMAIN: 'example.org',
    ISSUER_URL: 'https://login.example.org',
    SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
  },
  { canResolve: false },
)
if (!settings.ok) throw new Error(settings.problems.join())
const key = await createSigningKey('key-1', 'RS256')
const jwks = JSON.stringify({ keys: [key.publicJwk] })
const token = await signClaims(key, serviceAccountClaims(Math.floor(Date.now() / 1000), { iss: ISSUER }))
const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] })

const store = createMemoryStore(
  Object.fromEntries(COUNTS.map((count) => [`clusters/c${count}/AgentAttestation`, documentOf(count)])),
)
const app: GatewayApp = createGateway({
  settings: settings.value,
  source: store,
  module: loadPolicyVm(),
  fetch: () => Promise.reject(new Error('no network')),
  clock: Date.now,
  sleep: (millis) => new Promise((resolve) => setTimeout(resolve, millis)),
  audit: () => true,
})

console.log(
  '| policies, each of another issuer | first login, ms | login, µs (median) | ratio to one policy (median of pairs) |',
)
console.log('|---|--:|--:|--:|')
for (const count of COUNTS) {
  const started = performance.now()
  await logIn(count)
  const cold = performance.now() - started
  const times: number[] = []
  const ratios: number[] = []
  for (let batch = 0; batch < BATCHES; batch++) {
    const one = await batchOf(1)
    const many = await batchOf(count)
    times.push(many)
    ratios.push(many / one)
  }
  console.log(`| ${count} | ${cold.toFixed(1)} | ${median(times).toFixed(0)} | ${median(ratios).toFixed(2)} |`)
}

async function batchOf(count: number): Promise<number> {
  const started = performance.now()
  for (let round = 0; round < ROUNDS; round++) await logIn(count)
  return ((performance.now() - started) * 1000) / ROUNDS
}

async function logIn(count: number): Promise<void> {
  const response = await app.request(`/v1/clusters/c${count}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
  })
  if (response.status !== 200) throw new Error(await response.text())
  await response.arrayBuffer()
}

/** `count` policies; the last one is the one that admits. */
function documentOf(count: number): string {
  const policies = Array.from({ length: count }, (_, index) => {
    const config =
      index === count - 1
        ? { issuerURL: ISSUER, jwks: JSON.parse(jwks) }
        : { issuerURL: `https://oidc.example.com/id/${index}` }
    return { name: `p${index}`, requiredAttestors: [{ type: 'k8s_token', config }] }
  })
  return JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: { policies } })
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
