// Findings across sections, as refusals of the mapping. Only what a workload's own part of the policy uses is asked for:
// an attribute that no agent sends is no reason to refuse who does not need it.
import { resolveAttribute } from '../attribute/catalogue.ts'
import { type AttributeFault, attributeFault, findAcross } from '../config/compile/cross-findings.ts'
import type { Refusal } from '../core/refusal.ts'
import { type Issuance, type IssuancePolicy, templatesOf } from '../policy/mapping/issuance.ts'
import type { MappingGates } from '../policy/mapping/mapping.ts'
import type { PathTemplate } from '../template/template.ts'
import type { ClusterConfig } from './cluster-config.ts'

type Settings = Pick<ClusterConfig, 'cluster' | 'workloadAttestation' | 'agentPolicies'>

export function mappingGatesOf(policy: IssuancePolicy, settings: Settings, defaultPath: PathTemplate): MappingGates {
  const claims = claimFaults(policy, settings)
  const faults = new Map<string, Refusal | undefined>()
  const gates = new Map<Issuance, Refusal | undefined>()

  /** Why an attribute cannot come in this cluster. */
  function faultOf(name: string): Refusal | undefined {
    if (faults.has(name)) return faults.get(name)
    const attribute = resolveAttribute(name)
    const fault = attribute === undefined ? undefined : attributeFault(attribute, settings)
    const refusal = fault === undefined ? undefined : refusalOf(fault, name)
    faults.set(name, refusal)
    return refusal
  }

  function firstFault(names: Iterable<string>): Refusal | undefined {
    for (const name of names) {
      const refusal = faultOf(name)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  return {
    undecidable: undecidableOf(policy, firstFault),
    refusalFor({ issuance, index }) {
      if (gates.has(issuance)) return gates.get(issuance)
      const templates = templatesOf(issuance, defaultPath)
      const names = templates.flatMap(({ references }) => references.map((reference) => reference.attribute.name))
      const refusal = claims.get(index) ?? firstFault(names)
      gates.set(issuance, refusal)
      return refusal
    },
  }
}

/** The first override that asks for what never comes. */
function undecidableOf(
  { overrides }: IssuancePolicy,
  firstFault: (names: Iterable<string>) => Refusal | undefined,
): MappingGates['undecidable'] {
  for (const [index, { when, condition }] of overrides.entries()) {
    const refusal = firstFault([...when.map(({ attribute }) => attribute), ...(condition?.attributes ?? [])])
    if (refusal !== undefined) return { index, refusal }
  }
  return undefined
}

/** Where `additionalClaims` stands that the upstream server is too old for: in overrides by index, in the policy itself. */
function claimFaults(policy: IssuancePolicy, settings: Settings): ReadonlyMap<number | undefined, Refusal> {
  const refusals = new Map<number | undefined, Refusal>()
  const found = findAcross({
    SVIDIssuancePolicy: { ...policy, uses: [] },
    Cluster: settings.cluster,
    WorkloadAttestation: settings.workloadAttestation,
  })
  for (const { path, message } of found.get('SVIDIssuancePolicy') ?? []) {
    const [, part, index] = path
    const at = part === 'policyOverrides' && typeof index === 'number' ? index : undefined
    refusals.set(at, { code: 'version_required', detail: message })
  }
  return refusals
}

function refusalOf({ code, message }: AttributeFault, name: string): Refusal {
  return { code, where: name, detail: message }
}
