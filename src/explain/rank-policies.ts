// Orders the policies of an explanation for a reader: the one that admits, then those that might, then the nearest miss.
import type { AttestorJson, CheckJson, PolicyJson } from './explain-report.ts'

/** How the proofs of a policy stand. `absent`: there are none to check. */
export type Signature = 'verified' | 'failed' | 'unchecked' | 'absent'

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

const PROOFS: ReadonlySet<string> = new Set(['key', 'signature', 'verification', 'challenge'])

/**
 * How the proofs of a policy stand. `verified` only if each attestor has a proof that was checked and passed: what was not
 * checked is never shown as good.
 */
export function readSignature(policy: PolicyJson | undefined): Signature {
  const states = (policy?.attestors ?? []).flatMap((attestor) =>
    attestor.state === 'checked' ? [readProof(attestor.checks)] : [],
  )
  const worst = (['failed', 'unchecked', 'verified'] as const).find((state) => states.includes(state))
  return worst ?? 'absent'
}

/** A key that was found proves nothing by itself. */
function readProof(checks: readonly CheckJson[]): Signature {
  const proofs = checks.filter(({ name }) => PROOFS.has(name))
  if (proofs.some(({ state }) => state === 'failed')) return 'failed'
  const hasProof = proofs.some(({ name }) => name !== 'key')
  return hasProof && proofs.every(({ state }) => state === 'passed') ? 'verified' : 'unchecked'
}
