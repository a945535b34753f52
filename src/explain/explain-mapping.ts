// Maps one workload offline, with the gateway's own mapping, and says why it gets the identity that it gets.
import type { Attribute } from '../attribute/attribute.ts'
import type { ConditionEngine } from '../condition/vm/engine.ts'
import type { ClusterId } from '../config/document-key.ts'
import type { Refusal } from '../core/refusal.ts'
import { type ClusterConfig, readEnablement } from '../gateway/cluster-config.ts'
import { checkClusterMapping, createMappingContext } from '../gateway/mapping-context.ts'
import { findMappingFaults } from '../gateway/mapping-gates.ts'
import type { TrustDomain } from '../identity/trust-domain.ts'
import { type MappingContext, mergeAttributes } from '../policy/mapping/mapping.ts'
import { explainMapping, type MappingExplanation } from '../policy/mapping/mapping-explanation.ts'
import { createMappingMeter } from '../policy/mapping/mapping-meter.ts'
import {
  createWorkloadMapper,
  readAgent,
  readAttributes,
  type WorkloadDescription,
  type WorkloadResult,
} from '../policy/mapping/workload.ts'
import { checkLock } from '../policy/revocation/check-revocation.ts'

export interface WorkloadToExplain {
  readonly clusterId: ClusterId
  readonly config: ClusterConfig
  readonly trustDomain: TrustDomain
  readonly workload: WorkloadDescription
  /** What the session of its agent proves; absent if none is sent. */
  readonly session: readonly Attribute[] | undefined
  /** Seconds since the epoch: entries of Revocations end. */
  readonly nowSeconds: number
  readonly engine: ConditionEngine
}

export type ExplainedWorkload =
  /** Every mapping of the cluster is refused (`lock`, `cluster`), or those by this agent. */
  { readonly kind: 'refused'; readonly by: 'lock' | 'cluster' | 'agent'; readonly refusal: Refusal } | ExplainedResult

export interface ExplainedResult {
  readonly kind: 'mapped'
  readonly clusterName: string
  /** `error` in it: this workload is refused. */
  readonly result: WorkloadResult
  /** The refusal whole, with what is for operators alone. */
  readonly refusal?: Refusal
  /** `undefined` if the attributes cannot be read or merged, or the budget is spent; the result names the reason. */
  readonly explanation: MappingExplanation | undefined
}

/** Maps and explains one workload, with one budget for each, as for a request with this workload alone. */
export function explainWorkload(given: WorkloadToExplain): ExplainedWorkload {
  const { clusterId, config, trustDomain, workload, session, nowSeconds, engine } = given
  const locked = checkLock(config.revocations, nowSeconds)
  if (locked !== undefined) return { kind: 'refused', by: 'lock', refusal: locked }
  const standing = checkClusterMapping(clusterId, config)
  if (!standing.ok) return { kind: 'refused', by: 'cluster', refusal: standing.refusal }
  const agent = readAgent(session, config.cluster)
  if (!agent.ok) return { kind: 'refused', by: 'agent', refusal: agent.refusal }

  const context = createMappingContext(clusterId, standing.value, config, {
    trustDomain,
    agent: agent.value,
    meter: createMappingMeter(engine),
    nowSeconds,
    faults: findMappingFaults(config),
  })
  const enablement = readEnablement(config)
  let refused: Refusal | undefined
  const result = createWorkloadMapper(context, agent.value, enablement, (_id, refusal) => {
    refused = refusal
  })(workload)
  return {
    kind: 'mapped',
    clusterName: standing.value.name,
    result,
    ...(refused === undefined ? {} : { refusal: refused }),
    explanation: explain(workload, { ...context, meter: createMappingMeter(engine) }, enablement),
  }
}

function explain(
  workload: WorkloadDescription,
  context: MappingContext,
  enablement: ReturnType<typeof readEnablement>,
): MappingExplanation | undefined {
  const read = readAttributes(workload, enablement)
  const merged = read.ok ? mergeAttributes(read.value.attributes, context) : read
  return merged.ok ? explainMapping(merged.value, context) : undefined
}
