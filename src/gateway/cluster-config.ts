// The configuration in force for the mappings of one cluster: its own sections and section TrustDomain. A section that
// never compiled or cannot be read refuses the request: defaults in its place could grant more than the operator
// allows.

import type { Enablement } from '../attribute/enabled.ts'
import type { AttributeSettings } from '../config/compile/cross-findings.ts'
import { type ClusterId, clusterKey, trustDomainKey } from '../config/document-key.ts'
import { type ClusterSettings, DEFAULT_CLUSTER } from '../config/sections/cluster.ts'
import type { TrustDomainSettings } from '../config/sections/trust-domain.ts'
import { DEFAULT_WORKLOAD_ATTESTATION, type WorkloadAttestation } from '../config/sections/workload-attestation.ts'
import { type Checked, pass } from '../core/result.ts'
import type { IssuancePolicy } from '../policy/mapping/issuance.ts'
import type { PolicySet } from '../policy/policy.ts'
import type { ScopedRevocations } from '../policy/revocation/check-revocation.ts'
import type { RequestSnapshot } from './request-snapshot.ts'

export interface ClusterConfig {
  readonly trustDomain: TrustDomainSettings | undefined
  readonly cluster: ClusterSettings
  readonly workloadAttestation: WorkloadAttestation
  /** Absent: the platform's defaults apply. */
  readonly issuance: IssuancePolicy | undefined
  /** The Revocations documents of the trust domain and of the cluster. */
  readonly revocations: readonly ScopedRevocations[]
  /** The policies that admit its agents; only if the request has an agent's session, which they were read to check. */
  readonly agentPolicies?: PolicySet
}

/**
 * Reads the configuration for an issuer whose session has verified. Marks its documents as proven: unauthenticated
 * requests cannot evict them. Refuses as {@link RequestSnapshot.readSection} does.
 */
export async function readClusterConfig(
  clusterId: ClusterId,
  snapshot: RequestSnapshot,
): Promise<Checked<ClusterConfig>> {
  const keys = {
    cluster: clusterKey(clusterId, 'Cluster'),
    workloadAttestation: clusterKey(clusterId, 'WorkloadAttestation'),
    issuance: clusterKey(clusterId, 'SVIDIssuancePolicy'),
  }
  const [trustDomain, cluster, workloadAttestation, issuance, revocations] = await Promise.all([
    snapshot.readSection(trustDomainKey('TrustDomain')),
    snapshot.readSection(keys.cluster),
    snapshot.readSection(keys.workloadAttestation),
    snapshot.readSection(keys.issuance),
    snapshot.readRevocations(clusterId),
  ])
  for (const key of [...Object.values(keys), clusterKey(clusterId, 'Revocations')]) snapshot.prove(key)
  if (!trustDomain.ok) return trustDomain
  if (!cluster.ok) return cluster
  if (!workloadAttestation.ok) return workloadAttestation
  if (!issuance.ok) return issuance
  if (!revocations.ok) return revocations
  return pass({
    trustDomain: trustDomain.value,
    cluster: cluster.value ?? DEFAULT_CLUSTER,
    workloadAttestation: workloadAttestation.value ?? DEFAULT_WORKLOAD_ATTESTATION,
    issuance: issuance.value,
    revocations: revocations.value,
  })
}

/** Reads which optional attributes the agents of the cluster are configured to send. */
export function readEnablement({ cluster, workloadAttestation }: AttributeSettings): Enablement {
  return {
    includeContainerAttributes: cluster.includeContainerAttributes,
    includeAnnotationPrefixes: workloadAttestation.kubernetes.includeAnnotationPrefixes,
    includeEnvVars: workloadAttestation.docker.includeEnvVars,
    discoverWorkloadPath: workloadAttestation.linux.discoverWorkloadPath,
  }
}
