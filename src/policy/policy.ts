// Policies as the evaluator wants them: compiled, and indexed by the evidence that could satisfy them.
import type { Requirement } from '../attest/attestor.ts'
import type { Condition } from '../condition/compile.ts'

/** A policy is satisfied when every requirement passes and every condition holds. */
export interface Policy {
  readonly name: string
  /** Position in the document: any one satisfied policy admits, and the first one decides. */
  readonly index: number
  readonly requirements: readonly Requirement[]
  /** Over the attributes of all its attestors together. */
  readonly conditions: readonly PolicyCondition[]
  /** Of `TrustDomainServerAttestation` only: the clusters that an issuer's session is good for. Absent: all. */
  readonly allowedClusters?: readonly string[]
}

export interface PolicyCondition {
  readonly condition: Condition
  /** What the caller is told where it does not hold, as its author wrote it. */
  readonly message: string
}

/** The policies of one document, and which of them a piece of evidence could help to satisfy. */
export interface PolicySet {
  readonly policies: readonly Policy[]
  readonly byName: ReadonlyMap<string, Policy>
  /** By attestor type, then by selector. A field, so that the set can be weighed. */
  readonly index: ReadonlyMap<string, ReadonlyMap<string, Candidates>>
  /** In document order. The cost of a login depends on the candidates, not on the number of policies. */
  candidatesFor(type: string, selector: string): readonly Policy[]
  /** Those of them that ask for other evidence as well, in document order. */
  jointFor(type: string, selector: string): readonly Policy[]
  /** What the candidates ask of that evidence: the same list each time, so that attestors can note what follows from it. */
  requirementsFor(type: string, selector: string): readonly Requirement[]
  /** Whether any policy asks for evidence of this type at all. */
  asksFor(type: string): boolean
}

interface Candidates {
  readonly policies: Policy[]
  joint: Policy[]
  readonly requirements: Requirement[]
}

/** Shared while there are none, as is usual: a document may have thousands of selectors. */
const NO_POLICIES: Policy[] = []

export function createPolicySet(policies: readonly Policy[]): PolicySet {
  const index = new Map<string, Map<string, Candidates>>()
  for (const policy of policies) {
    for (const requirement of policy.requirements) {
      const { type, selector } = requirement
      let selectors = index.get(type)
      if (selectors === undefined) {
        selectors = new Map()
        index.set(type, selectors)
      }
      const found = selectors.get(selector)
      const isJoint = policy.requirements.length > 1
      if (found === undefined) {
        const joint = isJoint ? [policy] : NO_POLICIES
        selectors.set(selector, { policies: [policy], joint, requirements: [requirement] })
        continue
      }
      found.policies.push(policy)
      found.requirements.push(requirement)
      if (!isJoint) continue
      if (found.joint === NO_POLICIES) found.joint = [policy]
      else found.joint.push(policy)
    }
  }
  const find = (type: string, selector: string): Candidates | undefined => index.get(type)?.get(selector)
  return {
    policies,
    byName: new Map(policies.map((policy) => [policy.name, policy])),
    index,
    candidatesFor: (type, selector) => find(type, selector)?.policies ?? [],
    jointFor: (type, selector) => find(type, selector)?.joint ?? [],
    requirementsFor: (type, selector) => find(type, selector)?.requirements ?? [],
    asksFor: (type) => index.has(type),
  }
}
