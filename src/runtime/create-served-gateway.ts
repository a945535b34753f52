// Creates the gateway that Node and Deno serve over a directory or a Redis of documents.
import process from 'node:process'
import type { Attestor } from '../attest/attestor.ts'
import { listHostFeatures } from '../attest/host-features.ts'
import { createUrlPolicy } from '../config/compile/compile-context.ts'
import { CONFIG_CACHE_SERVER_MAX_BYTES } from '../core/limits.ts'
import type { AuditSink } from '../gateway/audit/audit.ts'
import { createEventReporter, type GatewayEvent } from '../gateway/audit/events.ts'
import { describeStart } from '../gateway/audit/start-event.ts'
import { createGateway } from '../gateway/gateway.ts'
import type { MetricsOptions } from '../gateway/metrics/measure.ts'
import type { HostState } from '../gateway/readiness.ts'
import type { GatewayApp } from '../gateway/services.ts'
import { createGuardedFetch } from './http/guarded-fetch.ts'
import { readSocketAddress } from './http/peer-address.ts'
import { findUnusedProxy } from './http/unused-proxy.ts'
import { fetchPolicyVm } from './load-policy-vm.ts'
import { openStores } from './open-stores.ts'
import { openPlayground } from './playground/playground-folder.ts'
import { openReplay } from './replay/open-replay.ts'
import type { ServeOptions } from './serve-options.ts'
import { describeProblems, type Environment, readServingSettings } from './settings.ts'
import { sleep } from './sleep.ts'

export interface ServedHost {
  readonly audit: AuditSink
  readonly hostState: () => HostState
  /** Prints a line for the operator. */
  readonly say: (line: string) => void
  /** Where measurements go. */
  readonly metrics?: MetricsOptions
  /** In place of the built-in ones. */
  readonly attestors?: readonly Attestor[]
}

export interface ServedGateway {
  readonly app: GatewayApp
  readonly reportEvent: (event: GatewayEvent) => void
  /** Describes the start as an event, to report once the server listens at `url`; without one, where an app embeds it. */
  readonly describeStart: (url?: string) => GatewayEvent
}

/**
 * Creates a gateway from addresses of stores and environment variables.
 * @param environment - the settings by name; see `readSettings`
 * @param host - where audit records go, and whether this process is ready
 * @returns the gateway, or a message that lists the problems of its settings
 */
export async function createServedGateway(
  { store, state }: Pick<ServeOptions, 'store' | 'state'>,
  environment: Environment,
  host: ServedHost,
): Promise<ServedGateway | string> {
  const settings = await readServingSettings(environment, { canResolve: true })
  if (!settings.ok) return describeProblems(settings.problems)
  const unusedProxy = findUnusedProxy(environment)
  const stores = await openStores({ store, state }, environment, { clock: Date.now, sleep })
  if (typeof stores === 'string') return stores
  const { stateDirectory, notices } = stores
  const replay = await openReplay(
    { state: stateDirectory, replayUrl: settings.value.replayUrl },
    { clock: Date.now, sleep },
  )
  if (typeof replay === 'string') return replay
  for (const notice of [...notices, ...(replay.notice === undefined ? [] : [replay.notice])]) host.say(notice)
  const playground = settings.value.playground === true ? await openPlayground() : undefined
  if (typeof playground === 'string') return describeProblems([playground])
  const app = createGateway({
    settings: settings.value,
    source: stores.source,
    state: stores.state,
    ...(replay.store === undefined ? {} : { replay: replay.store }),
    module: await fetchPolicyVm(),
    fetch: createGuardedFetch({
      ...createUrlPolicy(settings.value),
      listedNetworks: settings.value.httpDnsNetworks ?? [],
    }),
    hostFeatures: listHostFeatures(process.versions['deno'] === undefined ? 'node' : 'deno'),
    ...(unusedProxy === undefined ? {} : { unusedProxy }),
    clock: Date.now,
    sleep,
    configCacheMaxBytes: CONFIG_CACHE_SERVER_MAX_BYTES,
    audit: host.audit,
    hostState: host.hostState,
    ...(host.metrics === undefined ? {} : { metrics: host.metrics }),
    ...(host.attestors === undefined ? {} : { attestors: host.attestors }),
    playground,
    peerAddress: readSocketAddress,
  })
  return {
    app,
    reportEvent: createEventReporter(host.audit, Date.now),
    describeStart: (url) =>
      describeStart(settings.value, {
        name: describeHost(),
        hasState: true,
        replay: replay.store,
        ...(url === undefined ? {} : { url }),
        peer: 'socket',
      }),
  }
}

/** Names the host with its version. Deno provides Node's `process` as well. */
function describeHost(): string {
  const { deno } = process.versions
  return deno === undefined ? `node ${process.versions.node}` : `deno ${deno}`
}
