// The services that all routes share, made of what the host provides. Created once per isolate; they hold no promise
// and no state of a single request.
import type { Hono } from 'hono'
import type { AskHost } from '../attest/attest-context.ts'
import type { Attestor } from '../attest/attestor.ts'
import type { HostFeature } from '../attest/host-features.ts'
import { type AttestorTable, createAttestorTable } from '../attest/table.ts'
import type { CallWebhook } from '../attest/webhook-call.ts'
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
import type { ReplayStore } from '../policy/single-use/replay-store.ts'
import { createSingleUse, type SingleUse } from '../policy/single-use/single-use.ts'
import { createKeySources, type KeySources } from '../token/keys/key-source.ts'
import { holdImportedKeys } from '../token/keys/public-key.ts'
import type { SessionAuthority } from '../token/session/session.ts'
import { createHostAsker } from './ask-host.ts'
import { type AuditSink, guardSink } from './audit/audit.ts'
import { createEventReporter } from './audit/events.ts'
import {
  type AnonymousLimit,
  createAnonymousLimit,
  type PeerAddress,
  type RequestsLimited,
} from './limit/anonymous-limit.ts'
import type { MappingFaults } from './mapping-gates.ts'
import { type MetricsOptions, measure } from './metrics/measure.ts'
import type { ReadPlaygroundFile } from './playground-files.ts'
import { createReadiness, type HostState, type Readiness } from './readiness.ts'
import type { Settings } from './settings.ts'
import { createClusterListing, type ListClusters } from './status/cluster-listing.ts'
import { createWebhookCaller } from './webhook/call-webhook.ts'
import { NO_WEBHOOKS } from './webhook/webhooks.ts'

/** What a host provides to {@link createGateway}. */
export interface GatewayOptions {
  readonly settings: Settings
  /** The store of section documents. */
  readonly source: ConfigSource
  /**
   * The store of applied records. Absent: an isolate that starts while a document is invalid refuses its requests with
   * 503.
   */
  readonly state?: StateStore
  /**
   * The store of used evidence, for policies with `singleUse` and for challenges. Absent: such policies admit no login, and
   * a challenge can be used until it expires.
   */
  readonly replay?: ReplayStore
  /** The compiled `wasm/policy-vm.wasm`. The host compiles it, because Workers forbid compilation at run time. */
  readonly module: WebAssembly.Module
  /** Fetches key sets and calls out. The gateway checks each URL; the host should check the resolved addresses. */
  readonly fetch: FetchLike
  /**
   * The attestors whose evidence is accepted. Default: `ATTESTORS`. The list replaces the default: `[...ATTESTORS,
   * mine]`. `createGateway` throws a `RangeError` if it is inconsistent.
   */
  readonly attestors?: readonly Attestor[]
  /**
   * What this host's `fetch` can do of what not all hosts can: `listHostFeatures('node')`. Default: nothing, so that policies
   * which need it admit no login (`attestor_unsupported_here`).
   */
  readonly hostFeatures?: ReadonlySet<HostFeature>
  /** Name of an environment variable for an egress proxy that `fetch` does not use: failed fetches mention it. */
  readonly unusedProxy?: string
  /** The time in milliseconds since the epoch, such as `Date.now`. */
  readonly clock: Clock
  /** A timer that can be cancelled. */
  readonly sleep: Sleep
  /** Receives the records of requests, and events: see `audit/events.ts`. */
  readonly audit: AuditSink
  /** Where measurements go: see `metrics/metrics.ts`. Absent: nothing is measured. */
  readonly metrics?: MetricsOptions
  /** The host's own state, for `/readyz`. Absent: never draining, and the audit stream accepts records. */
  readonly hostState?: () => HostState
  /** The address of the other end of a connection. Required if `settings.anonymousPerMinute` is set. */
  readonly peerAddress?: PeerAddress
  /** Reads the files of the playground, which `GET /playground/` serves. Absent: there is no such route. */
  readonly playground?: ReadPlaygroundFile | undefined
  /**
   * Memory for compiled configurations, in bytes, unless the settings say it. Default `CONFIG_CACHE_MAX_BYTES`, which fits
   * an isolate of 128 MB.
   */
  readonly configCacheMaxBytes?: number
}

export interface Services {
  readonly attestors: AttestorTable
  readonly fetch: FetchLike
  readonly urlPolicy: UrlPolicy
  readonly askHost: AskHost
  readonly settings: Settings
  readonly authority: SessionAuthority
  readonly configs: ConfigCache
  readonly crossFindings: FindingsMemo<CrossFindings>
  readonly mappingFaults: FindingsMemo<MappingFaults>
  readonly keySources: KeySources
  readonly callWebhook: CallWebhook
  readonly engine: ConditionEngine
  readonly singleUse: SingleUse | undefined
  readonly decisions: Decisions
  readonly clock: Clock
  readonly sleep: Sleep
  readonly audit: AuditSink
  readonly readiness: () => Promise<Readiness>
  readonly listClusters: ListClusters
  /** Absent: off. */
  readonly anonymousLimit: AnonymousLimit | undefined
}

