// The policies of a cluster that decide a login now, or why none do: unknown, nothing to satisfy, never compiled, or a
// store that does not answer. An error is never absence.
import type { ConfigCache } from '../config/cache.ts'
import { type ClusterId, clusterKey } from '../config/document-key.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { createPolicySet, type PolicySet } from '../policy/policy.ts'
import type { ConfigurationUsed } from './audit.ts'

export interface PoliciesInForce {
  readonly policies: PolicySet
  /** Absent where the cluster has no `AgentAttestation`: then nothing has decided, and nobody is admitted. */
  readonly configuration: ConfigurationUsed | undefined
}

const SECTION = 'AgentAttestation'
const NO_POLICIES = createPolicySet([])

export async function policiesInForce(
  clusterId: ClusterId,
  configs: ConfigCache,
  background: (work: Promise<unknown>) => void,
): Promise<Checked<PoliciesInForce>> {
  const read = await configs.get(clusterKey(clusterId, SECTION), background)
  switch (read.kind) {
    case 'in_force': {
      const configuration = { section: SECTION, digest: read.digest, stale: read.stale }
      return pass({ policies: read.value, configuration })
    }
    case 'absent': {
      const exists = await configs.clusterExists(clusterId, background)
      if (exists === 'unavailable') return refuse(storeUnavailable(1))
      if (exists) return pass({ policies: NO_POLICIES, configuration: undefined })
      return refuse({ code: 'cluster_unknown', detail: `no configuration of the cluster "${clusterId}" is stored` })
    }
    case 'invalid':
      return refuse({
        code: 'configuration_invalid',
        detail: `the ${SECTION} of this cluster has never compiled: its operator sees why with config validate`,
        audit: {
          digest: read.digest,
          issues: read.issues.map(({ line, column, code, message }) => `${line}:${column} ${code}: ${message}`),
        },
      })
    case 'unavailable':
      return refuse(storeUnavailable(read.retryAfterSeconds))
  }
}

function storeUnavailable(retryAfterSeconds: number) {
  return {
    code: 'store_unavailable',
    detail: 'the configuration store could not be read: try again',
    retryAfterSeconds,
  } as const
}
