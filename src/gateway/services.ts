// What every route works with, made of what the host hands in. Made once per isolate; holds no promise and nothing of a
// single request.
import type { Hono } from 'hono'
import type { Attestor } from '../attest/attestor.ts'
import { type AttestorTable, createAttestorTable } from '../attest/table.ts'
import { type ConditionEngine, createConditionEngine } from '../condition/vm/engine.ts'
import { compileDocument } from '../config/compile/compile.ts'
import { createContextFor, createUrlPolicy } from '../config/compile/compile-context.ts'
import type { CrossFindings } from '../config/compile/cross-findings.ts'
import { createFindingsMemo, type FindingsMemo } from '../config/compile/findings-memo.ts'
import { createAppliedRecords } from '../config/live/applied-records.ts'
import { type ConfigCache, createConfigCache } from '../config/live/cache.ts'
import type { ConfigSource, StateStore } from '../config/source.ts'
import type { Clock, Sleep } from '../core/clock.ts'
import type { FetchLike } from '../net/bounded-fetch.ts'
import type { UrlPolicy } from '../net/url-policy.ts'
import { createDecisions, type Decisions } from '../policy/login/decision.ts'
import { createKeySources, type KeySources } from '../token/keys/key-source.ts'
import type { SessionAuthority } from '../token/session/session.ts'
import { type AuditSink, guardSink } from './audit/audit.ts'
import { createEventReporter } from './audit/events.ts'
import type { MappingFaults } from './mapping-gates.ts'
import { createReadiness, type HostState, type Readiness } from './readiness.ts'
import type { Settings } from './settings.ts'

export interface GatewayOptions {
  readonly settings: Settings
  readonly source: ConfigSource
  /** Where applied records go. Absent: a bad document that a cold isolate meets is refused. */
  readonly state?: StateStore
  /** The compiled `wasm/policy-vm.wasm`: each host loads it its own way, since Workers may not compile at run time. */
  readonly module: WebAssembly.Module
  readonly fetch: FetchLike
  /**
   * Which evidence is taken. Default: what ships. A list of one's own says all: `[...ATTESTORS, mine]`. `createGateway`
   * throws a `RangeError` for a list that is at odds with itself.
   */
  readonly attestors?: readonly Attestor[]
  /** Name of an environment variable that configures an egress proxy, which `fetch` does not use: failures say so. */
  readonly unusedProxy?: string
  readonly clock: Clock
  readonly sleep: Sleep
  /** Gets records of requests, and events: see `events.ts`. */
  readonly audit: AuditSink
  /** What the host knows of itself, for `/readyz`. Absent: nothing is wrong with it. */
  readonly hostState?: () => HostState
  /** What compiled configurations may take of memory, for a host that has more than the least one. */
  readonly configCacheMaxBytes?: number
}

export interface Services {
  readonly attestors: AttestorTable
  readonly fetch: FetchLike
  readonly urlPolicy: UrlPolicy
  readonly settings: Settings
  readonly authority: SessionAuthority
  readonly configs: ConfigCache
  readonly crossFindings: FindingsMemo<CrossFindings>
  readonly mappingFaults: FindingsMemo<MappingFaults>
  readonly keySources: KeySources
  readonly engine: ConditionEngine
  readonly decisions: Decisions
  readonly clock: Clock
  readonly sleep: Sleep
  readonly audit: AuditSink
  readonly readiness: () => Promise<Readiness>
}

/** What a request carries through the app. */
export interface GatewayEnv {
  Variables: {
    requestId: string
    startedMillis: number
    /** The trust domain, for challenges. */
    realm: string
  }
}

export type GatewayApp = Hono<GatewayEnv>

export function createServices(options: GatewayOptions): Services {
  const { settings, source, state, module, fetch, unusedProxy, clock, sleep, hostState, configCacheMaxBytes } = options
  const audit = guardSink(options.audit)
  // Without a key to seal with nothing is kept: a record that anybody could have written is worth nothing.
  const records =
    state === undefined || settings.sealKeys.length === 0 ? undefined : createAppliedRecords(state, settings)

  const tell = createEventReporter(audit, clock)
  const engine = createConditionEngine(module)
  const attestors = createAttestorTable(options.attestors)
  const urlPolicy = createUrlPolicy(settings)
  return {
    attestors,
    fetch,
    urlPolicy,
    settings,
    clock,
    sleep,
    audit,
    readiness: createReadiness({ source, clock, sleep, isSealing: settings.sealKeys.length > 0, hostState }),
    authority: {
      keys: settings.sessionKeys,
      trustDomain: settings.trustDomain,
      issuerUrl: settings.issuerUrl,
      ttlSeconds: settings.sessionTtlSeconds,
      skewSeconds: settings.clockSkewSeconds,
    },
    configs: createConfigCache({
      source,
      ...(records === undefined ? {} : { records }),
      tell,
      clock,
      sleep,
      compile: compileDocument,
      ...(configCacheMaxBytes === undefined ? {} : { maxBytes: configCacheMaxBytes }),
      contextFor: createContextFor({ ...settings, canSeal: settings.sealKeys.length > 0 }, attestors),
    }),
    crossFindings: createFindingsMemo(),
    mappingFaults: createFindingsMemo(),
    engine,
    decisions: createDecisions({ attestors, engine, defaultAudience: settings.audience }),
    keySources: createKeySources({
      fetch,
      clock,
      sleep,
      tell,
      ...urlPolicy,
      ...(unusedProxy === undefined ? {} : { unusedProxy }),
    }),
  }
}
