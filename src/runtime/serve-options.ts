// What the Node and the Deno host have in common: the flags, and the gateway over a directory of documents.
import { mkdirSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { createUrlPolicy } from '../config/compile-context.ts'
import { CONFIG_CACHE_SERVER_MAX_BYTES } from '../core/limits.ts'
import { type AuditRecord, auditLine } from '../gateway/audit.ts'
import { createEventReporter, type GatewayEvent } from '../gateway/events.ts'
import { createGateway } from '../gateway/gateway.ts'
import type { GatewayApp } from '../gateway/parts.ts'
import { describeStart } from '../gateway/started.ts'
import { createDirectorySource } from './directory-source.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import { loadPolicyVm } from './load-policy-vm.ts'
import { describeProblems, type Environment, readServingSettings } from './settings.ts'
import { sleep } from './sleep.ts'
import { findUnusedProxy } from './unused-proxy.ts'

export interface ServeOptions {
  readonly store: string
  readonly state: string
  readonly hostname: string
  readonly port: number
}

export const SERVE_USAGE = `Usage: serve --store DIR [--state DIR] [--host ADDRESS] [--port N]

  --store DIR   documents: DIR/clusters/<clusterId>/<Section>.yaml, DIR/trust-domain/<Section>.yaml
  --state DIR   where the gateway writes applied records; default: the store
  --host ADDR   address to listen on; default 127.0.0.1
  --port N      port to listen on; default 8787, 0 takes a free one

Settings come from the environment: TRUST_DOMAIN, ISSUER_URL, SESSION_SIGNING_KEYS are required.`

/** Reads the flags; a text is what is wrong with them. */
export function readServeOptions(args: readonly string[]): ServeOptions | string {
  // `deno task serve -- --store D` hands the `--` on, where npm takes it out.
  const given = args[0] === '--' ? args.slice(1) : [...args]
  try {
    const { values } = parseArgs({
      args: given,
      options: {
        store: { type: 'string' },
        state: { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
      },
    })
    const port = Number(values.port ?? 8787)
    if (values.store === undefined) return '--store is required'
    if (!Number.isInteger(port) || port < 0 || port > 65_535) return `--port must be a number from 0 to 65535`
    return { store: values.store, state: values.state ?? values.store, hostname: values.host ?? '127.0.0.1', port }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export interface ServedGateway extends Pick<GatewayApp, 'fetch'> {
  readonly tell: (event: GatewayEvent) => void
  /** The event to report once it listens at `url`. */
  readonly started: (url: string) => GatewayEvent
}

/** The gateway of these options, or the problems of its settings as a message. */
export async function createServedGateway(
  options: ServeOptions,
  environment: Environment,
): Promise<ServedGateway | string> {
  const settings = await readServingSettings(environment, { canResolve: true })
  if (!settings.ok) return describeProblems(settings.problems)
  // A state directory that is not there would count as a store that fails, and no record would ever be written.
  mkdirSync(options.state, { recursive: true })
  const unusedProxy = findUnusedProxy(environment)
  const audit = (record: AuditRecord): unknown => process.stdout.write(`${auditLine(record)}\n`)
  const app = createGateway({
    settings: settings.value,
    source: createDirectorySource(options.store, { clock: Date.now, sleep }),
    state: createDirectorySource(options.state),
    module: loadPolicyVm(),
    fetch: createGuardedFetch(createUrlPolicy(settings.value)),
    ...(unusedProxy === undefined ? {} : { unusedProxy }),
    clock: Date.now,
    sleep,
    configCacheMaxBytes: CONFIG_CACHE_SERVER_MAX_BYTES,
    audit,
  })
  return {
    fetch: app.fetch,
    tell: createEventReporter(audit, Date.now),
    started: (url) => describeStart(settings.value, { name: describeHost(), hasState: true, url }),
  }
}

/** Deno has Node's `process` as well. */
function describeHost(): string {
  const { deno } = process.versions
  return deno === undefined ? `node ${process.versions.node}` : `deno ${deno}`
}
