// A whole gateway over a store in memory and a real issuer on loopback; the clock and the audit log are the test's.

import { findLineFaults } from '../../dev/audit-schema.ts'
import type { Attestor } from '../../src/attest/attestor.ts'
import { EVERY_FEATURE, type HostFeature } from '../../src/attest/host-features.ts'
import { ATTESTORS, type AttestorTable, createAttestorTable } from '../../src/attest/table.ts'
import { ABSENCE_RECHECK_MILLIS, REPLAY_TIMEOUT_MILLIS } from '../../src/core/limits.ts'
import type { AuditRecord } from '../../src/gateway/audit/audit.ts'
import type { EventRecord } from '../../src/gateway/audit/events.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import type { GatewayApp, GatewayOptions } from '../../src/gateway/services.ts'
import type { Settings } from '../../src/gateway/settings.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import { sleep } from '../../src/runtime/sleep.ts'
import { makeSessionSigningKeys } from '../../src/token/session/make-session-keys.ts'
import { createMemoryStore, type MemoryStore } from '../config/memory-source.ts'
import { findUndescribed, type OpenApi } from '../openapi-answer.ts'
import { createMemoryReplay, type MemoryReplay } from '../policy/single-use/memory-replay.ts'
import { startIssuer, type TestIssuer } from '../token/issuer.ts'

export const ISSUER_URL = 'http://127.0.0.1:8787'

export interface World {
  readonly issuer: TestIssuer
  readonly store: MemoryStore
  /** Of requests. */
  readonly records: Exclude<AuditRecord, EventRecord>[]
  /** In the order in which they were told. */
  readonly events: EventRecord[]
  readonly settings: Settings
  readonly attestors: AttestorTable
  /** The store of used evidence. */
  readonly replay: MemoryReplay
  app: GatewayApp
  /** Whether the audit sink takes what it is given. */
  isTakingRecords: boolean
  /** Milliseconds added to the real clock. */
  ahead: number
  /** A cold isolate: nothing in memory, the same store. */
  restart(): void
  /** Puts an AgentAttestation whose `k8s_token` accepts the issuer; `extra` lines go under its config. */
  putPolicy(clusterId: string, extra?: readonly string[]): void
  login(clusterId: string, token: string): Promise<Answer>
  post(path: string, body: BodyInit | null, headers?: Readonly<Record<string, string>>): Promise<Answer>
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  stop(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>> & {
    readonly code?: string
    readonly refusals?: readonly { readonly code: string; readonly detail: string }[]
  }
  readonly text: string
}

interface WorldOptions {
  readonly stateless?: boolean
  readonly issuerUrl?: string
  readonly attestors?: readonly Attestor[]
  /** No store of used evidence. */
  readonly hasNoReplay?: true
  /** Default: all. */
  readonly hostFeatures?: ReadonlySet<HostFeature>
  readonly environment?: Readonly<Record<string, string>>
  readonly peerAddress?: NonNullable<GatewayOptions['peerAddress']>
  /** Default: that of the process, without any guard. */
  readonly fetch?: GatewayOptions['fetch']
}

/**
 * `stateless`: no applied records, so that no document of one test outlives it. `issuerUrl`: one that is not loopback
 * fetches no keys of the issuer here. `attestors`: default are those that ship. `environment`: settings more.
 */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const { stateless = false, issuerUrl = ISSUER_URL, attestors = ATTESTORS } = options
  const issuer = await startIssuer()
  const store = createMemoryStore()
  const records: Exclude<AuditRecord, EventRecord>[] = []
  const events: EventRecord[] = []
  const invalid: string[] = []
  const read = readSettings(
    {
      TRUST_DOMAIN: 'example.org',
      ISSUER_URL: issuerUrl,
      SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
      ALLOW_LOOPBACK_ISSUERS: issuerUrl === ISSUER_URL ? 'true' : 'false',
      SEAL_KEYS: 'A'.repeat(43),
      ...options.environment,
    },
    { canResolve: true },
  )
  if (!read.ok) throw new Error(read.problems.join())
  const settings = read.value

  const make = (): GatewayApp =>
    createGateway({
      settings,
      source: store,
      ...(stateless ? {} : { state: store }),
      module: loadPolicyVm(),
      ...(options.hasNoReplay === true ? {} : { replay: world.replay }),
      attestors,
      hostFeatures: options.hostFeatures ?? EVERY_FEATURE,
      ...(options.peerAddress === undefined ? {} : { peerAddress: options.peerAddress }),
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      clock: () => Date.now() + world.ahead,
      // No test waits for a deletion, or for a store that hangs.
      sleep(millis, signal) {
        const isLate = millis === REPLAY_TIMEOUT_MILLIS && world.replay.trouble === 'hang'
        return isLate || millis === ABSENCE_RECHECK_MILLIS ? Promise.resolve() : sleep(millis, signal)
      },
      audit(record) {
        if (!world.isTakingRecords) return false
        // Whatever a test does: the schema of the stream describes its lines.
        invalid.push(...findLineFaults(record))
        if ('requestId' in record) records.push(record)
        else events.push(record)
        return true
      },
    })

  async function request(path: string, init: RequestInit): Promise<Answer> {
    const response = await world.app.request(path, init)
    // Without the newline at its end, which every answer has.
    const text = (await response.text()).replace(/\n$/, '')
    // Whatever a test asks: what clients are generated from describes the answer.
    const undescribed = findUndescribed(
      await describedBy(world.app),
      { method: init.method ?? 'GET', path },
      { status: response.status, headers: response.headers, text },
    )
    if (invalid.length > 0)
      throw new Error(`schemas/audit-record.json does not describe a record: ${invalid.join('\n')}`)
    if (undescribed.length > 0) throw new Error(`/openapi.json does not describe an answer: ${undescribed.join('\n')}`)
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) }
  }

  const world: World = {
    issuer,
    store,
    records,
    events,
    settings,
    attestors: createAttestorTable(attestors),
    replay: createMemoryReplay(() => Date.now() + world.ahead),
    ahead: 0,
    isTakingRecords: true,
    app: undefined as unknown as GatewayApp,
    restart() {
      world.app = make()
    },
    putPolicy(clusterId, extra = []) {
      store.put(`clusters/${clusterId}/AgentAttestation`, policyText(issuer.issuer, extra))
    },
    login: (clusterId, token) =>
      world.post(
        `/v1/clusters/${clusterId}/login`,
        JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
      ),
    post: (path, body, headers = { 'Content-Type': 'application/json' }) =>
      request(path, { method: 'POST', headers, body }),
    get: (path, headers = {}) => request(path, { headers }),
    stop: issuer.stop,
  }
  world.restart()
  return world
}

const descriptions = new WeakMap<GatewayApp, OpenApi>()

async function describedBy(app: GatewayApp): Promise<OpenApi> {
  const known = descriptions.get(app)
  if (known !== undefined) return known
  const described = (await (await app.request('/openapi.json')).json()) as OpenApi
  descriptions.set(app, described)
  return described
}

export function policyText(issuer: string, extra: readonly string[] = []): string {
  return [
    'section: AgentAttestation',
    'schema: v1',
    'spec:',
    '  policies:',
    '    - name: k8s_policy',
    '      requiredAttestors:',
    '        - type: k8s_token',
    '          config:',
    `            issuerURL: ${issuer}`,
    ...extra.map((line) => `            ${line}`),
    '',
  ].join('\n')
}
