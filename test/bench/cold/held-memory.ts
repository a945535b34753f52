// How much memory the documents of many clusters take: `node --expose-gc test/bench/cold/held-memory.ts CLUSTERS [KIND]`
// prints it; KIND is the name of a heavy document.
import process from 'node:process'
import { CONFIG_CACHE_SERVER_MAX_BYTES } from '../../../src/core/limits.ts'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import { makeSessionSigningKeys } from '../../../src/token/session/make-session-keys.ts'
import { heavyDocuments } from '../../config/heavy-documents.ts'
import { agentsDocument, agentsKey, strangers } from '../documents.ts'
import { createBenchGateway } from '../gateway.ts'

export interface HeldMemory {
  /** Of the garbage-collected heap and of buffers, in bytes. */
  readonly heldBytes: number
  /** Of the documents as they are stored. */
  readonly documentBytes: number
  readonly rssBytes: number
}

const POLICIES = 10
/** Of the largest that a document may be. */
const HEAVY_SHARE = 0.85

const clusters = Number(process.argv[2])
const kind = process.argv[3]
const text =
  kind === undefined
    ? agentsDocument(strangers(POLICIES))
    : (heavyDocuments(HEAVY_SHARE).find(({ what }) => what === kind)?.text ?? '')
const documents = Object.fromEntries(Array.from({ length: clusters }, (_, n) => [agentsKey(`c-${n}`), text]))
const environment = {
  TRUST_DOMAIN: 'example.org',
  ISSUER_URL: 'https://login.example.org',
  SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
}
const module = loadPolicyVm()
const configCacheMaxBytes = CONFIG_CACHE_SERVER_MAX_BYTES
const app = createBenchGateway({ environment, documents, module, configCacheMaxBytes })
const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: 'x'.repeat(30) } }] })
await ask('c-none')
const before = readHeld()
for (let cluster = 0; cluster < clusters; cluster++) await ask(`c-${cluster}`)
console.log(
  JSON.stringify({
    heldBytes: readHeld() - before,
    documentBytes: text.length * clusters,
    rssBytes: process.memoryUsage.rss(),
  } satisfies HeldMemory),
)

/** No token: the login is refused, and its cluster's document has been read and compiled. */
async function ask(cluster: string): Promise<void> {
  const headers = { 'Content-Type': 'application/json' }
  await (await app.request(`/v1/clusters/${cluster}/login`, { method: 'POST', headers, body })).text()
}

function readHeld(): number {
  if (globalThis.gc === undefined) throw new Error('start it with --expose-gc')
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
