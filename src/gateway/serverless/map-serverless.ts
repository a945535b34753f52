// What a satisfied policy of ServerlessAttestation gives: the templates of its `svidPolicy`, rendered by the mapping that
// claims use. The attributes are those that its evidence proved; nothing else adds any.
import type { Attribute } from '../../attribute/attribute.ts'
import { findOldServer } from '../../config/compile/cross-findings.ts'
import type { ClusterSettings } from '../../config/sections/cluster.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { TrustDomain } from '../../identity/trust-domain.ts'
import { type Mapped, type MappingContext, mapWorkload } from '../../policy/mapping/mapping.ts'
import type { MappingMeter } from '../../policy/mapping/mapping-meter.ts'
import type { Policy } from '../../policy/policy.ts'
import type { ServerlessIssuance, ServerlessPolicies } from '../../policy/serverless.ts'
import type { ServerlessPlace } from './serverless-config.ts'

/** Makes the context in which the identity of one policy is rendered. @throws Error if `policy` is not one of `policies` */
export function createServerlessContext(
  policy: Policy,
  attributes: readonly Attribute[],
  { issuances }: ServerlessPolicies,
  { bounds, builtIns, cluster }: ServerlessPlace,
  { trustDomain, meter }: { readonly trustDomain: TrustDomain; readonly meter: MappingMeter },
): MappingContext {
  const issuance = issuances.get(policy.name)
  if (issuance === undefined) throw new Error(`the policy ${policy.name} has no identity`)
  const fault = findFault(issuance, cluster)
  return {
    trustDomain,
    policy: issuance,
    isDefault: false,
    gates: { undecidable: undefined, refusalFor: () => fault },
    meter,
    defaultPath: undefined,
    pathBounds: bounds,
    builtIns,
    agent: new Map(attributes.map(({ name, value }) => [name, value])),
  }
}

/** Renders the identity. Only evidence speaks here, so that the workload itself has no attributes. */
export function mapServerless(context: MappingContext): Mapped {
  return mapWorkload(new Map(), context)
}

/** Why the policy never renders in this cluster: as for claims, even if `default(...)` would hide it. */
function findFault(issuance: ServerlessIssuance, cluster: ClusterSettings): Refusal | undefined {
  if (issuance.fault !== undefined) return issuance.fault
  const [old] = findOldServer(issuance, cluster)
  return old === undefined ? undefined : { code: 'version_required', detail: old.message }
}
