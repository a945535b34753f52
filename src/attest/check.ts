// One check of evidence, told whole. What decides a login is also what explains it: a decision is the first refusal of
// a list of checks, an explanation is the list.
import type { Attribute } from '../attribute/attribute.ts'
import type { Refusal } from '../core/refusal.ts'

export interface Check {
  readonly name: string
  /** What must hold. For the operator alone: it tells what the deployment expects. Of a list, any one. */
  readonly expected: string | readonly string[]
  /** What the evidence says, by claims; never the evidence itself. */
  readonly actual: string | readonly string[] | undefined
  /** Absent: the check passed. */
  readonly refusal: Refusal | undefined
}

/** A check that could not be made, and why. Only explanations have it: a decision knows what it decides by. */
export interface OpenCheck extends Omit<Check, 'refusal'> {
  readonly refusal?: undefined
  readonly unknown: string
}

/** What an operator may see of one piece of evidence against one requirement. */
export interface Explained {
  /** In the order in which a login makes them; one that failed does not keep the others from being told. */
  readonly checks: readonly (Check | OpenCheck)[]
  /** What the evidence would prove; `undefined` if that is not known before it is verified. */
  readonly attributes: readonly Attribute[] | undefined
}

/** The decision. A generator of checks is run no further than to its first refusal. */
export function firstRefusal(checks: Iterable<Check>): Refusal | undefined {
  for (const { refusal } of checks) if (refusal !== undefined) return refusal
  return undefined
}
