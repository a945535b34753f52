// The policies that decide a login now: those of a cluster for its agents, those of the trust domain for issuers.
import type { ConfigCache } from '../config/cache.ts'
import { type ClusterId, clusterKey, trustDomainKey } from '../config/document-key.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { createPolicySet, type PolicySet } from '../policy/policy.ts'
import type { ConfigurationUsed } from './audit.ts'
import { sectionInForce, storeUnavailable } from './section-in-force.ts'

export interface PoliciesInForce {
  readonly policies: PolicySet
  /** Absent where there is no document: then nothing has decided, and nobody is admitted. */
  readonly configuration: ConfigurationUsed | undefined
}

const NO_POLICIES = createPolicySet([])

type Background = (work: Promise<unknown>) => void

/** For the agents of a cluster, or without one for issuers. `cluster_unknown`: the store has nothing of that cluster. */
export async function policiesInForce(
  clusterId: ClusterId | undefined,
  configs: ConfigCache,
  background: Background,
): Promise<Checked<PoliciesInForce>> {
  const read = await (clusterId === undefined
    ? sectionInForce(trustDomainKey('TrustDomainServerAttestation'), configs, background)
    : sectionInForce(clusterKey(clusterId, 'AgentAttestation'), configs, background))
  if (!read.ok) return read
  if (read.value !== undefined) return pass({ policies: read.value.value, configuration: read.value.used })
  if (clusterId !== undefined) {
    const exists = await clusterExists(clusterId, configs, background)
    if (!exists.ok) return exists
  }
  return pass({ policies: NO_POLICIES, configuration: undefined })
}

/** Passes if the store has any section of the cluster. */
export async function clusterExists(
  clusterId: ClusterId,
  configs: ConfigCache,
  background: Background,
): Promise<Checked<true>> {
  const exists = await configs.clusterExists(clusterId, background)
  if (exists === 'unavailable') return refuse(storeUnavailable(1))
  if (exists) return pass(true)
  return refuse({ code: 'cluster_unknown', detail: `no configuration of the cluster "${clusterId}" is stored` })
}
