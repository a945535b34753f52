// Turns findings across sections into refusals of mappings. A workload is refused only for what its own part of the
// policy uses: an attribute that no agent sends does not affect a workload that does not need it.
import type { ResolvedAttribute } from '../attribute/catalogue.ts'
import { findAcross, findAttributeFault } from '../config/compile/cross-findings.ts'
import type { Refusal } from '../core/refusal.ts'
import { findDefaultPath } from '../policy/mapping/default-path.ts'
import { DEFAULT_ISSUANCE, type Issuance, type IssuancePolicy, listTemplates } from '../policy/mapping/issuance.ts'
import type { MappingGates } from '../policy/mapping/mapping.ts'
import type { PathTemplate } from '../template/template.ts'
import type { ClusterConfig } from './cluster-config.ts'

/**
 * Conflicts between the sections of a cluster. It references no document, so it can be cached without keeping them
 * alive.
 */
export interface MappingFaults {
  /** Attributes that the policy uses and the agents of this cluster never send, by canonical name. */
  readonly attributes: ReadonlyMap<string, Refusal>
  /**
   * `additionalClaims` that the upstream server is too old for, by the index of the override, or `undefined` in the
   * policy itself.
   */
  readonly claims: ReadonlyMap<number | undefined, Refusal>
  /** The first override that needs an attribute that is never sent. */
  readonly undecidable: MappingGates['undecidable']
}

type Settings = Pick<ClusterConfig, 'cluster' | 'workloadAttestation' | 'agentPolicies' | 'issuance'>

/** Reads the whole policy: its result depends on the documents alone, so it need not be computed for each request. */
export function findMappingFaults(settings: Settings): MappingFaults {
  const policy = settings.issuance ?? DEFAULT_ISSUANCE
  const attributes = findAttributeFaults(policy, settings)
  return {
    attributes,
    claims: findClaimFaults(policy, settings),
    undecidable: findUndecidable(policy, attributes),
  }
}

/** For one request: notes what it has found of the parts of the policy that its workloads use. */
export function createMappingGates(
  { attributes, claims, undecidable }: MappingFaults,
  defaultPath: PathTemplate | undefined,
): MappingGates {
  const found = new Map<Issuance, Refusal | undefined>()

  function findFault(issuance: Issuance): Refusal | undefined {
    if (attributes.size === 0) return undefined
    if (found.has(issuance)) return found.get(issuance)
    const names = listTemplates(issuance, defaultPath).flatMap(({ references }) =>
      references.map(({ attribute }) => attribute.name),
    )
    const refusal = findFirst(names, attributes)
    found.set(issuance, refusal)
    return refusal
  }

  return {
    undecidable,
    refusalFor: ({ issuance, index }) => claims.get(index) ?? findFault(issuance),
  }
}

/** A policy lists each use of an attribute, but not those of the platform's default path. */
function findAttributeFaults(policy: IssuancePolicy, settings: Settings): ReadonlyMap<string, Refusal> {
  const refusals = new Map<string, Refusal>()
  const seen = new Set<string>()

  function check(attribute: ResolvedAttribute): void {
    const { name } = attribute
    if (seen.has(name)) return
    seen.add(name)
    const fault = findAttributeFault(attribute, settings)
    if (fault !== undefined) refusals.set(name, { code: fault.code, where: name, detail: fault.message })
  }

  for (const { attribute } of findDefaultPath(settings.cluster.platform)?.references ?? []) check(attribute)
  for (const { attribute } of policy.uses) check(attribute)
  return refusals
}

function findUndecidable(
  { overrides }: IssuancePolicy,
  attributes: ReadonlyMap<string, Refusal>,
): MappingGates['undecidable'] {
  if (attributes.size === 0) return undefined
  for (const [index, { when, condition }] of overrides.entries()) {
    const names = [...when.map(({ attribute }) => attribute), ...(condition?.attributes ?? [])]
    const refusal = findFirst(names, attributes)
    if (refusal !== undefined) return { index, refusal }
  }
  return undefined
}

function findFirst(names: readonly string[], attributes: ReadonlyMap<string, Refusal>): Refusal | undefined {
  for (const name of names) {
    const refusal = attributes.get(name)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function findClaimFaults(policy: IssuancePolicy, settings: Settings): ReadonlyMap<number | undefined, Refusal> {
  const refusals = new Map<number | undefined, Refusal>()
  const found = findAcross({
    SVIDIssuancePolicy: { ...policy, uses: [] },
    Cluster: settings.cluster,
    WorkloadAttestation: settings.workloadAttestation,
  })
  for (const { code, path, message } of found.get('SVIDIssuancePolicy') ?? []) {
    if (code !== 'version_required') continue
    const [, part, index] = path
    const at = part === 'policyOverrides' && typeof index === 'number' ? index : undefined
    refusals.set(at, { code: 'version_required', detail: message })
  }
  return refusals
}
