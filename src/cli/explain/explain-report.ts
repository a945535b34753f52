// An explanation as data: what the tree is drawn from, and the JSON of it for programs.
import type { Check } from '../../attest/check.ts'
import type { Explanation } from '../../condition/explain.ts'
import type { Scalar, Value } from '../../condition/read-value.ts'
import {
  type AttestorExplanation,
  type ConditionExplanation,
  type LoginExplanation,
  type PolicyExplanation,
  readCheckState,
} from '../../policy/login/explain-login.ts'
import { missOf, otherPolicies } from './explain-others.ts'
import type { Verdict } from './explain-verdict.ts'

export interface ExplainReport {
  readonly document: { readonly file: string; readonly section: string; readonly digest: string }
  /** When and for which default audience; absent for recorded attributes. */
  readonly at?: string
  readonly audience: string
  readonly explanation: LoginExplanation
  readonly verdict: Verdict
}

export function explanationJson({ document, at, audience, explanation, verdict }: ExplainReport): unknown {
  const { evidence, policies } = explanation
  const { listed, omitted } = otherPolicies(policies)
  return {
    document,
    ...(at === undefined ? {} : { at, audience }),
    evidence,
    policies: policies.filter(({ isCandidate }) => isCandidate).map(policyJson),
    otherPolicies: listed,
    otherPoliciesOmitted: omitted,
    verdict,
  }
}

function policyJson({ policy, state, attestors, conditions }: PolicyExplanation): unknown {
  return {
    name: policy.name,
    state,
    attestors: attestors.map(attestorJson),
    conditions: conditions.conditions.map(conditionJson),
    ...(conditions.refusal === undefined ? {} : { refusal: conditions.refusal }),
  }
}

function attestorJson(attestor: AttestorExplanation): unknown {
  const { type } = attestor.requirement
  if (attestor.kind !== 'checked') return { type, state: attestor.kind, why: missOf(attestor).why }
  const { checks, attributes } = attestor.explained
  return { type, state: attestor.kind, checks: checks.map(checkJson), attributes }
}

function checkJson(check: Check): unknown {
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

function conditionJson({ message, evaluation, explanation }: ConditionExplanation): unknown {
  return { ...partJson(explanation), holds: evaluation.kind === 'true', message }
}

function partJson({ text, offset, outcome, parts }: Explanation): Readonly<Record<string, unknown>> {
  const result = outcome.kind === 'value' ? { value: valueJson(outcome.value) } : { fault: outcome.fault }
  return { text, offset, ...result, parts: parts.map(partJson) }
}

function valueJson(value: Value): unknown {
  return typeof value === 'object' ? value.map(scalarJson) : scalarJson(value)
}

/** An integer that a double cannot hold is a text, lest a reader round it. */
function scalarJson(value: Scalar): unknown {
  if (typeof value !== 'bigint') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}
