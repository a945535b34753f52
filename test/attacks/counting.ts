// What each request of a kind costs, counted at the ports of a gateway in this process: reads and writes of the stores,
// fetches, bytes of audit records, answers and request bodies.
import type { Clock } from '../../src/core/clock.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import type { GatewayApp } from '../../src/gateway/services.ts'
import { createGuardedFetch } from '../../src/runtime/http/guarded-fetch.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import { makeSessionSigningKeys } from '../../src/token/session/make-session-keys.ts'
import { createMemoryStore } from '../config/memory-source.ts'
import type { Issuers } from './issuers.ts'
import { type AttackRequest, COUNT, type Costs, type Kind, type Site } from './kind.ts'
import { listDocuments } from './kinds.ts'
import { makeLogin } from './tokens.ts'

export interface Counted {
  /** The most that one request of the kind costs, by port. */
  readonly each: Costs
  /** The most that one of them costs when it is sent again. */
  readonly again: Costs
  readonly all: Costs
  /** Statuses that came, and how often. */
  readonly statuses: ReadonlyMap<number, number>
  /** Audit records that say that the gateway failed. */
  readonly faults: number
  /** Events that those requests caused together, and those that were sent again. */
  readonly events: number
  readonly againEvents: number
  /** CPU of this process by request, the attacker's part included; and of those that are sent again. */
  readonly cpuMillis: number
  readonly againCpuMillis: number
}

export interface CountingGateway {
  /** Sends one request and waits for all that it leaves to be done after the answer. */
  send(request: AttackRequest): Promise<{ readonly status: number; readonly body: string; readonly costs: Costs }>
  faults(): number
  /** Number of events, which are audit records that do not belong to a request. */
  events(): number
}

const NONE: Costs = { reads: 0, writes: 0, fetches: 0, auditBytes: 0, answerBytes: 0, bodyBytes: 0 }
export const PORTS = Object.keys(NONE) as readonly (keyof Costs)[]

/** How many requests of a kind are sent again. */
const AGAIN_MAX = 24

/** A cold gateway over `documents`. */
export async function createCountingGateway(
  documents: Readonly<Record<string, string>>,
  clock: Clock,
): Promise<CountingGateway> {
  const settings = readSettings(
    {
      TRUST_DOMAIN: 'example.org',
      ISSUER_URL: 'http://127.0.0.1:8787',
      SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
      ALLOW_LOOPBACK_ISSUERS: 'true',
      SEAL_KEYS: 'A'.repeat(43),
    },
    { canResolve: true },
  )
  if (!settings.ok) throw new Error(settings.problems.join())
  const store = createMemoryStore(documents)
  const fetchGuarded = createGuardedFetch({ allowLoopback: true, privateOrigins: new Set() })
  let now = NONE
  let faults = 0
  let events = 0
  const add = (port: keyof Costs, by = 1): void => {
    now = { ...now, [port]: now[port] + by }
  }

  const counted = {
    read(key: string) {
      add('reads')
      return store.read(key)
    },
    write(key: string, bytes: Uint8Array<ArrayBuffer>) {
      add('writes')
      return store.write(key, bytes)
    },
    delete(key: string) {
      add('writes')
      return store.delete(key)
    },
  }
  const app: GatewayApp = createGateway({
    settings: settings.value,
    source: counted,
    state: counted,
    module: loadPolicyVm(),
    fetch(url, init) {
      add('fetches')
      return fetchGuarded(url, init)
    },
    clock,
    sleep: (millis, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, millis)
        signal?.addEventListener('abort', () => clearTimeout(timer))
      }),
    audit(record) {
      if (!('requestId' in record)) {
        events++
        return true
      }
      if (record.event === 'fault') faults++
      add('auditBytes', Buffer.byteLength(JSON.stringify(record)))
      return true
    },
  })

  return {
    async send(request) {
      now = NONE
      const after: Promise<unknown>[] = []
      const waitUntil = (work: Promise<unknown>): number => after.push(work)
      const context = { waitUntil, passThroughOnException: () => undefined, props: {} }
      const response = await app.request(
        request.path,
        makeInit(request, (bytes) => add('bodyBytes', bytes)),
        {},
        context,
      )
      const body = Buffer.from(await response.arrayBuffer())
      add('answerBytes', body.length)
      // What runs after the answer may hand on more of it.
      for (const work of after) await work
      return { status: response.status, body: body.toString(), costs: now }
    },
    faults: () => faults,
    events: () => events,
  }
}

/** Sends the requests of a kind to a gateway that has answered one good login, and then some of them again. */
export async function countKind(kind: Kind, issuers: Issuers): Promise<Counted> {
  // The clock does not advance: however slow the machine is, no cache entry expires and no bucket refills.
  const startMillis = Date.now()
  const now = (): number => startMillis
  const site: Site = { issuers: issuers.origin, goodToken: await issuers.mint(), scale: 'small', now }
  const gateway = await createCountingGateway(listDocuments(kind, issuers.origin, 'small'), now)
  const { status } = await gateway.send(makeLogin('base', site.goodToken))
  if (status !== 200) throw new Error(`the good login was answered with ${status}`)

  const eventsBefore = gateway.events()
  const statuses = new Map<number, number>()
  const requests: AttackRequest[] = []
  let [each, again, all] = [NONE, NONE, NONE]
  const readCpu = startCpu()
  const count = kind.count ?? COUNT
  for (let index = 0; index < count; index++) {
    const request = kind.request(index, site)
    if (index >= count - AGAIN_MAX) requests.push(request)
    const answer = await gateway.send(request)
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    each = combine(each, answer.costs, Math.max)
    all = combine(all, answer.costs, (sum, cost) => sum + cost)
  }
  const cpuMillis = readCpu() / count
  const eventsOnce = gateway.events()
  const readCpuAgain = startCpu()
  for (const request of requests) again = combine(again, (await gateway.send(request)).costs, Math.max)
  const againCpuMillis = readCpuAgain() / requests.length
  return {
    each,
    again,
    all,
    statuses,
    faults: gateway.faults(),
    events: eventsOnce - eventsBefore,
    againEvents: gateway.events() - eventsOnce,
    cpuMillis,
    againCpuMillis,
  }
}

/** Milliseconds of CPU since it was called. */
export function startCpu(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
}

function combine(one: Costs, other: Costs, how: (a: number, b: number) => number): Costs {
  return Object.fromEntries(PORTS.map((port) => [port, how(one[port], other[port])])) as unknown as Costs
}

const CHUNK_BYTES = 16 * 1024

/** Makes the request as a host passes it on: its body is a stream that is read on demand. */
function makeInit({ method, headers = {}, body, chunked, hangsUp }: AttackRequest, onRead: (bytes: number) => void) {
  if (body === undefined) return { method, headers }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  let at = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (hangsUp === true && at >= bytes.length / 2) return controller.error(new Error('the client hung up'))
        if (at >= bytes.length) return controller.close()
        const chunk = bytes.subarray(at, at + CHUNK_BYTES)
        at += chunk.length
        onRead(chunk.length)
        controller.enqueue(chunk)
      },
    },
    { highWaterMark: 0 },
  )
  const length = chunked === true ? {} : { 'Content-Length': String(bytes.length) }
  return { method, headers: { ...headers, ...length }, body: stream, duplex: 'half' } as RequestInit
}
