// Formats an explanation as a tree: a passed check is one short line, a failed one shows what was expected.

import type { Check } from '../../attest/check.ts'
import type { Explanation } from '../../condition/explain.ts'
import { printable } from '../../core/printable.ts'
import { findReason, type Refusal } from '../../core/refusal.ts'
import type { ExplainReport } from '../../explain/explain-report.ts'
import { explainMiss, listOtherPolicies } from '../../explain/other-policies.ts'
import { describeFault } from '../../policy/conditions.ts'
import {
  type AttestorExplanation,
  type ConditionExplanation,
  type PolicyExplanation,
  type PolicyState,
  readCheckState,
} from '../../policy/login/explain-login.ts'
import { formatCount, paint } from '../terminal.ts'
import { formatValue, shortenText } from './format-value.ts'
import { formatVerdict } from './format-verdict.ts'

const SINGLE_USE =
  'single use: the evidence is claimed when all else passes, and refused (evidence_replayed) if it was used before, which is not looked up here'

type Colour = { readonly colour: boolean }

const MARKS = {
  passed: { sign: '✓', style: 'green' },
  failed: { sign: '✗', style: 'red' },
  unknown: { sign: '?', style: 'yellow' },
  skipped: { sign: '–', style: 'dim' },
} as const

const STATES: Readonly<Record<PolicyState, { readonly mark: keyof typeof MARKS; readonly words: string }>> = {
  satisfied: { mark: 'passed', words: 'satisfied' },
  not_satisfied: { mark: 'failed', words: 'not satisfied' },
  undecided: { mark: 'unknown', words: 'undecided' },
}

/** Longer expressions do not widen the column, so that the values of the others stay visible. */
const TEXT_MAX_WIDTH = 64
const CHECK_WIDTH = 'allowed accounts'.length

