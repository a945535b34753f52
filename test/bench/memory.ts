// What anonymous requests to many clusters with large documents cost in memory and time: `node test/bench/memory.ts
// [clusters] [rounds]`. Each request is a login of some 100 bytes whose evidence is no token.
import { CONFIG_CACHE_SERVER_MAX_BYTES } from '../../src/core/limits.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import { makeSessionSigningKeys } from '../../src/token/session/make-session-keys.ts'
import { heavyDocuments } from '../config/heavy-documents.ts'
import { createMemoryStore } from '../config/memory-source.ts'

const clusters = Number(process.argv[2] ?? 60)
const rounds = Number(process.argv[3] ?? 1)

const settings = readSettings(
  {
    TRUST_DOMAIN: 'example.org',
    ISSUER_URL: 'https://login.example.org',
    SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
  },
  { canResolve: false },
)
if (!settings.ok) throw new Error(settings.problems.join())

const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: 'x'.repeat(30) } }] })
console.log('| documents | clusters | size, kB | RSS before, MiB | after | request, ms (median) | (largest) |')
console.log('|---|--:|--:|--:|--:|--:|--:|')
const only = process.argv[4]
for (const { what, text, section } of heavyDocuments(0.85)) {
  if (section !== 'AgentAttestation' || (only !== undefined && !what.includes(only))) continue
  const values = Object.fromEntries(
    Array.from({ length: clusters }, (_, n) => [`clusters/c-${n}/AgentAttestation`, text] as const),
  )
  const app = createGateway({
    settings: settings.value,
    source: createMemoryStore(values),
    module: loadPolicyVm(),
    fetch: () => Promise.reject(new Error('no network')),
    clock: Date.now,
    sleep: (millis) => new Promise((resolve) => setTimeout(resolve, millis)),
    audit: () => true,
    configCacheMaxBytes: CONFIG_CACHE_SERVER_MAX_BYTES,
  })
  const before = process.memoryUsage.rss()
  const times: number[] = []
  for (let request = 0; request < clusters * rounds; request++) {
    const started = performance.now()
    const response = await app.request(`/v1/clusters/c-${request % clusters}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    await response.text()
    times.push(performance.now() - started)
  }
  const after = process.memoryUsage.rss()
  const sorted = times.slice(-clusters).sort((a, b) => a - b)
  const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0)
  const [median, most] = [sorted[sorted.length >> 1] ?? 0, sorted.at(-1) ?? 0]
  console.log(
    `| ${what} | ${clusters} | ${(text.length / 1000).toFixed(0)} | ${mib(before)} | ${mib(after)} | ${median.toFixed(1)} | ${most.toFixed(1)} |`,
  )
}
