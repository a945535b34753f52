// The types of audit records: one for each login, claims request, serverless request, introspection, refused status, refused
// challenge, fault and event. A
// record holds what an operator needs to diagnose the request, including facts that the caller must not see. It never
// holds a token: evidence is identified by the SHA-256 of its decoded signing input. `login-record.ts` and
// `claims-record.ts` make and bound the records.

import type { Claimed } from '../../attest/claimed.ts'
import type { Attribute } from '../../attribute/attribute.ts'
import { FAULT_FRAME_MAX_LENGTH, FAULT_FRAMES_MAX } from '../../core/limits.ts'
import { printable, printableJson } from '../../core/printable.ts'
import type { AuditedFacts, AuditedRefusal } from './audit-space.ts'
import type { EventRecord } from './events.ts'

/** The version of a section that a request used. */
export interface ConfigurationUsed {
  /** Its name; for a document of the trust domain its key, if clusters have a section of the same name. */
  readonly section: string
  readonly digest: string
  readonly stale: boolean
}

/** The members that every record has. */
interface RecordHead {
  readonly v: 1
  readonly time: string
  readonly requestId: string
  /** From the arrival of the request to its record, in milliseconds. */
  readonly durationMs: number
  /** The trace of the caller and its span, from a `traceparent` that is well-formed (W3C Trace Context). */
  readonly traceId?: string
  readonly parentId?: string
}

export interface FaultRecord extends RecordHead {
  readonly event: 'fault'
  readonly error: string
}

export interface LoginRecord extends RecordHead, AuditedFacts {
  readonly event: 'login'
  /** Absent where an issuer logs in. */
  readonly clusterId?: string
  readonly status: number
  readonly outcome: 'admitted' | 'refused'
  readonly code?: string
  readonly reason?: string
  readonly detail?: string
  /** The policies that decided. */
  readonly configuration?: ConfigurationUsed
  /** Other sections that were used, such as certificates for an attestor. */
  readonly otherConfiguration?: readonly ConfigurationUsed[]
  readonly evidence?: readonly AuditedEvidence[]
  readonly policy?: string
  readonly session?: { readonly id: string; readonly subject: string; readonly expiresAt: string }
  /** Those of the session; for a refused login those that were verified. */
  readonly attributes?: readonly Attribute[]
  readonly attributesOmitted?: number
  /** For each evidence: the refusal of its own verification, or else that of the nearest policy. */
  readonly refusals?: readonly AuditedRefusal[]
  readonly refusalsOmitted?: number
  /** The number of policies that the evidence could have satisfied but that did not admit. */
  readonly policiesTried?: number
  /** Those of them with refusals of their own; refusals of the evidence itself are not repeated here. */
  readonly policies?: readonly AuditedPolicy[]
  readonly policiesOmitted?: number
  /** The services that were called, in the order in which the calls ended. */
  readonly callOuts?: readonly AuditedCallOut[]
  readonly callOutsOmitted?: number
}

/** One call of another service. */
export interface AuditedCallOut {
  /** The attestor. */
  readonly type: string
  readonly origin: string
  /** Of the call, as the service knows it; not that of this record. */
  readonly requestId: string
  readonly tries: number
  readonly durationMs: number
  readonly outcome: 'allowed' | 'denied' | 'failed'
  /** What the service says. */
  readonly reason?: string
}

export interface AuditedEvidence {
  readonly type: string
  readonly digest?: string
  /**
   * What the evidence claims, UNVERIFIED: for a refused login, and for evidence that an admitted login did not need.
   */
  readonly claimed?: AuditedClaimed
}

/** {@link Claimed}, bounded and printable; what did not fit is counted. */
export type AuditedClaimed = Readonly<Record<string, string | number | boolean | readonly string[]>>

export interface AuditedPolicy {
  readonly policy: string
  readonly refusals: readonly AuditedRefusal[]
}

interface SessionUsed {
  readonly id: string
  readonly subject: string
}

