// One check of evidence. The same checks decide a login and explain it: the decision is the first refusal in a list of
// checks, and the explanation is the list.
import type { Refusal } from '../core/refusal.ts'

/**
 * The result of one check.
 *
 * @example
 * { name: 'namespace', expected: 'agents', actual: 'default', refusal: { code: 'namespace_not_allowed', detail: '...' } }
 */
export interface Check {
  /** Unique among the checks of one attestor: `issuer`, `audience`. */
  readonly name: string
  /**
   * The required value; of an array, any element. Shown to operators only, because it reveals the deployment's policy.
   */
  readonly expected: string | readonly string[]
  /** The value in the evidence, claim by claim; never the evidence itself. */
  readonly actual: string | readonly string[] | undefined
  /** Absent: the check passed, or `unknown` is set. */
  readonly refusal: Refusal | undefined
  /**
   * Why the check could not run, such as a fact that the session does not record. It then neither passed nor failed.
   */
  readonly unknown?: string
}

const UNRECORDED: Refusal = {
  code: 'session_malformed',
  detail: 'the session does not record what the policy checks: log in again',
}

/**
 * Decides by a list of checks.
 *
 * @param checks a generator is run only up to its first refusal
 * @returns the first refusal, `session_malformed` for an unknown check, or `undefined` if all checks passed
 */
export function findFirstRefusal(checks: Iterable<Check>): Refusal | undefined {
  for (const { refusal, unknown } of checks) {
    if (refusal !== undefined) return refusal
    if (unknown !== undefined) return UNRECORDED
  }
  return undefined
}
