// One structured record per login. It holds what the operator needs to know within a minute, the facts that the caller
// must not see among them, and never a token: evidence is named by the SHA-256 of its decoded signing input.
import type { Attribute } from '../attribute/attribute.ts'
import type { StateWriteFailed } from '../config/upkeep.ts'
import type { Refusal } from '../core/refusal.ts'
import type { EvidenceName, EvidenceRefusal, PolicyTrace } from '../policy/login.ts'

/** Traces of policies in one record; a document of thousands for one issuer must not make a record of megabytes. */
const TRACES_MAX = 20

export interface ConfigurationUsed {
  readonly section: string
  readonly digest: string
  readonly stale: boolean
}

export interface FaultRecord {
  readonly v: 1
  readonly event: 'fault'
  readonly time: string
  readonly requestId: string
  readonly error: string
}

export interface LoginRecord {
  readonly v: 1
  readonly event: 'login'
  readonly time: string
  readonly requestId: string
  /** Absent where an issuer logs in. */
  readonly clusterId?: string
  readonly status: number
  readonly outcome: 'admitted' | 'refused'
  readonly code?: string
  readonly reason?: string
  readonly detail?: string
  readonly configuration?: ConfigurationUsed
  readonly evidence?: readonly EvidenceName[]
  /** What the deployment expects, for a request that was refused whole. */
  readonly expected?: Refusal['audit']
  readonly policy?: string
  readonly session?: { readonly id: string; readonly subject: string; readonly expiresAt: string }
  readonly attributes?: readonly Attribute[]
  readonly refusals?: readonly AuditedRefusal[]
  readonly policies?: readonly { readonly policy: string; readonly refusals: readonly AuditedRefusal[] }[]
  readonly policiesOmitted?: number
}

/** One request for claims in which something was refused: the whole of it, or some of its workloads. */
export interface MappingRecord {
  readonly v: 1
  readonly event: 'mapping'
  readonly time: string
  readonly requestId: string
  readonly clusterId: string
  readonly status: number
  readonly outcome: 'refused'
  readonly code?: string
  readonly detail?: string
  readonly expected?: Refusal['audit']
  readonly configuration?: readonly ConfigurationUsed[]
  /** The issuer's session, and the agent's. */
  readonly issuer?: { readonly id: string; readonly subject: string }
  readonly agent?: { readonly id: string; readonly subject: string }
  readonly workloads?: number
  readonly refusals?: readonly {
    readonly id: string
    readonly code: string
    readonly attribute?: string
    readonly surface?: string
    /** What the deployment expects, such as the condition that could not be told. */
    readonly expected?: Refusal['audit']
  }[]
  readonly refusalsOmitted?: number
}

/** What happens in the background, told once per change. */
export type EventRecord = { readonly v: 1; readonly time: string } & StateWriteFailed

export type AuditRecord = LoginRecord | MappingRecord | FaultRecord | EventRecord

/** Where the gateway failed. The message of an error may hold anything, a token among it: only name and frames go on. */
export function describeFault(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return [error.name, ...frames].join('\n')
}

interface AuditedRefusal {
  readonly type: string
  readonly code: string
  readonly detail: string
  readonly expected?: Refusal['audit']
}

export function auditedRefusal({ type, refusal }: EvidenceRefusal): AuditedRefusal {
  const { code, detail, audit } = refusal
  return { type, code, detail, ...(audit === undefined ? {} : { expected: audit }) }
}

export function auditedTraces(traces: readonly PolicyTrace[]): Pick<LoginRecord, 'policies' | 'policiesOmitted'> {
  const policies = traces
    .slice(0, TRACES_MAX)
    .map(({ policy, refusals }) => ({ policy, refusals: refusals.map(auditedRefusal) }))
  if (policies.length === 0) return {}
  return traces.length > TRACES_MAX ? { policies, policiesOmitted: traces.length - TRACES_MAX } : { policies }
}