/** Variables of a request. */
export interface GatewayEnv {
  Variables: {
    requestId: string
    startedMillis: number
    /** The trust domain, for `WWW-Authenticate`. */
    realm: string
    /** Something that the request holds was verified: evidence, or the session of an issuer. */
    hasVerified?: true
    /** The answer counts against the client though its code is that of a failure. */
    isCharged?: true
  }
}

export type GatewayApp = Hono<GatewayEnv>

export function createServices(options: GatewayOptions): Services {
  const { settings, source, state, replay, module, fetch, unusedProxy, clock, sleep } = options
  const hostFeatures = options.hostFeatures ?? new Set()
  const configCacheMaxBytes = settings.configCacheMaxBytes ?? options.configCacheMaxBytes
  const attestors = createAttestorTable(options.attestors)
  const measured = measure(guardSink(options.audit), options.metrics, new Set(attestors.rows.keys()), clock)
  const { audit } = measured
  // Without a seal key no records are kept: any writer of the store could forge an unsealed one.
  const records =
    state === undefined || settings.sealKeys.length === 0 ? undefined : createAppliedRecords(state, settings)

  const tell = createEventReporter(audit, clock)
  const engine = createConditionEngine(module)
  const urlPolicy = createUrlPolicy(settings)
  const { issuerUrl, clockSkewSeconds: skewSeconds } = settings
  const isSealing = settings.sealKeys.length > 0
  const { webhooks = NO_WEBHOOKS } = settings
  const singleUse =
    replay &&
    createSingleUse({
      store: replay,
      issuerUrl,
      skewSeconds,
      clock,
      sleep,
      tell,
      note: measured.noteClaim,
    })
  if (settings.keyCacheMaxBytes !== undefined) holdImportedKeys(settings.keyCacheMaxBytes)
  const keySources = createKeySources(
    {
      fetch,
      clock,
      sleep,
      tell,
      ...(measured.keyCounts === undefined ? {} : { counts: measured.keyCounts }),
      ...urlPolicy,
      ...(unusedProxy === undefined ? {} : { unusedProxy }),
    },
    settings.keyCacheMaxBytes,
  )
  measured.watch(keySources.ages)
  const configs = createConfigCache({
    source,
    ...(records === undefined ? {} : { records }),
    tell,
    clock,
    sleep,
    compile: compileDocument,
    ...(configCacheMaxBytes === undefined ? {} : { maxBytes: configCacheMaxBytes }),
    contextFor: createContextFor(
      { ...settings, webhooks, canSeal: isSealing, canClaim: replay !== undefined, hostFeatures },
      attestors,
    ),
  })
  return {
    attestors,
    fetch,
    urlPolicy,
    askHost: createHostAsker(fetch),
    settings,
    clock,
    sleep,
    audit,
    listClusters: createClusterListing(source, sleep),
    anonymousLimit: makeAnonymousLimit(options, tell),
    readiness: createReadiness({
      source,
      clock,
      sleep,
      isSealing,
      replay,
      singleUse,
      countDocuments: configs.count,
      countKeys: keySources.ages,
      hostState: options.hostState,
    }),
    authority: {
      keys: settings.sessionKeys,
      trustDomain: settings.trustDomain,
      issuerUrl,
      ttlSeconds: settings.sessionTtlSeconds,
      skewSeconds,
    },
    configs,
    crossFindings: createFindingsMemo(),
    mappingFaults: createFindingsMemo(),
    engine,
    singleUse,
    decisions: createDecisions({ attestors, engine, defaultAudience: settings.audience }),
    keySources,
    callWebhook: createWebhookCaller({ webhooks, fetch, clock, allowLoopback: urlPolicy.allowLoopback }),
  }
}

function makeAnonymousLimit(
  { settings, peerAddress, clock }: GatewayOptions,
  tell: (event: RequestsLimited) => void,
): AnonymousLimit | undefined {
  const { anonymousPerMinute: perMinute, trustedProxies } = settings
  if (perMinute === undefined) return undefined
  if (peerAddress === undefined) throw new RangeError('settings.anonymousPerMinute requires peerAddress')
  const proxies = trustedProxies === undefined ? {} : { proxies: trustedProxies }
  return createAnonymousLimit({ perMinute, peerAddress, ...proxies, clock, tell })
}