export function formatExplanation(report: ExplainReport, io: Colour): string {
  const { policies, evidence } = report.explanation
  const candidates = policies.filter(({ isCandidate }) => isCandidate)
  const others = listOtherPolicies(policies)
  const asked = new Set(policies.flatMap(({ policy }) => policy.requirements.map(({ type }) => type)))
  const nameWidth = Math.max(0, ...others.listed.map(({ name }) => name.length))
  const lines = [
    ...formatHead(report, io),
    ...evidence.flatMap(({ type, refusal }) => {
      if (refusal !== undefined)
        return [
          `${paintMark('failed', io)} ${paint(type, 'bold', io)}  ${refusal.code}: ${shortenText(refusal.detail)}`,
          '',
        ]
      return !asked.has(type) ? [`${paintMark('skipped', io)} ${type}  not required by any policy: ignored`, ''] : []
    }),
    ...candidates.flatMap((policy) => [...formatPolicy(policy, report, io), '']),
    ...others.listed.map(
      ({ name, why }) => `${paintMark('skipped', io)} ${name.padEnd(nameWidth)}  ${shortenText(why)}`,
    ),
    ...(others.omitted === 0 ? [] : [`  and ${others.omitted} more policies`]),
    ...(others.listed.length === 0 ? [] : ['']),
    ...formatVerdict(report, io),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function formatHead({ document, at, audience, explanation, locked }: ExplainReport, io: Colour): readonly string[] {
  const sum = `${document.section}, ${formatCount(explanation.policies.length, 'policy').replace('policys', 'policies')}`
  const when =
    at === undefined ? 'recorded attributes, assumed to be verified' : `at ${at}, audience ${printable(audience)}`
  return [
    `${paint(printable(document.file), 'bold', io)}  ${sum}`,
    paint(when, 'dim', io),
    '',
    ...(locked === undefined ? [] : [...formatRevocation(locked, io), '']),
  ]
}

function formatPolicy(policy: PolicyExplanation, { verdict }: ExplainReport, io: Colour): readonly string[] {
  const { mark: sign, words } = STATES[policy.state]
  const { name } = policy.policy
  const isLate = verdict.kind === 'admitted' && policy.state === 'satisfied' && verdict.policy !== name
  const late = isLate ? `, but not reached: ${verdict.policy} admits first` : ''
  return [
    `${paintMark(sign, io)} ${paint(name, 'bold', io)}  ${words}${late}`,
    ...policy.attestors.flatMap((attestor) => formatAttestor(attestor, io)),
    ...formatConditions(policy, io),
    ...formatRevocation(policy.revocation, io),
    ...(policy.policy.singleUse === true ? [`  ${paintMark('skipped', io)} ${SINGLE_USE}`] : []),
  ]
}

/** Which entry refuses the login: the caller reads only that one does. */
function formatRevocation(refusal: Refusal | undefined, io: Colour): readonly string[] {
  if (refusal === undefined) return []
  const facts = Object.entries(refusal.audit ?? {}).map(
    ([name, value]) => `    ${name.padEnd(CHECK_WIDTH)}  ${shortenText(String(value))}`,
  )
  return [`  ${paintMark('failed', io)} ${refusal.code}`, ...facts]
}

function formatAttestor(attestor: AttestorExplanation, io: Colour): readonly string[] {
  const { type } = attestor.requirement
  if (attestor.kind !== 'checked')
    return [`  ${paintMark('failed', io)} ${type}  ${shortenText(explainMiss(attestor).why)}`]
  return [`  ${type}`, ...attestor.explained.checks.flatMap((check) => formatCheck(check, io))]
}

function formatCheck(check: Check, io: Colour): readonly string[] {
  const state = readCheckState(check)
  const head = `    ${paintMark(state, io)} ${check.name.padEnd(CHECK_WIDTH)}  `
  const indent = ' '.repeat(6 + CHECK_WIDTH + 2)
  const actual = formatList(check.actual)
  if (state === 'passed') return [`${head}${actual ?? formatList(check.expected)}`]
  const first = `${head}${actual === undefined ? '' : `${actual}; `}expected ${formatList(check.expected)}`
  const formatReason = (text: string): string => `${indent}${paint(shortenText(text), 'dim', io)}`
  if (check.unknown !== undefined) return [first, formatReason(check.unknown)]
  if (check.refusal === undefined) return [first]
  const { code, detail } = check.refusal
  if (state === 'unknown') return [first, formatReason(detail)]
  // If both the expected and the actual value are shown, the detail adds nothing.
  const isPlain = findReason(code) === 'not_accepted' && actual !== undefined
  return isPlain ? [`${first} ${paint(`(${code})`, 'dim', io)}`] : [first, formatReason(`${code}: ${detail}`)]
}

function formatConditions({ policy, conditions: { conditions, refusal } }: PolicyExplanation, io: Colour): string[] {
  if (policy.conditions.length === 0) return []
  if (conditions.length === 0)
    return ['  conditions', `    ${paintMark('skipped', io)} not evaluated: evidence is missing`]
  const budget =
    refusal?.audit?.['fault'] === 'fuel_exhausted'
      ? [`    ${paintMark('failed', io)} ${refusal.code}: ${shortenText(refusal.detail)}`]
      : []
  return ['  conditions', ...conditions.flatMap((condition) => formatCondition(condition, io)), ...budget]
}

function formatCondition(
  { condition, explanation, evaluation, message }: ConditionExplanation,
  io: Colour,
): readonly string[] {
  const detail = evaluation.kind === 'fault' ? describeFault(evaluation, condition, 'expression').detail : message
  const state = evaluation.kind === 'true' ? 'passed' : 'failed'
  const rows = listTreeRows(explanation, '', '')
  const width = Math.max(0, ...rows.map(({ text }) => text.length).filter((length) => length <= TEXT_MAX_WIDTH))
  const [root = '', ...parts] = rows.map(({ text, value }) => `${text.padEnd(width)}  ${value}`)
  return [
    `    ${paintMark(state, io)} ${root}`,
    ...parts.map((part) => `      ${part}`),
    ...(state === 'passed' ? [] : [`      ${paint(`the caller reads: ${shortenText(detail)}`, 'dim', io)}`]),
  ]
}

function listTreeRows(
  { text, outcome, parts }: Explanation,
  lead: string,
  below: string,
): readonly { readonly text: string; readonly value: string }[] {
  const shownParts = parts.filter((part) => !isPlain(part))
  const value = outcome.kind === 'value' ? formatValue(outcome.value) : `fault: ${outcome.fault.replaceAll('_', ' ')}`
  return [
    { text: `${lead}${printable(joinLines(text))}`, value },
    ...shownParts.flatMap((part, index) => {
      const isLast = index === shownParts.length - 1
      return listTreeRows(part, `${below}${isLast ? '└ ' : '├ '}`, `${below}${isLast ? '  ' : '│ '}`)
    }),
  ]
}

/** Whether a value is written out literally, so that showing it again adds nothing. */
function isPlain({ text, outcome, parts }: Explanation): boolean {
  return parts.length === 0 && outcome.kind === 'value' && formatValue(outcome.value) === text
}

function formatList(value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value === undefined ? undefined : shortenText(value)
  return shortenText(value.length === 1 ? (value[0] ?? '') : `[${value.join(', ')}]`)
}

/** A condition may be a YAML block of several lines. */
function joinLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
}

function paintMark(kind: keyof typeof MARKS, io: Colour): string {
  const { sign, style } = MARKS[kind]
  return paint(sign, style, io)
}
