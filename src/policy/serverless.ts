// The policies of section ServerlessAttestation: those of a login, each with the identity that it gives. A workload without
// an agent is admitted and mapped in one request, so there is no session between the two.
import type { Path } from '../core/issue.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Issuance, IssuanceOverride, IssuancePolicy } from './mapping/issuance.ts'
import { createPolicySet, type Policy, type PolicySet } from './policy.ts'

/** What a satisfied policy gives. */
export interface ServerlessIssuance extends IssuancePolicy {
  /** Without a default by platform: what would be left of one is the same for every workload. */
  readonly base: Issuance & { readonly pathTemplate: NonNullable<Issuance['pathTemplate']> }
  /** Why it never renders, whatever evidence is sent: a template uses an attribute that nothing here supplies. */
  readonly fault?: Refusal
}

export interface ServerlessPolicies extends PolicySet {
  /** By the name of the policy. Each has one. */
  readonly issuances: ReadonlyMap<string, ServerlessIssuance>
  /** The places of all `additionalClaims`, for findings that need other sections. */
  readonly additionalClaims: readonly Path[]
}

/** @param issuances one for each policy, by its name */
export function createServerlessPolicies(
  policies: readonly Policy[],
  issuances: ReadonlyMap<string, ServerlessIssuance>,
): ServerlessPolicies {
  const additionalClaims = [...issuances.values()].flatMap((issuance) => issuance.additionalClaims)
  return { ...createPolicySet(policies), issuances, additionalClaims }
}

/** A policy has no overrides here: another identity is another policy. Shared, since what is derived of it is kept with it. */
export const NO_OVERRIDES: readonly IssuanceOverride[] = []
