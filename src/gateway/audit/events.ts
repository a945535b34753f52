// What the gateway reports other than records of requests: a closed table of events and their fields. Events are
// written to the stream of audit records, one per change and isolate, with the same bounds, and without secrets: a
// field that the table does not list is not written.
import type { StoredEvent } from '../../config/live/cache.ts'
import type { Clock } from '../../core/clock.ts'
import { formatInstantMillis } from '../../core/instant.ts'
import { AUDIT_RECORD_MAX_BYTES, EVENT_ENTRIES_MAX } from '../../core/limits.ts'
import type { ReplayEvent } from '../../policy/single-use/single-use.ts'
import type { IssuerFetchEvent } from '../../token/keys/key-source-events.ts'
import type { RequestsLimited } from '../limit/anonymous-limit.ts'
import { boundFacts, createAuditSpace, type Facts } from './audit-space.ts'
import type { GatewayStarted } from './start-event.ts'

export interface GatewayStopping {
  readonly event: 'stopping'
  readonly signal: string
}

/** The audit stream accepts records again; requests were refused meanwhile, because their records were not accepted. */
export interface AuditRecovered {
  readonly event: 'audit_recovered'
  readonly reason: string
  /** Since when none was accepted. RFC 3339. */
  readonly since: string
  readonly refused: number
}

export type GatewayEvent =
  | GatewayStarted
  | GatewayStopping
  | AuditRecovered
  | StoredEvent
  | IssuerFetchEvent
  | ReplayEvent
  | RequestsLimited

/** An event, once per change. If a list is shortened, `<name>Omitted` counts the rest. */
export type EventRecord = { readonly v: 1; readonly time: string } & GatewayEvent

type EventName = GatewayEvent['event']
type FieldsOf<Name extends EventName> = Exclude<keyof Extract<GatewayEvent, { readonly event: Name }>, 'event'>

interface EventRow<Name extends EventName> {
  readonly when: string
  /** In the order in which they are written, each with its description. */
  readonly fields: { readonly [Field in FieldsOf<Name>]-?: string }
}

const KEY = 'the document: `clusters/<id>/<Section>` or `trust-domain/<Section>`'
const DIGEST = 'SHA-256 of the stored document'
const SOURCE = 'where the keys come from: the issuer, or the `jwksURI` of the policy'
const ISSUES = 'the first issues, each with line, column and code; `issuesOmitted` counts the others'

