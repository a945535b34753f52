// One check of evidence, told whole. What decides a login is also what explains it: a decision is the first refusal of
// a list of checks, an explanation is the list.
import type { Refusal } from '../core/refusal.ts'

export interface Check {
  readonly name: string
  /** What must hold. For the operator alone: it shows what the deployment expects. Of a list, any one. */
  readonly expected: string | readonly string[]
  /** What the evidence says, by claims; never the evidence itself. */
  readonly actual: string | readonly string[] | undefined
  /** Absent: the check passed, or is unknown. */
  readonly refusal: Refusal | undefined
  /** Why it could not be made: a record does not hold the fact. It is then neither passed nor failed. */
  readonly unknown?: string
}

const UNRECORDED: Refusal = {
  code: 'session_malformed',
  detail: 'the session does not record what the policy checks: log in again',
}

/** The decision. A generator of checks is run no further than to its first refusal. What is unknown never passes. */
export function findFirstRefusal(checks: Iterable<Check>): Refusal | undefined {
  for (const { refusal, unknown } of checks) {
    if (refusal !== undefined) return refusal
    if (unknown !== undefined) return UNRECORDED
  }
  return undefined
}
