// The answer that the gateway would give, from an explanation: the outcome of the gateway's own evaluator, and if keys were
// missing, what the other checks decide.
import { findReason, REFUSALS, type Refusal, type RefusalCode } from '../core/refusal.ts'
import type { LoginExplanation, PolicyExplanation } from '../policy/login/explain-login.ts'
import { chooseRefusalStatus, type RefusedReason } from '../policy/login/login.ts'
import type { EvidenceRefusal } from '../policy/login/trials.ts'

export interface Answer {
  readonly status: number
  readonly code: RefusalCode
  readonly reason?: string
}

export type Verdict =
  /** `earlier`: policies before it that could not be decided, and would admit first. */
  | { readonly kind: 'admitted'; readonly policy: string; readonly earlier: readonly string[] }
  /** `unlessVerified`: the answer if the signature is invalid, where it was not checked. */
  | {
      readonly kind: 'refused'
      readonly answer: Answer
      readonly unlessVerified?: Answer
      readonly refusals: readonly EvidenceRefusal[]
    }
  /** The first of `policies` would admit if everything that was not checked passes. */
  | { readonly kind: 'undecided'; readonly policies: readonly string[]; readonly otherwise: Answer }

/** @param section that of the policies: a serverless request is never answered with 401, which speaks of its caller */
export function readVerdict({ outcome, policies }: LoginExplanation, section: string): Verdict {
  const makeAnswer = section === 'ServerlessAttestation' ? makeServerlessAnswer : makeLoginAnswer
  const undecided = policies.filter(({ state }) => state === 'undecided').map(readName)
  switch (outcome.kind) {
    case 'refused': {
      const { reason, refusals } = outcome
      return { kind: 'refused', answer: makeAnswer(reason), refusals }
    }
    case 'unavailable': {
      const otherwise = makeAnswer(outcome.refusals.some(isVerified) ? 'no_policy_satisfied' : 'nothing_verified')
      if (undecided.length > 0) return { kind: 'undecided', policies: undecided, otherwise }
      return {
        kind: 'refused',
        answer: makeAnswer('no_policy_satisfied'),
        unlessVerified: otherwise,
        refusals: [],
      }
    }
    case 'admitted': {
      // For a recorded login, the evaluator passes checks that are not on record; the explanation marks them undecided.
      const own = policies.find(({ policy }) => policy === outcome.policy)
      const admitting = own?.state === 'undecided' ? policies.find(({ state }) => state === 'satisfied') : own
      if (admitting === undefined) {
        return { kind: 'undecided', policies: undecided, otherwise: makeAnswer('no_policy_satisfied') }
      }
      const earlier = policies.filter(
        ({ state, policy }) => state === 'undecided' && policy.index < admitting.policy.index,
      )
      return { kind: 'admitted', policy: readName(admitting), earlier: earlier.map(readName) }
    }
  }
}

function readName({ policy }: PolicyExplanation): string {
  return policy.name
}

function isVerified({ refusal }: EvidenceRefusal): boolean {
  return findReason(refusal.code) === 'not_accepted'
}

/** The answer of the login route. */
function makeLoginAnswer(reason: RefusedReason): Answer {
  return { status: chooseRefusalStatus(reason), code: 'login_refused', reason }
}

function makeServerlessAnswer(reason: RefusedReason): Answer {
  return { status: REFUSALS.login_refused.status, code: 'login_refused', reason }
}

/** The answer to a body that is refused as a whole, regardless of the policies. */
export function makeBodyAnswer({ code }: Refusal): Answer {
  return { status: REFUSALS[code].status, code }
}

/** The answer while a Revocations document locks every login. */
export function makeLockedVerdict({ code }: Refusal): Verdict {
  return { kind: 'refused', answer: { status: REFUSALS[code].status, code }, refusals: [] }
}
