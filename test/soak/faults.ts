// What can be broken, one row each: where it can be, what it may cost while it lasts, and how soon everything must be well again.
// Whatever a row does not name must go on: every login that should be admitted is, within its bound.
import type { HostName } from '../conformance/hosts.ts'

/**
 * Agents that should be admitted: `good` by the issuer and the document that faults concern, `other` by an issuer and a document of
 * their own, `once` by a policy with `singleUse`.
 */
export const LANES = ['good', 'other', 'once'] as const
export type Lane = (typeof LANES)[number]

/** What the gateway runs on: a directory and SQLite; Redis for documents and used evidence; Workers KV and Durable Objects. */
export type Profile = 'files' | 'redis' | 'kv'

/** Programs and rights of the machine. What is missing leaves faults out, and the report says which. */
export type Need = 'root' | 'redis' | 'faketime'

export const PROFILES: Readonly<Record<HostName, readonly Profile[]>> = {
  node: ['files', 'redis'],
  deno: ['files', 'redis'],
  workerd: ['kv'],
}

export type Family = 'issuer' | 'document' | 'store' | 'process' | 'clients' | 'clock' | 'records' | 'replay'

/** A status and the code of the answer, or of the first refused evidence: `503 replay_unavailable`. `0`: no answer. */
export type Answer = string

export interface Fault {
  readonly family: Family
  readonly on: readonly Profile[]
  /** What it needs on Node and Deno. */
  readonly needs?: Need
  /** One line for the page. */
  readonly does: string
  /** Seconds: at least, at most. */
  readonly lasts: readonly [number, number]
  /** Seconds after its end within which the answers of `may` are still allowed, and none later; then `/readyz` answers 200, too. */
  readonly recovers: number
  /** What else than 200 may be answered, by lane. A lane that is absent must not notice. */
  readonly may: Partial<Readonly<Record<Lane, readonly Answer[]>>>
  /** Milliseconds within which lanes of `may` are answered; all others within {@link WELL_MILLIS}. */
  readonly withinMillis?: number
  /** No request of any kind may be answered meanwhile: there is no process. */
  readonly isDown?: boolean
}

/** A login that nothing concerns is answered within this. */
export const WELL_MILLIS = 3_000

const ALL: readonly Profile[] = ['files', 'redis', 'kv']

function forEvery(...answers: readonly Answer[]): Readonly<Record<Lane, readonly Answer[]>> {
  return { good: answers, other: answers, once: answers }
}

/** A key that the gateway does not have is fetched at once twice, then once per 30 s: docs/security.md. */
const KEYS_MISSING: readonly Answer[] = ['401 signing_key_unknown', '503 signing_key_unavailable']
const KEYS_SECONDS = 35

const UNRECORDED = forEvery('503 audit_unavailable')

