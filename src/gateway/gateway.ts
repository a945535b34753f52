// The gateway as one Hono app, made of parts that its host hands in. A larger app mounts it with `app.route`.
import { Hono } from 'hono'
import type { CompileContext } from '../attest/attestor.ts'
import { type ConditionEngine, createConditionEngine } from '../condition/engine.ts'
import { type ConfigCache, createConfigCache } from '../config/cache.ts'
import { compileDocument } from '../config/compile.ts'
import type { DocumentKey } from '../config/document-key.ts'
import type { ConfigSource, Sleep, StateStore } from '../config/source.ts'
import type { Clock } from '../core/clock.ts'
import { uuidv7 } from '../core/uuid.ts'
import type { FetchLike } from '../token/bounded-fetch.ts'
import { createKeySources, type KeySources } from '../token/key-source.ts'
import type { SessionAuthority } from '../token/session.ts'
import { type AuditRecord, describeFault } from './audit.ts'
import { addClaimsRoute } from './claims.ts'
import { addHealthRoutes } from './health.ts'
import { addLoginRoutes } from './login.ts'
import { addOpenApiRoute } from './openapi.ts'
import { problem } from './problem.ts'
import { addSchemaRoute } from './schemas.ts'
import type { Settings } from './settings.ts'
import { addStatusRoute } from './status.ts'
import { addWellKnownRoutes } from './well-known.ts'

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

/** What every route works with. Made once per isolate; holds no promise and nothing of a single request. */
export interface Parts {
  readonly settings: Settings
  readonly authority: SessionAuthority
  readonly configs: ConfigCache
  readonly keySources: KeySources
  readonly engine: ConditionEngine
  readonly clock: Clock
  readonly audit: (record: AuditRecord) => void
}

/** What a request carries through the app. */
export interface GatewayEnv {
  Variables: { requestId: string }
}

export type GatewayApp = Hono<GatewayEnv>

export function createGateway(options: GatewayOptions): GatewayApp {
  const parts = createParts(options)
  const app = new Hono<GatewayEnv>({ strict: true })

  app.use(async function answerHeaders(c, next) {
    c.set('requestId', uuidv7(parts.clock()))
    await next()
    c.header('X-Request-Id', c.get('requestId'))
    c.header('X-Content-Type-Options', 'nosniff')
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store')
  })
  addLoginRoutes(app, parts)
  addClaimsRoute(app, parts)
  addStatusRoute(app, parts)
  addWellKnownRoutes(app, parts)
  addHealthRoutes(app, parts)
  addSchemaRoute(app)
  addOpenApiRoute(app, parts)

  app.notFound((c) => problem(c, { code: 'route_unknown', detail: `there is no ${c.req.method} ${c.req.path} here` }))
  app.onError((error, c) => {
    const requestId = c.get('requestId')
    parts.audit({
      v: 1,
      event: 'fault',
      time: new Date(parts.clock()).toISOString(),
      requestId,
      error: describeFault(error),
    })
    return problem(c, { code: 'internal_error', detail: 'the gateway failed: look for this requestId in its log' })
  })
  return app
}

function createParts({ settings, source, state, module, fetch, clock, sleep, audit }: GatewayOptions): Parts {
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
