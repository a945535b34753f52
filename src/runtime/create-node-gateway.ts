// The gateway for an app of one's own on Node or Deno, with the defaults of `postern serve`: one call.
import process from 'node:process'
import type { Attestor } from '../attest/attestor.ts'
import type { AuditSink } from '../gateway/audit/audit.ts'
import { readAuditFormat } from '../gateway/audit/audit-format.ts'
import type { HostState } from '../gateway/readiness.ts'
import type { GatewayApp } from '../gateway/services.ts'
import { createServedGateway } from './create-served-gateway.ts'
import { adoptAuthorities } from './http/adopt-authorities.ts'
import { findStoreFault } from './open-stores.ts'
import { resolveStoreAddress } from './redis/store-address.ts'
import { openServerOutputs, type ServerOutputs } from './server-outputs.ts'
import type { Environment } from './settings.ts'

export interface NodeGatewayOptions {
  /**
   * The directory of documents: `<store>/clusters/<clusterId>/<Section>.yaml`, `<store>/trust-domain/<Section>.yaml`; or
   * `redis://...`, `rediss://...`, or `env:NAME` or `file:PATH` with such a URL.
   */
  readonly store: string
  /** Where applied records are, in the same forms; a directory also takes used evidence. Default: the store. */
  readonly state?: string
  /** The settings by name: `TRUST_DOMAIN`, `ISSUER_URL`, `SESSION_SIGNING_KEYS` and others. Default: those of the process. */
  readonly environment?: Environment
  /**
   * Takes each audit record and event, and says whether it did; on `false` nothing is granted. Default: one JSON line each
   * on standard output, as `postern serve` writes them.
   */
  readonly audit?: AuditSink
  /** In place of the built-in ones: `[...ATTESTORS, mine]`. */
  readonly attestors?: readonly Attestor[]
  /** What the app knows of itself, for `/readyz`. Default: not draining. */
  readonly hostState?: () => HostState
}

/**
 * Creates the gateway with the store that is named, guarded fetch and the replay store that the settings name. Mount it with
 * `app.route`, or serve its `fetch`. Call it once per process.
 *
 * @throws {Error} that lists every problem of the settings, or names the directory that is missing
 * @example
 * const gateway = await createNodeGateway({ store: './policies' })
 * serve({ fetch: gateway.fetch, port: 8787 })
 */
export async function createNodeGateway(options: NodeGatewayOptions): Promise<GatewayApp> {
  const environment = options.environment ?? process.env
  const store = resolveStoreAddress(options.store, process.cwd())
  const state = resolveStoreAddress(options.state ?? store, process.cwd())
  const fault = (await findStoreFault({ store, state }, environment)) ?? adoptAuthorities()
  if (fault !== undefined) throw new Error(fault)

  const outputs = openServerOutputs(readAuditFormat(environment['AUDIT_FORMAT']))
  const { attestors } = options
  const gateway = await createServedGateway({ store, state }, environment, {
    audit: options.audit ?? outputs.audit,
    say: outputs.say,
    hostState: options.hostState ?? (() => readHostState(outputs)),
    ...(attestors === undefined ? {} : { attestors }),
  })
  if (typeof gateway === 'string') throw new Error(gateway)
  gateway.reportEvent(gateway.describeStart())
  return gateway.app
}

function readHostState({ auditRefusing }: ServerOutputs): HostState {
  const refusing = auditRefusing()
  return { isDraining: false, ...(refusing === undefined ? {} : { auditRefusingSinceMillis: refusing.sinceMillis }) }
}