export const FAULTS = {
  issuer_down: {
    family: 'issuer',
    on: ALL,
    does: 'The issuer cuts every connection, and signs with a key that the gateway has not seen.',
    lasts: [4, 8],
    recovers: KEYS_SECONDS,
    may: { good: KEYS_MISSING },
    withinMillis: 12_000,
  },
  issuer_slow: {
    family: 'issuer',
    on: ALL,
    does: 'The issuer takes 4 s to answer 503, and signs with a key that the gateway has not seen.',
    lasts: [4, 8],
    recovers: KEYS_SECONDS,
    may: { good: KEYS_MISSING },
    withinMillis: 12_000,
  },
  issuer_lying: {
    family: 'issuer',
    on: ALL,
    does: 'The issuer publishes a key of somebody else, and a symmetric key under the name of its own; tokens by both are sent.',
    lasts: [4, 8],
    recovers: KEYS_SECONDS,
    may: { good: [...KEYS_MISSING, '401 signing_key_unusable'] },
    withinMillis: 12_000,
  },
  issuer_rotating: {
    family: 'issuer',
    on: ALL,
    does: 'The issuer signs with a new key every second.',
    lasts: [5, 9],
    recovers: KEYS_SECONDS,
    may: { good: KEYS_MISSING },
    withinMillis: 12_000,
  },
  document_bad: {
    family: 'document',
    on: ALL,
    does: 'A document is stored that does not compile.',
    lasts: [4, 20],
    recovers: 0,
    may: {},
  },
  document_torn: {
    family: 'document',
    on: ['files'],
    does: 'A document is written in place and in halves; its first half admits every account of the namespace.',
    lasts: [4, 8],
    recovers: 0,
    may: {},
  },
  document_replaced: {
    family: 'document',
    on: ALL,
    does: 'A document is replaced by one whose policy has another name.',
    lasts: [1, 2],
    recovers: 0,
    may: {},
  },
  document_deleted: {
    family: 'document',
    on: ALL,
    does: 'A document is deleted, and another one stored later.',
    lasts: [4, 20],
    recovers: 75,
    may: { good: ['403 login_refused', '404 cluster_unknown'] },
  },
  write_killed: {
    family: 'document',
    on: ['files', 'redis'],
    does: '`postern config set` is killed at random points of its write, again and again.',
    lasts: [6, 10],
    recovers: 0,
    may: {},
  },
  store_gone: {
    family: 'store',
    on: ALL,
    does: 'The store of documents fails: its directory is away, its server is killed, its binding throws.',
    lasts: [4, 12],
    recovers: 6,
    may: {},
  },
  store_slow: {
    family: 'store',
    on: ['redis', 'kv'],
    does: 'The store of documents holds every answer back for as long as this lasts, or for 4 s (KV).',
    lasts: [4, 12],
    recovers: 6,
    may: {},
  },
  store_old: {
    family: 'store',
    on: ALL,
    does: 'After a change the store returns the old document and the new one in turn.',
    lasts: [4, 8],
    recovers: 0,
    may: {},
  },
  state_full: {
    family: 'store',
    on: ['files'],
    needs: 'root',
    does: 'The disk of the state directory is full: applied records and used evidence cannot be written. A document is replaced meanwhile.',
    lasts: [4, 12],
    recovers: 4,
    may: { once: ['503 replay_unavailable'] },
    withinMillis: 8_000,
  },
  replay_down: {
    family: 'replay',
    on: ALL,
    does: 'The store of used evidence fails: SQLite is locked by another process, Redis is killed or paused, the binding of the Durable Object throws or hangs.',
    lasts: [4, 8],
    recovers: 6,
    may: { once: ['503 replay_unavailable'] },
    withinMillis: 6_000,
  },
  records_full: {
    family: 'records',
    on: ['files'],
    needs: 'root',
    does: 'The disk of the audit records is full.',
    lasts: [4, 8],
    recovers: 4,
    may: UNRECORDED,
  },
  reader_stalled: {
    family: 'records',
    on: ['redis'],
    does: 'The reader of the audit records stops reading, more than 1 MiB is recorded, and it reads on.',
    lasts: [5, 8],
    recovers: 6,
    may: UNRECORDED,
  },
  reader_gone: {
    family: 'records',
    on: ['redis'],
    does: 'The reader of the audit records ends, and another one opens the same pipe later.',
    lasts: [4, 8],
    recovers: 6,
    may: UNRECORDED,
  },
  reader_lost: {
    family: 'records',
    on: ['redis'],
    does: 'The reader of the audit records ends for good. A supervisor restarts the gateway, which ends with status 1.',
    lasts: [3, 5],
    recovers: 4,
    may: forEvery('503 audit_unavailable', '0'),
    withinMillis: 30_000,
    isDown: true,
  },
  half_open: {
    family: 'clients',
    on: ['files', 'redis'],
    does: '2,000 clients send half of a body, and nothing more.',
    lasts: [6, 12],
    recovers: 3,
    may: {},
  },
  crowd: {
    family: 'clients',
    on: ALL,
    does: '3,000 clients (KV: 600) connect, and half of them send a part of a header.',
    lasts: [6, 12],
    recovers: 3,
    may: {},
  },
  killed: {
    family: 'process',
    on: ALL,
    does: 'The gateway is killed at a random moment after a document was replaced, and started again.',
    lasts: [1, 2],
    recovers: 4,
    may: forEvery('0'),
    withinMillis: 30_000,
    isDown: true,
  },
  clock_forward: {
    family: 'clock',
    on: ALL,
    needs: 'faketime',
    does: 'The clock steps forward, by 5 s to 2 h, and stays there. A document is replaced at the same time.',
    lasts: [2, 3],
    recovers: 0,
    may: {},
  },
  clock_back: {
    family: 'clock',
    on: ALL,
    needs: 'faketime',
    does: 'The clock steps back, by 5 s to 2 h, and stays there. A document is replaced at the same time.',
    lasts: [2, 3],
    recovers: 0,
    may: {},
  },
} as const satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof FAULTS

export function findFault(name: FaultName): Fault {
  return FAULTS[name]
}

/** The faults of a profile that this machine can make. */
export function listFaults(profile: Profile, has: ReadonlySet<Need>): readonly FaultName[] {
  return (Object.keys(FAULTS) as FaultName[]).filter((name) => {
    const { on, needs } = findFault(name)
    // The clock of a Worker is stepped by the entry of the test.
    return on.includes(profile) && (needs === undefined || profile === 'kv' || has.has(needs))
  })
}
