// The gateway of a Worker, made of its bindings: settings from vars and secrets, documents from the KV binding `POLICIES`,
// applied records to the binding `STATE`, or to `POLICIES` if `STATE` is not bound, used evidence to the Durable Object `REPLAY`, metrics to the Analytics Engine dataset `METRICS`.
import module from '../../wasm/policy-vm.wasm'
import { listHostFeatures } from '../attest/host-features.ts'
import type { AuditRecord } from '../gateway/audit/audit.ts'
import { AUDIT_FORMATS, readAuditFormat } from '../gateway/audit/audit-format.ts'
import { createEventReporter, type GatewayEvent } from '../gateway/audit/events.ts'
import { describeStart } from '../gateway/audit/start-event.ts'
import { createGateway } from '../gateway/gateway.ts'
import type { GatewayApp } from '../gateway/services.ts'
import { createWorkerFetch } from './http/worker-fetch.ts'
import { createKvSource, type KvBinding } from './kv-source.ts'
import { refuseWhenDeployedAsLocal } from './local-only.ts'
import { type AnalyticsBinding, createAnalyticsEngine } from './metrics/analytics-engine.ts'
import { createDurableReplay, type ReplayBinding } from './replay/durable-replay.ts'
import { describeProblems, readServingSettings } from './settings.ts'
import { sleep } from './sleep.ts'

interface Bindings {
  readonly POLICIES: KvBinding
  readonly STATE?: KvBinding
  readonly REPLAY?: ReplayBinding
  readonly METRICS?: AnalyticsBinding
}

/** Cloudflare sets it on every request, whatever the client sends. */
const PEER_HEADER = 'cf-connecting-ip'

export interface WorkerGateway {
  /** Serves, or is mounted with `app.route`. */
  readonly app: GatewayApp
  /**
   * Writes the event `started`, once, before any other record. A module that loads cannot: its clock reads 1970, and its
   * lines belong to no request.
   */
  readonly tellStarted: () => void
  readonly issuerUrl: string
}

/**
 * Creates it.
 * @param env the bindings of the Worker, `env` of `cloudflare:workers`
 * @throws {Error} that lists every problem of the settings
 */
export async function createWorkerGateway(env: Readonly<Record<string, unknown>>): Promise<WorkerGateway> {
  const bindings = env as unknown as Bindings
  const settings = await readServingSettings(env, { canResolve: false })
  if (!settings.ok) throw new Error(describeProblems(settings.problems))

  const formatLine = AUDIT_FORMATS[readAuditFormat(env['AUDIT_FORMAT']) ?? 'postern']
  let started: GatewayEvent | undefined
  /** One JSON line per record, so that Workers Logs and Logpush index its fields. */
  function audit(record: AuditRecord): boolean {
    tellStarted()
    console.log(formatLine(record))
    return true
  }
  const tell = createEventReporter(audit, Date.now)
  function tellStarted(): void {
    const event = started
    started = undefined
    if (event !== undefined) tell(event)
  }

  const replay = bindings.REPLAY && createDurableReplay(bindings.REPLAY)
  const app = createGateway({
    settings: settings.value,
    source: createKvSource(bindings.POLICIES),
    state: createKvSource(bindings.STATE ?? bindings.POLICIES),
    ...(replay === undefined ? {} : { replay }),
    ...(bindings.METRICS === undefined
      ? {}
      : { metrics: { port: createAnalyticsEngine(bindings.METRICS), runtime: 'workers' } }),
    module,
    // Workers resolve names themselves; the flag `global_fetch_strictly_public` keeps fetches away from the zone's own origin.
    fetch: createWorkerFetch((url, init) => fetch(url, init)),
    hostFeatures: listHostFeatures('workers'),
    clock: Date.now,
    sleep,
    audit,
    peerAddress: ({ headers }) => headers.get(PEER_HEADER) ?? undefined,
  })

  const { issuerUrl } = settings.value
  started = describeStart(settings.value, { name: 'workers', hasState: true, replay, peer: PEER_HEADER })
  return { app: refuseWhenDeployedAsLocal(app, issuerUrl), tellStarted, issuerUrl }
}
