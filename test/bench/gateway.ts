// The gateway in process, over documents in memory, on whichever host.
import { type AuditRecord, formatAuditLine } from '../../src/gateway/audit/audit.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import type { MetricsOptions } from '../../src/gateway/metrics/measure.ts'
import type { GatewayApp } from '../../src/gateway/services.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import { sleep } from '../../src/runtime/sleep.ts'
import { createMemoryStore } from '../config/memory-source.ts'

export interface BenchGateway {
  /** As an env file has them. */
  readonly environment: Readonly<Record<string, string>>
  /** By key. */
  readonly documents: Readonly<Record<string, string>>
  /** The policy VM, which each host loads its own way. */
  readonly module: WebAssembly.Module
  readonly configCacheMaxBytes?: number
  /** False: no line is made of a record. */
  readonly isRecording?: boolean
  /** Where measurements go; default: nothing is measured. */
  readonly metrics?: MetricsOptions
  /** Called with the key of each document that is read. */
  readonly onRead?: (key: string) => void
  /** Default the real time. */
  readonly clock?: () => number
}

/** Throws if the settings are wrong. */
export function createBenchGateway(options: BenchGateway): GatewayApp {
  const {
    environment,
    documents,
    module,
    configCacheMaxBytes,
    isRecording = true,
    onRead,
    clock = Date.now,
    metrics,
  } = options
  const settings = readSettings(environment, { canResolve: false })
  if (!settings.ok) throw new Error(settings.problems.join())
  const store = createMemoryStore(documents)
  return createGateway({
    settings: settings.value,
    source: {
      read(key) {
        onRead?.(key)
        return store.read(key)
      },
    },
    module,
    fetch: (url, { headers, signal }) => fetch(url, { headers, signal }),
    clock,
    sleep,
    audit: isRecording ? takeLine : () => true,
    ...(metrics === undefined ? {} : { metrics }),
    ...(configCacheMaxBytes === undefined ? {} : { configCacheMaxBytes }),
  })
}

/** A record is written as a line, and a line costs its making. */
function takeLine(record: AuditRecord): boolean {
  return formatAuditLine(record).length > 0
}