export const EVENTS: { readonly [Name in EventName]: EventRow<Name> } = {
  started: {
    when: 'The gateway starts to serve. On Workers: at the first request of an isolate.',
    fields: {
      version: 'of Postern',
      host: '`node`, `deno` or `workers`, with its version if it has one',
      url: 'where it listens; absent on Workers',
      trustDomain: '`TRUST_DOMAIN`',
      issuerUrl: '`ISSUER_URL`',
      audience: 'the audience that evidence must have by default',
      sessionKeyIds:
        'key ids of `SESSION_SIGNING_KEYS`, the one that signs first; `sessionKeyIdsOmitted` counts the others',
      sealKeys: 'the number of `SEAL_KEYS`; with 0 no applied record is kept',
      keepsRecords: 'whether applied records are kept: there are seal keys and a state store',
      replayStore: 'the store of used evidence: `durable_object`, `redis`, `sqlite`, or `none`',
      replayScope:
        '`shared` by all instances; or `instance`: what was used on another machine is not known here. Absent without a store',
      sessionTtlSeconds: '`SESSION_TTL_SECONDS`',
      clockSkewSeconds: '`CLOCK_SKEW_SECONDS`',
      allowLoopbackIssuers: '`ALLOW_LOOPBACK_ISSUERS`: `true` is for development alone',
      privateIssuers: '`PRIVATE_ISSUERS`; `privateIssuersOmitted` counts the others',
      webhooks: 'the origins of `WEBHOOKS`; `webhooksOmitted` counts the others',
      httpDnsNetworks: '`HTTP_DNS_NETWORKS`; absent if it is not set; `httpDnsNetworksOmitted` counts the others',
      anonymousPerMinute: '`ANONYMOUS_PER_MINUTE`; with 0 requests that verify nothing are not limited',
      clientAddress:
        'where the address of a client comes from: `socket`, `cf-connecting-ip`, or the header of `CLIENT_ADDRESS_HEADER`',
    },
  },
  stopping: {
    when: 'The gateway received a signal to stop, and finishes the requests in progress (Node and Deno).',
    fields: { signal: 'the signal' },
  },
  audit_recovered: {
    when: 'Standard output accepts audit records again (Node and Deno). Meanwhile requests were refused, without a record.',
    fields: {
      reason: 'why it accepted none',
      since: 'since when',
      refused: 'the number of requests that were refused',
    },
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
    when: 'A stored document does not compile. The last valid version stays in force.',
    fields: {
      key: KEY,
      digest: DIGEST,
      issues: ISSUES,
      inForceDigest:
        'the version that stays in force; absent if nothing is in force: then requests are answered with 503',
    },
  },
  config_contested: {
    when: 'A stored document does not compile, and which valid version was the last is unknown: nothing is in force.',
    fields: { key: KEY, digest: DIGEST, issues: ISSUES },
  },
  config_deleted: {
    when: 'A document that this isolate had in memory was deleted from the store.',
    fields: { key: KEY, previousDigest: 'the version that was in force' },
  },
  state_write_failed: {
    when: 'An applied record could not be written, or read before it: an isolate that starts now may not know this version.',
    fields: { key: KEY, digest: 'the version; absent for a deletion', reason: 'the error of the state store' },
  },
  store_failed: {
    when: 'The configuration store could not be read. Copies in memory serve for up to an hour.',
    fields: { key: 'the first document that could not be read', reason: 'the error of the store' },
  },
  store_recovered: {
    when: 'The configuration store can be read again.',
    fields: { key: 'the document whose read shows it', failedSeconds: 'seconds since `store_failed`' },
  },
  replay_store_failed: {
    when: 'The store of used evidence did not answer. Logins by policies with `singleUse` are answered with 503 meanwhile.',
    fields: { store: 'as in `started`', reason: 'the error of the store' },
  },
  replay_store_recovered: {
    when: 'The store of used evidence answers again.',
    fields: { store: 'as in `started`', failedSeconds: 'seconds since it first failed' },
  },
  requests_limited: {
    when: 'Requests were refused with `rate_limited`: at the first one, then at most once a minute. They have no records.',
    fields: {
      refused: 'the number of refused requests since the last such event',
      clients: 'the first five of their clients: IPv4 addresses, /64 networks of IPv6, or `unknown`',
    },
  },
  issuer_fetch_failed: {
    when: 'Keys could not be fetched, even if older ones still serve; repeated if the kind of failure changes.',
    fields: {
      source: SOURCE,
      url: 'the document that could not be fetched: the discovery document, or the key set',
      cause: 'the kind of failure: see issuer-failures.md',
      reason: 'the failure as a sentence',
      nextStep: 'what to do about it',
      keysInHand:
        'the number of older keys, which serve for up to 24 h; with 0 logins of this issuer are answered with 503',
    },
  },
  issuer_fetch_recovered: {
    when: 'Keys were fetched again.',
    fields: {
      source: SOURCE,
      failures: 'consecutive fetches that had failed',
      keysInHand: 'the number of keys that were fetched',
    },
  },
}

/** Makes the record of an event, with the fields that the table lists. */
export function recordEvent(event: GatewayEvent, nowMillis: number): EventRecord {
  const head = { v: 1, time: formatInstantMillis(nowMillis), event: event.event } as const
  const given: Readonly<Record<string, Facts[string] | undefined>> = { ...event }
  const facts = Object.keys(EVENTS[event.event].fields).flatMap((field) => {
    const value = given[field]
    return value === undefined ? [] : [[field, value] as const]
  })
  const space = createAuditSpace(AUDIT_RECORD_MAX_BYTES, head)
  // The fields come from the table's row for this event.
  return { ...head, ...boundFacts(Object.fromEntries(facts), space, EVENT_ENTRIES_MAX) } as EventRecord
}

/**
 * Creates the port for events. An event that the sink does not accept is lost: a read of the configuration or a fetch
 * of keys must not fail because it could not be reported.
 */
export function createEventReporter(audit: (record: EventRecord) => void, clock: Clock): (event: GatewayEvent) => void {
  return (event) => {
    try {
      audit(recordEvent(event, clock()))
    } catch {
      // The record of the next request fails in the same way, and that request is refused.
    }
  }
}
