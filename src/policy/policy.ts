// Compiled policies, indexed by the evidence that could satisfy them.
import type { HostFeature } from '../attest/host-features.ts'
import type { Anchor, Requirement } from '../attest/shapes.ts'
import type { Condition } from '../condition/compile.ts'
import type { SessionScope } from '../token/session/session-claims.ts'

/** A policy is satisfied when every requirement passes and every condition holds. */
export interface Policy {
  readonly name: string
  /** Position in the document: any one satisfied policy admits, and the first one decides. */
  readonly index: number
  readonly requirements: readonly Requirement[]
  /** Over the attributes of all its attestors together. */
  readonly conditions: readonly PolicyCondition[]
  /** Its evidence admits once. Absent: until it expires. */
  readonly singleUse?: true
  /** In `TrustDomainServerAttestation` only: the clusters that an issuer's session is valid for. Absent: all. */
  readonly allowedClusters?: readonly string[]
  /** In `TrustDomainServerAttestation` only: what an issuer's session may be used for. Absent: everything. */
  readonly scopes?: readonly SessionScope[]
}

export interface PolicyCondition {
  readonly condition: Condition
  /** The refusal that the caller reads if the condition is false, as the author of the policy wrote it. */
  readonly message: string
}

/** The requirements of one document that share an anchor: evidence is verified once for all of them. */
export interface AnchorGroup {
  readonly anchor: Anchor
  /** The same list each time, so that attestors can keep what follows from it. */
  readonly pins: readonly unknown[]
}

/** The policies that evidence of one type and selector could help to satisfy. */
export interface Candidates {
  /** In document order. The cost of a login depends on them, not on the number of policies. */
  readonly policies: readonly Policy[]
  /** Those of them that ask for other evidence as well, in document order. */
  readonly joint: readonly Policy[]
  /** By the id of the anchor, in the order in which the document names them first. */
  readonly anchors: ReadonlyMap<string, AnchorGroup>
}

/** The policies of one document, and which of them a piece of evidence could help to satisfy. */
export interface PolicySet {
  readonly policies: readonly Policy[]
  readonly byName: ReadonlyMap<string, Policy>
  /**
   * By attestor type, then by selector; `undefined` takes any evidence of the type. A field, so that it can be weighed.
   */
  readonly index: ReadonlyMap<string, ReadonlyMap<string | undefined, Candidates>>
  /** `undefined` if no policy asks for such evidence. */
  candidatesFor(type: string, selector: string | undefined): Candidates | undefined
  /** All selectors of a type that policies ask for, each once. */
  selectorsFor(type: string): readonly string[]
  /** Whether any policy asks for evidence of this type at all. */
  asksFor(type: string): boolean
  /** What this host cannot do for evidence of this type, if no policy asks for such evidence that it can verify. */
  lackFor(type: string): HostFeature | undefined
}

interface Building extends Candidates {
  readonly policies: Policy[]
  joint: Policy[]
  readonly anchors: Map<string, AnchorGroup & { readonly pins: unknown[] }>
}

/** Shared while there are none, as is usual: a document may have thousands of selectors. */
const NO_POLICIES: Policy[] = []

export function createPolicySet(policies: readonly Policy[]): PolicySet {
  const index = new Map<string, Map<string | undefined, Building>>()
  const lacks = new Map<string, HostFeature>()
  const verifiable = new Set<string>()
  for (const policy of policies)
    for (const requirement of policy.requirements) {
      add(index, policy, requirement)
      if (requirement.lacks === undefined) verifiable.add(requirement.type)
      else lacks.set(requirement.type, requirement.lacks)
    }
  return {
    policies,
    byName: new Map(policies.map((policy) => [policy.name, policy])),
    index,
    candidatesFor(type, selector) {
      const bySelector = index.get(type)
      const own = bySelector?.get(selector)
      const any = selector === undefined ? undefined : bySelector?.get(undefined)
      return own !== undefined && any !== undefined ? join(own, any) : (own ?? any)
    },
    selectorsFor: (type) => [...(index.get(type)?.keys() ?? [])].filter((selector) => selector !== undefined),
    asksFor: (type) => index.has(type),
    lackFor: (type) => (verifiable.has(type) ? undefined : lacks.get(type)),
  }
}

function add(
  index: Map<string, Map<string | undefined, Building>>,
  policy: Policy,
  { type, selector, anchor, pins }: Requirement,
): void {
  let selectors = index.get(type)
  if (selectors === undefined) {
    selectors = new Map()
    index.set(type, selectors)
  }
  let found = selectors.get(selector)
  if (found === undefined) {
    found = { policies: [], joint: NO_POLICIES, anchors: new Map() }
    selectors.set(selector, found)
  }
  found.policies.push(policy)
  if (policy.requirements.length > 1) {
    if (found.joint === NO_POLICIES) found.joint = [policy]
    else found.joint.push(policy)
  }
  const group = found.anchors.get(anchor.id)
  if (group === undefined) found.anchors.set(anchor.id, { anchor, pins: [pins] })
  else group.pins.push(pins)
}

/** Of an attestor of which some policies name a selector, and others take all. */
function join(a: Candidates, b: Candidates): Candidates {
  const anchors = new Map(a.anchors)
  for (const [id, group] of b.anchors) {
    const other = anchors.get(id)
    anchors.set(id, other === undefined ? group : { ...group, pins: [...other.pins, ...group.pins] })
  }
  return { policies: sortPolicies(a.policies, b.policies), joint: sortPolicies(a.joint, b.joint), anchors }
}

/** In document order, each once. */
export function sortPolicies(...lists: readonly (readonly Policy[])[]): readonly Policy[] {
  return [...new Set(lists.flat())].sort((a, b) => a.index - b.index)
}
