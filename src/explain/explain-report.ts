// The report of `postern explain` as data, which the tree is printed from, and its JSON for programs.
import type { Check } from '../attest/check.ts'
import type { Explanation } from '../condition/explain.ts'
import type { Scalar, Value } from '../condition/read-value.ts'
import type { Refusal } from '../core/refusal.ts'
import {
  type AttestorExplanation,
  type ConditionExplanation,
  type LoginExplanation,
  type PolicyExplanation,
  readCheckState,
} from '../policy/login/explain-login.ts'
import type { Verdict } from './explain-verdict.ts'
import { explainMiss, listOtherPolicies } from './other-policies.ts'

export interface ExplainReport {
  readonly document: { readonly file: string; readonly section: string; readonly digest: string }
  /** RFC 3339: the time of the evaluation; absent for recorded attributes. */
  readonly at?: string
  readonly audience: string
  readonly explanation: LoginExplanation
  /** Set if a Revocations document locks every login. */
  readonly locked?: Refusal
  readonly verdict: Verdict
}

export function makeExplanationJson({ document, at, audience, explanation, locked, verdict }: ExplainReport): unknown {
  const { evidence, policies } = explanation
  const { listed, omitted } = listOtherPolicies(policies)
  return {
    document,
    ...(at === undefined ? {} : { at, audience }),
    evidence,
    policies: policies.filter(({ isCandidate }) => isCandidate).map(makePolicyJson),
    listOtherPolicies: listed,
    otherPoliciesOmitted: omitted,
    ...(locked === undefined ? {} : { locked }),
    verdict,
  }
}

function makePolicyJson({ policy, state, attestors, conditions, revocation }: PolicyExplanation): unknown {
  return {
    name: policy.name,
    state,
    attestors: attestors.map(makeAttestorJson),
    conditions: conditions.conditions.map(makeConditionJson),
    ...(conditions.refusal === undefined ? {} : { refusal: conditions.refusal }),
    ...(revocation === undefined ? {} : { revocation }),
    ...(policy.singleUse === true ? { singleUse: true } : {}),
  }
}

function makeAttestorJson(attestor: AttestorExplanation): unknown {
  const { type } = attestor.requirement
  if (attestor.kind !== 'checked') return { type, state: attestor.kind, why: explainMiss(attestor).why }
  const { checks, attributes } = attestor.explained
  return { type, state: attestor.kind, checks: checks.map(makeCheckJson), attributes }
}

function makeCheckJson(check: Check): unknown {
  const { name, expected, actual, refusal } = check
  return {
    name,
    state: readCheckState(check),
    expected,
    actual,
    ...(refusal === undefined ? {} : { code: refusal.code, detail: refusal.detail }),
    ...(check.unknown === undefined ? {} : { detail: check.unknown }),
  }
}

function makeConditionJson({ message, evaluation, explanation }: ConditionExplanation): unknown {
  return { ...makePartJson(explanation), holds: evaluation.kind === 'true', message }
}

function makePartJson({ text, offset, outcome, parts }: Explanation): Readonly<Record<string, unknown>> {
  const result = outcome.kind === 'value' ? { value: makeValueJson(outcome.value) } : { fault: outcome.fault }
  return { text, offset, ...result, parts: parts.map(makePartJson) }
}

function makeValueJson(value: Value): unknown {
  return typeof value === 'object' ? value.map(makeScalarJson) : makeScalarJson(value)
}

/** An integer that a double cannot represent exactly becomes a string, so that JSON readers do not round it. */
function makeScalarJson(value: Scalar): unknown {
  if (typeof value !== 'bigint') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}
