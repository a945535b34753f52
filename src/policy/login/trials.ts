// The results of the policies that a login tried. A document may have thousands for one issuer, so only what an answer or
// an audit record can contain is kept, and the rest is counted.
import { AUDITED_POLICIES_MAX } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'

export interface EvidenceRefusal {
  readonly type: string
  readonly refusal: Refusal
}

/** The result of one policy that the evidence could have satisfied, for the audit record. */
export interface PolicyTrace {
  readonly policy: string
  readonly refusals: readonly EvidenceRefusal[]
  /** Its attestors all passed, and one of its conditions did not. */
  readonly attestorsPassed: boolean
}

/** Policies that were tried and have no trace. */
export interface Untraced {
  readonly tried: number
  /** Those of them that refused something by themselves, and not for the evidence's own fault. */
  readonly refusing: number
}

export interface Trials {
  note(trace: PolicyTrace): void
  /** Policies that refuse as the evidence was refused, without a look at each. */
  count(policies: number): void
  /**
   * Why evidence of this type, which verified, did not admit: the first policy whose attestors all passed, and whose
   * condition then did not; or else the first policy that it might have satisfied.
   */
  refusalFor(type: string): EvidenceRefusal | undefined
  /** Types that any policy refused, in the order in which they were met. */
  readonly refusedTypes: Iterable<string>
  /**
   * At most {@link AUDITED_POLICIES_MAX}: the first ones that refused something by themselves, and the last one, which
   * shows whether a budget was spent by then.
   */
  readonly traces: readonly PolicyTrace[]
  readonly untraced: Untraced
}

/**
 * Creates the record of one login.
 *
 * @param isOfEvidence tells whether a refusal is that of evidence which did not verify; every policy reports the same
 *   object
 */
export function createTrials(isOfEvidence: (refusal: Refusal) => boolean): Trials {
  const kept: PolicyTrace[] = []
  let last: PolicyTrace | undefined
  const first = new Map<string, EvidenceRefusal>()
  const nearest = new Map<string, EvidenceRefusal>()
  let tried = 0
  let refusing = 0

  return {
    note(trace) {
      for (const refusal of trace.refusals) {
        // A refusal by a policy whose anchor verified the evidence is more precise than that of another anchor.
        const known = first.get(refusal.type)
        const isBetter = known !== undefined && isOfEvidence(known.refusal) && !isOfEvidence(refusal.refusal)
        if (known === undefined || isBetter) first.set(refusal.type, refusal)
        if (trace.attestorsPassed && !nearest.has(refusal.type)) nearest.set(refusal.type, refusal)
      }
      const isOwn = trace.refusals.some(({ refusal }) => !isOfEvidence(refusal))
      if (isOwn && kept.length < AUDITED_POLICIES_MAX) kept.push(trace)
      else {
        tried++
        if (!isOwn) return
        refusing++
        last = trace
      }
    },
    count(policies) {
      tried += policies
    },
    refusalFor: (type) => nearest.get(type) ?? first.get(type),
    get refusedTypes() {
      return first.keys()
    },
    get traces() {
      return last === undefined ? kept : [...kept.slice(0, AUDITED_POLICIES_MAX - 1), last]
    },
    get untraced() {
      return { tried, refusing }
    },
  }
}
