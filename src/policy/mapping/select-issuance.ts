// Which override of an issuance policy holds for a workload: decided here, the same way for every surface.
import type { Attributes } from '../../attribute/attribute.ts'
import type { Condition } from '../../condition/compile.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { Issuance, IssuanceOverride, IssuancePolicy, Match } from './issuance.ts'
import { mergeAscending } from './merge-ascending.ts'
import { findCandidates } from './override-index.ts'

export interface SelectedIssuance {
  readonly source: 'policy' | 'override'
  /** Of the override, from 0. */
  readonly index?: number
  readonly issuance: Issuance
}

/** Decides the condition of an override; a fault refuses the workload, for it is neither true nor false. */
export type Decide = (condition: Condition, attributes: Attributes) => Checked<boolean>

/** What choosing an override may ask, and what it may cost. */
export interface ChoiceMeter {
  readonly decide: Decide
  /** Takes fuel of the request; the refusal once there is too little. */
  readonly spend: (fuel: number) => Refusal | undefined
}

/** Measured as fuel for a condition is: to try an override costs four units, and one for each value compared. */
const TRY_FUEL = 4

/**
 * The first override that holds, or else the policy itself. Nothing of the policy is mixed into an override. Each
 * override that is tried costs fuel, for ten thousand that nearly match are tried for each of a thousand workloads.
 */
export function selectIssuance(
  policy: IssuancePolicy,
  attributes: Attributes,
  { decide, spend }: ChoiceMeter,
): Checked<SelectedIssuance> {
  const { fuel, lists } = findCandidates(policy.overrides, attributes)
  const spent = spend(fuel)
  if (spent !== undefined) return refuse(spent)
  if (lists.length === 0) return pass({ source: 'policy', issuance: policy.base })
  const next = mergeAscending(lists)
  for (let index = next(); index !== undefined; index = next()) {
    const override = policy.overrides[index]
    if (override === undefined) continue
    const exhausted = spend(TRY_FUEL + computeMatchFuel(override, attributes))
    if (exhausted !== undefined) return refuse(exhausted)
    if (findUnmetMatch(override, attributes) !== undefined) continue
    const { condition, issuance } = override
    const decided = condition === undefined ? pass(true) : decide(condition, attributes)
    if (!decided.ok) return decided
    if (decided.value) return pass({ source: 'override', index, issuance })
  }
  return pass({ source: 'policy', issuance: policy.base })
}

/** One unit for each value that comparing may read. */
function computeMatchFuel({ when }: IssuanceOverride, attributes: Attributes): number {
  let fuel = 0
  for (const match of when) {
    const value = attributes.get(match.attribute)
    fuel += typeof value === 'object' ? 1 + value.length : 1
  }
  return fuel
}

/** Why an override does not hold, its condition apart: the first of its matches that does not. */
export function findUnmetMatch({ when }: IssuanceOverride, attributes: Attributes): Match | undefined {
  return when.find((match) => !holds(match, attributes))
}

function holds({ attribute, values }: Match, attributes: Attributes): boolean {
  const value = attributes.get(attribute)
  if (value === undefined) return false
  // Without a list for one value: this is asked millions of times where ten thousand overrides nearly match.
  return typeof value === 'object' ? value.some((text) => values.has(text)) : values.has(String(value))
}
