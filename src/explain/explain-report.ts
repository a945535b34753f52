// The report of `postern explain` as data, which the tree is printed from, and its JSON for programs.
import type { Check } from '../attest/check.ts'
import type { Attribute } from '../attribute/attribute.ts'
import type { Explanation } from '../condition/explain.ts'
import type { Scalar, Value } from '../condition/read-value.ts'
import type { Json } from '../core/json.ts'
import type { Refusal } from '../core/refusal.ts'
import {
  type AttestorExplanation,
  type ConditionExplanation,
  type LoginExplanation,
  type PolicyExplanation,
  type PolicyState,
  readCheckState,
} from '../policy/login/explain-login.ts'
import type { Verdict } from './explain-verdict.ts'
import { explainMiss, listOtherPolicies, type OtherPolicy } from './other-policies.ts'

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

/** What `postern explain --json` prints. Values of conditions are JSON; an integer beyond a double is a string. */
export interface ExplanationJson {
  readonly document: ExplainReport['document']
  readonly at?: string
  readonly audience?: string
  readonly evidence: LoginExplanation['evidence']
  /** Those that some evidence is for, in document order. */
  readonly policies: readonly PolicyJson[]
  readonly listOtherPolicies: readonly OtherPolicy[]
  readonly otherPoliciesOmitted: number
  readonly locked?: Refusal
  readonly verdict: Verdict
}

export interface PolicyJson {
  readonly name: string
  readonly state: PolicyState
  readonly attestors: readonly AttestorJson[]
  readonly conditions: readonly ConditionJson[]
  readonly refusal?: Refusal
  readonly revocation?: Refusal
  readonly singleUse?: true
}

export type AttestorJson = { readonly type: string } & (
  | { readonly state: Exclude<AttestorExplanation['kind'], 'checked'>; readonly why: string }
  | {
      readonly state: 'checked'
      readonly checks: readonly CheckJson[]
      readonly attributes: readonly Attribute[] | undefined
    }
)

export interface CheckJson {
  readonly name: string
  readonly state: ReturnType<typeof readCheckState>
  readonly expected: Check['expected']
  readonly actual: Check['actual']
  readonly code?: string
  readonly detail?: string
}

export interface PartJson {
  readonly text: string
  readonly offset: number
  readonly value?: Json
  readonly fault?: string
  readonly parts: readonly PartJson[]
}

export interface ConditionJson extends PartJson {
  readonly holds: boolean
  readonly message: string | undefined
}

export function makeExplanationJson(report: ExplainReport): ExplanationJson {
  const { document, at, audience, explanation, locked, verdict } = report
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

function makePolicyJson({ policy, state, attestors, conditions, revocation }: PolicyExplanation): PolicyJson {
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

function makeAttestorJson(attestor: AttestorExplanation): AttestorJson {
  const { type } = attestor.requirement
  if (attestor.kind !== 'checked') return { type, state: attestor.kind, why: explainMiss(attestor).why }
  const { checks, attributes } = attestor.explained
  return { type, state: attestor.kind, checks: checks.map(makeCheckJson), attributes }
}

function makeCheckJson(check: Check): CheckJson {
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

function makeConditionJson({ message, evaluation, explanation }: ConditionExplanation): ConditionJson {
  return { ...makePartJson(explanation), holds: evaluation.kind === 'true', message }
}

function makePartJson({ text, offset, outcome, parts }: Explanation): PartJson {
  const result = outcome.kind === 'value' ? { value: makeValueJson(outcome.value) } : { fault: outcome.fault }
  return { text, offset, ...result, parts: parts.map(makePartJson) }
}

function makeValueJson(value: Value): Json {
  return typeof value === 'object' ? value.map(makeScalarJson) : makeScalarJson(value)
}

/** An integer that a double cannot represent exactly becomes a string, so that JSON readers do not round it. */
function makeScalarJson(value: Scalar): Json {
  if (typeof value !== 'bigint') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}
