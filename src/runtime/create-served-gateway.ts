// The gateway over a directory of documents, as Node and Deno serve it.
import { CONFIG_CACHE_SERVER_MAX_BYTES } from '../core/limits.ts'
import type { AuditSink } from '../gateway/audit.ts'
import { createGateway } from '../gateway/gateway.ts'
import type { GatewayApp } from '../gateway/parts.ts'
import type { HostStanding } from '../gateway/readiness.ts'
import { createDirectorySource } from './directory-source.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import { loadPolicyVm } from './load-policy-vm.ts'
import type { ServeOptions } from './serve-options.ts'
import { describeProblems, type Environment, readServingSettings } from './settings.ts'
import { sleep } from './sleep.ts'
import { findUnusedProxy } from './unused-proxy.ts'

export interface ServedHost {
  readonly audit: AuditSink
  readonly standing: () => HostStanding
}

/** The gateway of these options, or the problems of its settings as a message. */
export async function createServedGateway(
  { store, state }: Pick<ServeOptions, 'store' | 'state'>,
  environment: Environment,
  host: ServedHost,
): Promise<GatewayApp | string> {
  const settings = await readServingSettings(environment, { canResolve: true })
  if (!settings.ok) return describeProblems(settings.problems)
  const { allowLoopbackIssuers, privateIssuers } = settings.value
  const unusedProxy = findUnusedProxy(environment)
  return createGateway({
    settings: settings.value,
    source: createDirectorySource(store, { clock: Date.now, sleep }),
    state: createDirectorySource(state),
    module: loadPolicyVm(),
    fetch: createGuardedFetch({ allowLoopback: allowLoopbackIssuers, privateOrigins: new Set(privateIssuers) }),
    ...(unusedProxy === undefined ? {} : { unusedProxy }),
    clock: Date.now,
    sleep,
    configCacheMaxBytes: CONFIG_CACHE_SERVER_MAX_BYTES,
    ...host,
  })
}
