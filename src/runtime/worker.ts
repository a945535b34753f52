// The entry point on Cloudflare Workers: settings from vars and secrets, documents from the KV binding `POLICIES`, applied
// records to the binding `STATE`, or to `POLICIES` if `STATE` is not bound, used evidence to the Durable Object `REPLAY`.
import { env } from 'cloudflare:workers'
import module from '../../wasm/policy-vm.wasm'
import { type AuditRecord, formatAuditLine } from '../gateway/audit/audit.ts'
import { createEventReporter } from '../gateway/audit/events.ts'
import { describeStart } from '../gateway/audit/start-event.ts'
import { createGateway } from '../gateway/gateway.ts'
import { runBeforeFirstRequest } from './first-request.ts'
import { createWorkerFetch } from './http/worker-fetch.ts'
import { createKvSource, type KvBinding } from './kv-source.ts'
import { refuseWhenDeployedAsLocal } from './local-only.ts'
import { createDurableReplay, type ReplayBinding } from './replay/durable-replay.ts'
import { describeProblems, readServingSettings } from './settings.ts'
import { sleep } from './sleep.ts'

/** The binding `REPLAY` makes its objects of it. */
// biome-ignore lint/performance/noBarrelFile: the platform takes the class from the main module
export { ReplayShard } from './replay/replay-shard.ts'

interface Bindings {
  readonly POLICIES: KvBinding
  readonly STATE?: KvBinding
  readonly REPLAY?: ReplayBinding
}

/** Cloudflare sets it on every request, whatever the client sends. */
const PEER_HEADER = 'cf-connecting-ip'

const bindings = env as unknown as Bindings
const settings = await readServingSettings(env as unknown as Record<string, unknown>, { canResolve: false })
if (!settings.ok) throw new Error(describeProblems(settings.problems))

// One JSON line per record, so that Workers Logs and Logpush index its fields.
function audit(record: AuditRecord): boolean {
  console.log(formatAuditLine(record))
  return true
}

const replay = bindings.REPLAY && createDurableReplay(bindings.REPLAY)
const app = createGateway({
  settings: settings.value,
  source: createKvSource(bindings.POLICIES),
  state: createKvSource(bindings.STATE ?? bindings.POLICIES),
  ...(replay === undefined ? {} : { replay }),
  module,
  // Workers resolve names themselves; the flag `global_fetch_strictly_public` keeps fetches away from the zone's own origin.
  fetch: createWorkerFetch((url, init) => fetch(url, init)),
  clock: Date.now,
  sleep,
  audit,
  peerAddress: ({ headers }) => headers.get(PEER_HEADER) ?? undefined,
})

const started = describeStart(settings.value, { name: 'workers', hasState: true, replay, peer: PEER_HEADER })
const tell = createEventReporter(audit, Date.now)
export default runBeforeFirstRequest(refuseWhenDeployedAsLocal(app, settings.value.issuerUrl), () => tell(started))
