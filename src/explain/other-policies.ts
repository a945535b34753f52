// The policies that do not apply to a login, each with a reason in one line. Near misses come first, since one of them is
// usually the policy that was meant.
import { EXPLAINED_OTHERS_MAX } from '../core/limits.ts'
import { findNearest } from '../core/nearest.ts'
import type { AttestorExplanation, PolicyExplanation } from '../policy/login/explain-login.ts'

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

/** The reason why an attestor has no evidence to check; empty if it has some. */
export function explainMiss(attestor: AttestorExplanation): { readonly why: string; readonly nearMiss: boolean } {
  const { type, selector } = attestor.requirement
  switch (attestor.kind) {
    case 'elsewhere': {
      const near = selector === undefined ? undefined : describeDifference(selector, attestor.selector)
      const hint = near === undefined ? '' : `: ${near}`
      return {
        why: `it requires a ${type} of ${selector}, but the evidence is of ${attestor.selector}${hint}`,
        nearMiss: near !== undefined,
      }
    }
    case 'unreadable':
      return { why: `the ${type} is malformed`, nearMiss: false }
    case 'missing':
      return { why: `the ${type} is missing`, nearMiss: false }
    case 'unsupported':
      return { why: `${type} is not supported by this version: the policy never admits`, nearMiss: false }
    case 'checked':
      return { why: '', nearMiss: false }
  }
}

/** How two easily confused names differ; `undefined` if they are clearly different. */
function describeDifference(expected: string, actual: string): string | undefined {
  if (expected === `${actual}/`) return 'only the policy has a slash at the end'
  if (actual === `${expected}/`) return 'only the evidence has a slash at the end'
  if (expected.toLowerCase() === actual.toLowerCase()) return 'they differ in upper and lower case'
  const removeScheme = (text: string): string => text.slice(text.indexOf('://') + 1)
  if (removeScheme(expected) === removeScheme(actual)) return 'they differ in the scheme'
  if (expected.trim() === actual.trim()) return 'they differ in white space'
  return findNearest(actual, [expected]) === undefined
    ? undefined
    : 'they differ by one or two characters: possible typo'
}
