// Findings across sections, as refusals of the mapping: by the part of the issuance policy that they stand in.
import { findAcross } from '../config/cross-findings.ts'
import type { Issue } from '../core/issue.ts'
import type { Refusal } from '../core/refusal.ts'
import type { MappingGates } from '../policy/mapping.ts'
import type { ClusterConfig } from './cluster-config.ts'

const NO_GATES: MappingGates = { base: undefined, undecidable: undefined, overrides: new Map() }

export function mappingGatesOf({ issuance, cluster, workloadAttestation }: ClusterConfig): MappingGates {
  if (issuance === undefined) return NO_GATES
  const found = findAcross({ SVIDIssuancePolicy: issuance, Cluster: cluster, WorkloadAttestation: workloadAttestation })
  let base: Refusal | undefined
  let undecidable: MappingGates['undecidable']
  const overrides = new Map<number, Refusal>()
  for (const issue of found.get('SVIDIssuancePolicy') ?? []) {
    const [, part, index, field] = issue.path
    const refusal = refusalOf(issue)
    if (part !== 'policyOverrides' || typeof index !== 'number') {
      base ??= refusal
      // A legacy template holds beneath every override as well.
      if (part !== 'policy') for (const at of issuance.overrides.keys()) setFirst(overrides, at, refusal)
    } else if (field === 'policy') {
      setFirst(overrides, index, refusal)
    } else if (undecidable === undefined || index < undecidable.index) {
      undecidable = { index, refusal }
    }
  }
  return { base, undecidable, overrides }
}

function setFirst(map: Map<number, Refusal>, key: number, refusal: Refusal): void {
  if (!map.has(key)) map.set(key, refusal)
}

function refusalOf({ code, message }: Issue): Refusal {
  return { code: code === 'version_required' ? 'version_required' : 'attribute_not_enabled', detail: message }
}
