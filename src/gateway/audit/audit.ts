// One structured record for each login, each request for claims and each refused status, and for each event. It holds what the operator
// needs to know within a minute, the facts that the caller must not see among them, and never a token: evidence is named
// by the SHA-256 of its decoded signing input. Records are made by `login-record.ts` and `claims-record.ts`, which bound
// them.

import type { Claimed } from '../../attest/claimed.ts'
import type { Attribute } from '../../attribute/attribute.ts'
import { FAULT_FRAME_MAX_LENGTH, FAULT_FRAMES_MAX } from '../../core/limits.ts'
import { printable, printableJson } from '../../core/printable.ts'
import type { AuditedFacts, AuditedRefusal } from './audit-space.ts'
import type { EventRecord } from './events.ts'

/** The version of a section that a request used. */
export interface ConfigurationUsed {
  /** Its name; its whole key for a document of the trust domain if clusters have a section of that name as well. */
  readonly section: string
  readonly digest: string
  readonly stale: boolean
}

/** What every record says. */
interface RecordHead {
  readonly v: 1
  readonly time: string
  readonly requestId: string
  /** From the arrival of the request to its record, in milliseconds. */
  readonly durationMs: number
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
  /** What else was used to decide, such as certificates that an attestor pins. */
  readonly otherConfiguration?: readonly ConfigurationUsed[]
  readonly evidence?: readonly AuditedEvidence[]
  readonly policy?: string
  readonly session?: { readonly id: string; readonly subject: string; readonly expiresAt: string }
  /** As the session has them; of a refused login what was verified all the same. */
  readonly attributes?: readonly Attribute[]
  readonly attributesOmitted?: number
  /** Of the evidence: what its own verification said, or else the nearest policy. */
  readonly refusals?: readonly AuditedRefusal[]
  readonly refusalsOmitted?: number
  /** Policies that the evidence might have satisfied, and that do not admit. */
  readonly policiesTried?: number
  /** Those among them that refused something by themselves; what is refused in the evidence is not repeated here. */
  readonly policies?: readonly AuditedPolicy[]
  readonly policiesOmitted?: number
}

export interface AuditedEvidence {
  readonly type: string
  readonly digest?: string
  /** Of a refused login, and of evidence that an admitted one did without: what it says of itself, UNVERIFIED. */
  readonly claimed?: AuditedClaimed
}

/** {@link Claimed}, bounded and printable; what did not fit is counted. */
export type AuditedClaimed = Claimed & { readonly [Name in keyof Claimed as `${Name}Omitted`]?: number }

export interface AuditedPolicy {
  readonly policy: string
  readonly refusals: readonly AuditedRefusal[]
}

interface SessionUsed {
  readonly id: string
  readonly subject: string
}

/** One request for claims: refused whole, or with so many workloads granted and refused. */
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

/** With what the deployment expects, such as the condition that could not be evaluated. */
export interface AuditedWorkload extends AuditedFacts {
  readonly id: string
  readonly code: string
  readonly attribute?: string
  readonly surface?: string
}

/** A status that was refused: who asked of which cluster, and why not. */
export interface StatusRecord extends RecordHead, AuditedFacts {
  readonly event: 'status'
  readonly clusterId: string
  readonly status: number
  readonly outcome: 'refused'
  readonly code: string
  readonly detail: string
  readonly configuration?: readonly ConfigurationUsed[]
  readonly issuer?: SessionUsed
}

/** A request for a challenge that was refused. One that was answered has no record: the login that uses it has. */
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
 * Where records go. `false`: the record was not taken, and will not be written; then the request that it tells of is
 * refused. Must neither wait nor throw.
 */
export type AuditSink = (record: AuditRecord) => boolean

export type AuditRecord = LoginRecord | ChallengeRecord | MappingRecord | StatusRecord | FaultRecord | EventRecord

/** One line for the log, without its end. The same JSON value as the record, with nothing in it that steers a terminal. */
export function formatAuditLine(record: AuditRecord): string {
  return printableJson(record)
}

/** Records are a promise: a sink that throws has not taken its record. */
export function guardSink(sink: AuditSink): AuditSink {
  return (record) => {
    try {
      return sink(record)
    } catch {
      return false
    }
  }
}

/** Where the gateway failed. The message of an error may hold anything, a token among it: only name and frames go on. */
export function describeFault(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return [error.name, ...frames.slice(0, FAULT_FRAMES_MAX)]
    .map((line) => printable(line, FAULT_FRAME_MAX_LENGTH))
    .join('\n')
}
