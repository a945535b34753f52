// What every route works with, made of what the host hands in. Made once per isolate; holds no promise and nothing of a
// single request.
import type { Hono } from 'hono'
import type { CompileContext } from '../attest/attestor.ts'
import { type ConditionEngine, createConditionEngine } from '../condition/engine.ts'
import { type ConfigCache, createConfigCache } from '../config/cache.ts'
import { compileDocument } from '../config/compile.ts'
import type { DocumentKey } from '../config/document-key.ts'
import type { ConfigSource, Sleep, StateStore } from '../config/source.ts'
import type { Clock } from '../core/clock.ts'
import type { FetchLike } from '../token/bounded-fetch.ts'
import { createKeySources, type KeySources } from '../token/key-source.ts'
import type { SessionAuthority } from '../token/session.ts'
import type { AuditRecord } from './audit.ts'
import type { Settings } from './settings.ts'

export interface GatewayOptions {
  readonly settings: Settings
  readonly source: ConfigSource
  /** Where applied records go. Absent: a bad document that a cold isolate meets is refused. */
  readonly state?: StateStore
  /** The compiled `wasm/policy-vm.wasm`: each host loads it its own way, since Workers may not compile at run time. */
  readonly module: WebAssembly.Module
  readonly fetch: FetchLike
  readonly clock: Clock
  readonly sleep: Sleep
  readonly audit: (record: AuditRecord) => void
}

export interface Parts {
  readonly settings: Settings
  readonly authority: SessionAuthority
  readonly configs: ConfigCache
  readonly keySources: KeySources
  readonly engine: ConditionEngine
  readonly clock: Clock
  readonly sleep: Sleep
  readonly audit: (record: AuditRecord) => void
}

/** What a request carries through the app. */
export interface GatewayEnv {
  Variables: { requestId: string }
}

export type GatewayApp = Hono<GatewayEnv>

export function createParts({ settings, source, state, module, fetch, clock, sleep, audit }: GatewayOptions): Parts {
  const urlPolicy = { allowLoopback: settings.allowLoopbackIssuers, privateOrigins: new Set(settings.privateIssuers) }

  function contextFor(key: DocumentKey, digest: string): CompileContext {
    const { scope } = key
    return {
      scope,
      documentDigest: digest,
      issuerUrl: settings.issuerUrl,
      urlPolicy,
      exactPins: scope === 'trust-domain',
    }
  }

  return {
    settings,
    clock,
    sleep,
    audit,
    authority: {
      keys: settings.sessionKeys,
      trustDomain: settings.trustDomain,
      issuerUrl: settings.issuerUrl,
      ttlSeconds: settings.sessionTtlSeconds,
      skewSeconds: settings.clockSkewSeconds,
    },
    configs: createConfigCache({
      source,
      ...(state === undefined ? {} : { state }),
      sealKeys: settings.sealKeys,
      clock,
      sleep,
      compile: compileDocument,
      contextFor,
    }),
    engine: createConditionEngine(module),
    keySources: createKeySources({ fetch, clock, sleep, ...urlPolicy }),
  }
}
