// All that is in force for one cluster when its workloads are mapped: its own sections, and what the trust domain says
// of it. A section that never compiled, or cannot be read, stops the request: to map without it would be to guess.

import type { Enablement } from '../attribute/enabled.ts'
import type { AttributeSettings } from '../config/compile/cross-findings.ts'
import { type ClusterId, clusterKey, trustDomainKey } from '../config/document-key.ts'
import { type ClusterSettings, DEFAULT_CLUSTER } from '../config/sections/cluster.ts'
import type { TrustDomainSettings } from '../config/sections/trust-domain.ts'
import { DEFAULT_WORKLOAD_ATTESTATION, type WorkloadAttestation } from '../config/sections/workload-attestation.ts'
import { type Checked, pass } from '../core/result.ts'
import type { IssuancePolicy } from '../policy/mapping/issuance.ts'
import type { PolicySet } from '../policy/policy.ts'
import type { ConfigurationUsed } from './audit/audit.ts'
import { sectionInForce } from './section-in-force.ts'
import type { Parts } from './services.ts'

export interface ClusterConfig {
  readonly trustDomain: TrustDomainSettings | undefined
  readonly cluster: ClusterSettings
  readonly workloadAttestation: WorkloadAttestation
  /** Absent: the platform's defaults hold. */
  readonly issuance: IssuancePolicy | undefined
  /** Those that admit its agents, where an agent's session came along: they were read to check it. */
  readonly agentPolicies?: PolicySet
  readonly used: readonly ConfigurationUsed[]
}

/** For an issuer whose session has verified: what it uses stays in memory before what anybody asks for. */
export async function clusterConfigInForce(
  clusterId: ClusterId,
  { configs }: Parts,
  background: (work: Promise<unknown>) => void,
): Promise<Checked<ClusterConfig>> {
  const keys = {
    cluster: clusterKey(clusterId, 'Cluster'),
    workloadAttestation: clusterKey(clusterId, 'WorkloadAttestation'),
    issuance: clusterKey(clusterId, 'SVIDIssuancePolicy'),
  }
  const [trustDomain, cluster, workloadAttestation, issuance] = await Promise.all([
    sectionInForce(trustDomainKey('TrustDomain'), configs, background),
    sectionInForce(keys.cluster, configs, background),
    sectionInForce(keys.workloadAttestation, configs, background),
    sectionInForce(keys.issuance, configs, background),
  ])
  for (const key of Object.values(keys)) configs.prove(key)
  if (!trustDomain.ok) return trustDomain
  if (!cluster.ok) return cluster
  if (!workloadAttestation.ok) return workloadAttestation
  if (!issuance.ok) return issuance
  return pass({
    trustDomain: trustDomain.value?.value,
    cluster: cluster.value?.value ?? DEFAULT_CLUSTER,
    workloadAttestation: workloadAttestation.value?.value ?? DEFAULT_WORKLOAD_ATTESTATION,
    issuance: issuance.value?.value,
    used: [trustDomain, cluster, workloadAttestation, issuance].flatMap(({ value }) =>
      value === undefined ? [] : [value.used],
    ),
  })
}

export function enablementOf({ cluster, workloadAttestation }: AttributeSettings): Enablement {
  return {
    includeContainerAttributes: cluster.includeContainerAttributes,
    includeAnnotationPrefixes: workloadAttestation.kubernetes.includeAnnotationPrefixes,
    includeEnvVars: workloadAttestation.docker.includeEnvVars,
    discoverWorkloadPath: workloadAttestation.linux.discoverWorkloadPath,
  }
}
