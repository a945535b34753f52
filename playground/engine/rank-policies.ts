// Orders the policies of an explanation for a reader: the one that admits, then those that might, then the nearest miss.
import type { AttestorJson, PolicyJson } from '../../src/explain/explain-report.ts'
import type { Signature } from './report.ts'

/** The order is that of the document between policies that are equally near. */
export function rankPolicies(policies: readonly PolicyJson[]): readonly PolicyJson[] {
  return policies.toSorted((a, b) => measureDistance(a) - measureDistance(b))
}

const STATES: Readonly<Record<PolicyJson['state'], number>> = { satisfied: 0, undecided: 1, not_satisfied: 2 }
/** A missing attestor is farther away than any number of failed checks of one that is there. */
const ABSENT = 100

function measureDistance({ state, attestors, conditions, refusal, revocation }: PolicyJson): number {
  const missed = attestors.reduce((sum, attestor) => sum + countMisses(attestor), 0)
  const unmet = conditions.filter(({ holds }) => !holds).length
  const own = [refusal, revocation].filter((one) => one !== undefined).length
  return STATES[state] * 1_000_000 + missed + Math.max(unmet, own)
}

function countMisses(attestor: AttestorJson): number {
  return attestor.state === 'checked' ? attestor.checks.filter(({ state }) => state === 'failed').length : ABSENT
}

const SIGNATURE_CHECKS: ReadonlySet<string> = new Set(['key', 'signature', 'verification', 'challenge'])

/**
 * How the proofs of a policy stand. `verified` only if every one was checked and passed: what was not checked is never
 * shown as good.
 */
export function readSignature(policy: PolicyJson | undefined): Signature {
  const checks = (policy?.attestors ?? []).flatMap((attestor) => (attestor.state === 'checked' ? attestor.checks : []))
  const proofs = checks.filter(({ name }) => SIGNATURE_CHECKS.has(name))
  if (checks.length === 0) return 'absent'
  if (proofs.some(({ state }) => state === 'failed')) return 'failed'
  const last = proofs.filter(({ name }) => name !== 'key')
  return last.length > 0 && proofs.every(({ state }) => state === 'passed') ? 'verified' : 'unchecked'
}
