// What is around a login or a mapping that is explained offline: the settings of a gateway that can do everything, the
// revocations, and the configuration of the cluster, from documents that were compiled together.
import { EVERY_FEATURE } from '../attest/host-features.ts'
import type { Attribute } from '../attribute/attribute.ts'
import type { CompileSettings } from '../config/compile/compile-context.ts'
import { DEFAULT_CLUSTER } from '../config/sections/cluster.ts'
import { DEFAULT_WORKLOAD_ATTESTATION } from '../config/sections/workload-attestation.ts'
import type { ClusterConfig } from '../gateway/cluster-config.ts'
import type { ScopedRevocations } from '../policy/revocation/check-revocation.ts'
import type { CompiledDocuments } from './compile-documents.ts'

/** What a gateway has of its host and its secrets: here all of it, so that only the documents decide. */
export const ABLE = {
  canSeal: true,
  canClaim: true,
  hostFeatures: EVERY_FEATURE,
} as const satisfies Partial<CompileSettings>

/** The Revocations documents that apply: those of a cluster to its agents alone. */
export function listRevocations(
  { cluster, trustDomain }: CompiledDocuments,
  role: 'agent' | 'issuer',
  clusterId: string,
): readonly ScopedRevocations[] {
  const all = [
    { document: 'trust-domain/Revocations', set: trustDomain.Revocations },
    { document: `clusters/${clusterId}/Revocations`, set: role === 'agent' ? cluster.Revocations : undefined },
  ]
  return all.flatMap(({ document, set }) => (set === undefined ? [] : [{ document, set }]))
}

/** The configuration of a mapping. @param session what the session of an agent proves; absent if none is sent */
export function makeClusterConfig(
  { cluster, trustDomain }: CompiledDocuments,
  revocations: readonly ScopedRevocations[],
  session: readonly Attribute[] | undefined,
): ClusterConfig {
  return {
    trustDomain: trustDomain.TrustDomain,
    cluster: cluster.Cluster ?? DEFAULT_CLUSTER,
    workloadAttestation: cluster.WorkloadAttestation ?? DEFAULT_WORKLOAD_ATTESTATION,
    issuance: cluster.SVIDIssuancePolicy,
    revocations,
    ...(cluster.AgentAttestation === undefined || session === undefined
      ? {}
      : { agentPolicies: cluster.AgentAttestation }),
  }
}