/** A claims request: refused as a whole, or with the numbers of granted and refused workloads. */
export interface MappingRecord extends RecordHead, AuditedFacts {
  readonly event: 'mapping'
  readonly clusterId: string
  readonly status: number
  /** `refused` if any workload was. */
  readonly outcome: 'granted' | 'refused'
  readonly code?: string
  readonly detail?: string
  readonly configuration?: readonly ConfigurationUsed[]
  /** The issuer's session, and the agent's. */
  readonly issuer?: SessionUsed
  readonly agent?: SessionUsed
  readonly workloads?: number
  readonly granted?: number
  readonly refused?: number
  readonly refusals?: readonly AuditedWorkload[]
  readonly refusalsOmitted?: number
}

/**
 * A workload without an agent that asked for its identity, by an issuer: what its evidence was and proved, as in the record of a
 * login, and the identity that it was given.
 */
export interface ServerlessRecord
  extends Omit<LoginRecord, 'event' | 'outcome' | 'session' | 'configuration' | 'otherConfiguration'> {
  readonly event: 'serverless'
  readonly outcome: 'granted' | 'refused'
  readonly configuration?: readonly ConfigurationUsed[]
  readonly issuer?: SessionUsed
  /** The identity, if it was granted. */
  readonly spiffeId?: string
  /** If the policy was satisfied and its identity could not be rendered: the attribute at fault, and where it was to be used. */
  readonly attribute?: string
  readonly surface?: string
}

/** A refused workload, with what the deployment expects, such as the condition that could not be evaluated. */
export interface AuditedWorkload extends AuditedFacts {
  readonly id: string
  readonly code: string
  readonly attribute?: string
  readonly surface?: string
}

/** A refused status request: who asked for which cluster, and why it was refused. */
export interface StatusRecord extends RecordHead, AuditedFacts {
  readonly event: 'status'
  /** Absent for the status of all clusters. */
  readonly clusterId?: string
  readonly status: number
  readonly outcome: 'refused'
  readonly code: string
  readonly detail: string
  readonly configuration?: readonly ConfigurationUsed[]
  readonly issuer?: SessionUsed
}

/** An introspection: who asked, and whether the session may be used. */
export interface IntrospectionRecord extends RecordHead, AuditedFacts {
  readonly event: 'introspection'
  readonly status: number
  readonly outcome: 'answered' | 'refused'
  /** Only if it was answered. */
  readonly active?: boolean
  /** Why the request was refused, or why the session may not be used. */
  readonly code?: string
  readonly detail?: string
  readonly configuration?: readonly ConfigurationUsed[]
  readonly issuer?: SessionUsed
  /** The session that was asked about, if it verified and the caller may act for its cluster. */
  readonly session?: SessionUsed & { readonly clusterId: string }
}

/** A refused challenge request. An answered one has no record: the login that uses the challenge has one. */
export interface ChallengeRecord extends RecordHead, AuditedFacts {
  readonly event: 'challenge'
  /** Absent where an issuer asks. */
  readonly clusterId?: string
  readonly status: number
  readonly outcome: 'refused'
  readonly code: string
  readonly detail: string
  /** The attestor that refused, and its own code. */
  readonly attestor?: string
  readonly cause?: string
  readonly configuration?: readonly ConfigurationUsed[]
}

/**
 * Accepts audit records. A host implements it. It must neither block nor throw.
 *
 * @returns `false` if the record was not accepted and will not be written: its request is then refused with 503
 *   `audit_unavailable`
 * @example const audit: AuditSink = (record) => writer.write(formatAuditLine(record))
 */
export type AuditSink = (record: AuditRecord) => boolean

export type AuditRecord =
  | LoginRecord
  | ChallengeRecord
  | MappingRecord
  | ServerlessRecord
  | StatusRecord
  | IntrospectionRecord
  | FaultRecord
  | EventRecord

/**
 * Formats a record as one line of JSON, without the newline. Terminal control characters are escaped; the JSON value is
 * that of the record.
 */
export function formatAuditLine(record: AuditRecord): string {
  return printableJson(record)
}

/** Wraps a sink: if it throws, the record counts as not accepted. */
export function guardSink(sink: AuditSink): AuditSink {
  return (record) => {
    try {
      return sink(record)
    } catch {
      return false
    }
  }
}

/**
 * Describes an error by its name and stack frames. Its message may hold anything, including a token, so it is dropped.
 */
export function describeFault(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return [error.name, ...frames.slice(0, FAULT_FRAMES_MAX)]
    .map((line) => printable(line, FAULT_FRAME_MAX_LENGTH))
    .join('\n')
}
