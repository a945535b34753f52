// Everything that the gateway reports besides records of requests: one closed table of events and their fields. They go
// out in the stream of the audit records, one per change and isolate, bounded as records are, and without secrets: a field
// that the table does not list is not written.
import type { StoredEvent } from '../../config/live/cache.ts'
import type { Clock } from '../../core/clock.ts'
import { formatInstantMillis } from '../../core/instant.ts'
import { AUDIT_RECORD_MAX_BYTES, EVENT_ENTRIES_MAX } from '../../core/limits.ts'
import type { IssuerFetchEvent } from '../../token/keys/key-source-events.ts'
import { boundFacts, createAuditSpace, type Facts } from './audit-space.ts'
import type { GatewayStarted } from './start-event.ts'

export interface GatewayStopping {
  readonly event: 'stopping'
  readonly signal: string
}

/** The audit stream takes records again; requests were refused meanwhile, because their records could not be taken. */
export interface AuditRecovered {
  readonly event: 'audit_recovered'
  readonly reason: string
  /** Since when none was taken. */
  readonly since: string
  readonly refused: number
}

export type GatewayEvent = GatewayStarted | GatewayStopping | AuditRecovered | StoredEvent | IssuerFetchEvent

/** What happens besides requests, once per change. Where a list is shortened, `<name>Omitted` counts the rest. */
export type EventRecord = { readonly v: 1; readonly time: string } & GatewayEvent

type EventName = GatewayEvent['event']
type FieldsOf<Name extends EventName> = Exclude<keyof Extract<GatewayEvent, { readonly event: Name }>, 'event'>

interface EventRow<Name extends EventName> {
  readonly when: string
  /** In the order in which they are written; all that are optional say so. */
  readonly fields: { readonly [Field in FieldsOf<Name>]-?: string }
}

const KEY = 'the document: `clusters/<id>/<Section>` or `trust-domain/<Section>`'
const DIGEST = 'SHA-256 of the stored document'
const SOURCE = 'where the keys come from: the issuer, or the `jwksURI` of the policy'
const ISSUES = 'the first issues, each with line, column and code; `issuesOmitted` counts the others'

export const EVENTS: { readonly [Name in EventName]: EventRow<Name> } = {
  started: {
    when: 'The gateway serves. On Workers: at the first request of an isolate.',
    fields: {
      version: 'of Postern',
      host: '`node`, `deno` or `workers`, with its version if it has one',
      url: 'where it listens; absent on Workers',
      trustDomain: '`TRUST_DOMAIN`',
      issuerUrl: '`ISSUER_URL`',
      audience: 'what evidence must be meant for by default',
      sessionKeyIds:
        'key ids of `SESSION_SIGNING_KEYS`, the one that signs first; `sessionKeyIdsOmitted` counts the others',
      sealKeys: 'how many `SEAL_KEYS` there are; with 0 no applied record is kept',
      keepsRecords: 'whether applied records are kept: there are seal keys and a state store',
      sessionTtlSeconds: '`SESSION_TTL_SECONDS`',
      clockSkewSeconds: '`CLOCK_SKEW_SECONDS`',
      allowLoopbackIssuers: '`ALLOW_LOOPBACK_ISSUERS`: `true` is for development alone',
      privateIssuers: '`PRIVATE_ISSUERS`; `privateIssuersOmitted` counts the others',
    },
  },
  stopping: {
    when: 'The gateway got a signal to stop, and finishes the requests under way (Node and Deno).',
    fields: { signal: 'the signal' },
  },
  audit_recovered: {
    when: 'Standard output takes audit records again (Node and Deno). Requests were refused meanwhile, without a record.',
    fields: { reason: 'why it took none', since: 'since when', refused: 'how many requests were refused' },
  },
  config_applied: {
    when: 'A stored document compiles and is in force: at its first read in an isolate, and whenever it changes.',
    fields: {
      key: KEY,
      digest: DIGEST,
      previousDigest: 'the version that was in force before, if this isolate knew another one',
    },
  },
  config_refused: {
    when: 'A stored document does not compile. The last good version stays in force.',
    fields: {
      key: KEY,
      digest: DIGEST,
      issues: ISSUES,
      inForceDigest: 'the version that is in force instead; absent where none is, and requests are answered with 503',
    },
  },
  config_contested: {
    when: 'A stored document does not compile, and which good version was the last is unknown: none is in force.',
    fields: { key: KEY, digest: DIGEST, issues: ISSUES },
  },
  config_deleted: {
    when: 'A document that this isolate had is no longer stored.',
    fields: { key: KEY, previousDigest: 'the version that was in force' },
  },
  state_write_failed: {
    when: 'An applied record could not be written, or read to know how: a cold isolate may not know this version.',
    fields: { key: KEY, digest: 'the version; absent for a deletion', reason: 'the error of the state store' },
  },
  store_failed: {
    when: 'The configuration store could not be read. What is in memory serves for up to an hour.',
    fields: { key: 'the first document that could not be read', reason: 'the error of the store' },
  },
  store_recovered: {
    when: 'The configuration store is read again.',
    fields: { key: 'the document whose read shows it', failedSeconds: 'since `store_failed`' },
  },
  issuer_fetch_failed: {
    when: 'Keys could not be fetched, also while older ones are in hand; again if the kind of failure changes.',
    fields: {
      source: SOURCE,
      url: 'the document that could not be fetched: the discovery document, or the key set',
      cause: 'the kind of failure: see issuer-failures.md',
      reason: 'the same as a sentence',
      nextStep: 'what to do about it',
      keysInHand: 'keys that serve meanwhile, for up to 24 h; with 0 logins of this issuer are answered with 503',
    },
  },
  issuer_fetch_recovered: {
    when: 'Keys were fetched again.',
    fields: { source: SOURCE, failures: 'fetches in a row that had failed', keysInHand: 'keys that were fetched' },
  },
}

/** The line of an event. */
export function recordEvent(event: GatewayEvent, nowMillis: number): EventRecord {
  const head = { v: 1, time: formatInstantMillis(nowMillis), event: event.event } as const
  const given: Readonly<Record<string, Facts[string] | undefined>> = { ...event }
  const facts = Object.keys(EVENTS[event.event].fields).flatMap((field) => {
    const value = given[field]
    return value === undefined ? [] : [[field, value] as const]
  })
  const space = createAuditSpace(AUDIT_RECORD_MAX_BYTES, head)
  // The table has just said that these are the fields of this event.
  return { ...head, ...boundFacts(Object.fromEntries(facts), space, EVENT_ENTRIES_MAX) } as EventRecord
}

/**
 * The port for events. What the log does not take is lost: a read of the configuration, or a fetch of keys, must not fail
 * because it could not be reported.
 */
export function createEventReporter(audit: (record: EventRecord) => void, clock: Clock): (event: GatewayEvent) => void {
  return (event) => {
    try {
      audit(recordEvent(event, clock()))
    } catch {
      // A login's own record meets the same log, and says so.
    }
  }
}
