// The policies that a login does not look at, each with why in one line; those that miss by a hair come first, since one
// of them is usually the one that was meant.
import { EXPLAINED_OTHERS_MAX } from '../../core/limits.ts'
import { findNearest } from '../../core/nearest.ts'
import type { AttestorExplanation, PolicyExplanation } from '../../policy/login/explain-login.ts'

export interface OtherPolicy {
  readonly name: string
  readonly why: string
  readonly nearMiss: boolean
}

export interface OtherPolicies {
  readonly listed: readonly OtherPolicy[]
  readonly omitted: number
}

export function listOtherPolicies(policies: readonly PolicyExplanation[]): OtherPolicies {
  const others = policies.filter(({ isCandidate }) => !isCandidate).map(describeOther)
  const sorted = [...others.filter(({ nearMiss }) => nearMiss), ...others.filter(({ nearMiss }) => !nearMiss)]
  return { listed: sorted.slice(0, EXPLAINED_OTHERS_MAX), omitted: Math.max(0, sorted.length - EXPLAINED_OTHERS_MAX) }
}

function describeOther({ policy, attestors }: PolicyExplanation): OtherPolicy {
  const misses = attestors.map(explainMiss)
  const near = misses.find(({ nearMiss }) => nearMiss)
  const { why, nearMiss } = near ?? misses[0] ?? { why: 'it requires no attestor', nearMiss: false }
  return { name: policy.name, why, nearMiss }
}

/** Why an attestor has nothing to check. */
export function explainMiss(attestor: AttestorExplanation): { readonly why: string; readonly nearMiss: boolean } {
  const { type, selector } = attestor.requirement
  switch (attestor.kind) {
    case 'elsewhere': {
      const near = selector === undefined ? undefined : describeDifference(selector, attestor.selector)
      const hint = near === undefined ? '' : `: ${near}`
      return {
        why: `it asks for a ${type} of ${selector}, not of ${attestor.selector}${hint}`,
        nearMiss: near !== undefined,
      }
    }
    case 'unreadable':
      return { why: `the ${type} is malformed`, nearMiss: false }
    case 'missing':
      return { why: `there is no ${type}`, nearMiss: false }
    case 'unsupported':
      return { why: `${type} is not supported by this version: the policy admits nobody`, nearMiss: false }
    case 'checked':
      return { why: '', nearMiss: false }
  }
}

/** In what two names differ that a person takes for the same; `undefined` if they plainly differ. */
function describeDifference(expected: string, actual: string): string | undefined {
  if (expected === `${actual}/`) return 'the policy has a slash at the end, the evidence has none'
  if (actual === `${expected}/`) return 'the evidence has a slash at the end, the policy has none'
  if (expected.toLowerCase() === actual.toLowerCase()) return 'they differ in upper and lower case'
  const removeScheme = (text: string): string => text.slice(text.indexOf('://') + 1)
  if (removeScheme(expected) === removeScheme(actual)) return 'they differ in the scheme'
  if (expected.trim() === actual.trim()) return 'they differ in spaces'
  return findNearest(actual, [expected]) === undefined ? undefined : 'they are nearly the same: look for a slip'
}
