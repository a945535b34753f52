// An explanation as a tree that a person can read: what passed is one short line, what did not says what was expected.

import type { Check } from '../../attest/check.ts'
import type { Explanation } from '../../condition/explain.ts'
import { printable } from '../../core/printable.ts'
import { REFUSALS } from '../../core/refusal.ts'
import { faultRefusal } from '../../policy/conditions.ts'
import {
  type AttestorExplanation,
  type ConditionExplanation,
  type PolicyExplanation,
  type PolicyState,
  stateOf,
} from '../../policy/login/explain-login.ts'
import { count, paint } from '../terminal.ts'
import { missOf, otherPolicies } from './explain-others.ts'
import type { ExplainReport } from './explain-report.ts'
import { shown, valueText } from './explain-value.ts'
import { verdictLines } from './explain-verdict-text.ts'

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
  undecided: { mark: 'unknown', words: 'could not be told' },
}

/** Longer texts do not push the values of the others out of sight. */
const TEXT_MAX_WIDTH = 64
const CHECK_WIDTH = 'allowed accounts'.length

export function explanationText(report: ExplainReport, io: Colour): string {
  const { policies, evidence } = report.explanation
  const candidates = policies.filter(({ isCandidate }) => isCandidate)
  const others = otherPolicies(policies)
  const asked = new Set(policies.flatMap(({ policy }) => policy.requirements.map(({ type }) => type)))
  const nameWidth = Math.max(0, ...others.listed.map(({ name }) => name.length))
  const lines = [
    ...headLines(report, io),
    ...evidence.flatMap(({ type, refusal }) => {
      if (refusal !== undefined)
        return [`${mark('failed', io)} ${paint(type, 'bold', io)}  ${refusal.code}: ${shown(refusal.detail)}`, '']
      return !asked.has(type) ? [`${mark('skipped', io)} ${type}  no policy asks for it: it is ignored`, ''] : []
    }),
    ...candidates.flatMap((policy) => [...policyLines(policy, report, io), '']),
    ...others.listed.map(({ name, why }) => `${mark('skipped', io)} ${name.padEnd(nameWidth)}  ${shown(why)}`),
    ...(others.omitted === 0 ? [] : [`  and ${others.omitted} more of the kind`]),
    ...(others.listed.length === 0 ? [] : ['']),
    ...verdictLines(report, io),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function headLines({ document, at, audience, explanation }: ExplainReport, io: Colour): readonly string[] {
  const sum = `${document.section}, ${count(explanation.policies.length, 'policy').replace('policys', 'policies')}`
  const when = at === undefined ? 'recorded attributes, taken as verified' : `at ${at}, audience ${printable(audience)}`
  return [`${paint(printable(document.file), 'bold', io)}  ${sum}`, paint(when, 'dim', io), '']
}

function policyLines(policy: PolicyExplanation, { verdict }: ExplainReport, io: Colour): readonly string[] {
  const { mark: sign, words } = STATES[policy.state]
  const { name } = policy.policy
  const isLate = verdict.kind === 'admitted' && policy.state === 'satisfied' && verdict.policy !== name
  const late = isLate ? `, and not reached: ${verdict.policy} admits before it` : ''
  return [
    `${mark(sign, io)} ${paint(name, 'bold', io)}  ${words}${late}`,
    ...policy.attestors.flatMap((attestor) => attestorLines(attestor, io)),
    ...conditionsLines(policy, io),
  ]
}

function attestorLines(attestor: AttestorExplanation, io: Colour): readonly string[] {
  const { type } = attestor.requirement
  if (attestor.kind !== 'checked') return [`  ${mark('failed', io)} ${type}  ${shown(missOf(attestor).why)}`]
  return [`  ${type}`, ...attestor.explained.checks.flatMap((check) => checkLines(check, io))]
}

function checkLines(check: Check, io: Colour): readonly string[] {
  const state = stateOf(check)
  const head = `    ${mark(state, io)} ${check.name.padEnd(CHECK_WIDTH)}  `
  const indent = ' '.repeat(6 + CHECK_WIDTH + 2)
  const actual = listed(check.actual)
  if (state === 'passed') return [`${head}${actual ?? listed(check.expected)}`]
  const first = `${head}${actual === undefined ? '' : `${actual}; `}expected ${listed(check.expected)}`
  const why = (text: string): string => `${indent}${paint(shown(text), 'dim', io)}`
  if (check.unknown !== undefined) return [first, why(check.unknown)]
  if (check.refusal === undefined) return [first]
  const { code, detail } = check.refusal
  if (state === 'unknown') return [first, why(detail)]
  // A pin whose two sides are shown needs no sentence.
  const isPlain = REFUSALS[code].reason === 'not_accepted' && actual !== undefined
  return isPlain ? [`${first} ${paint(`(${code})`, 'dim', io)}`] : [first, why(`${code}: ${detail}`)]
}

function conditionsLines({ policy, conditions: { conditions, refusal } }: PolicyExplanation, io: Colour): string[] {
  if (policy.conditions.length === 0) return []
  if (conditions.length === 0)
    return ['  conditions', `    ${mark('skipped', io)} not evaluated: some evidence is wanting`]
  const budget =
    refusal?.audit?.['fault'] === 'fuel_exhausted'
      ? [`    ${mark('failed', io)} ${refusal.code}: ${shown(refusal.detail)}`]
      : []
  return ['  conditions', ...conditions.flatMap((condition) => conditionLines(condition, io)), ...budget]
}

function conditionLines(
  { condition, explanation, evaluation, message }: ConditionExplanation,
  io: Colour,
): readonly string[] {
  const told = evaluation.kind === 'fault' ? faultRefusal(evaluation, condition, 'expression').detail : message
  const state = evaluation.kind === 'true' ? 'passed' : 'failed'
  const rows = treeRows(explanation, '', '')
  const width = Math.max(0, ...rows.map(({ text }) => text.length).filter((length) => length <= TEXT_MAX_WIDTH))
  const [root = '', ...parts] = rows.map(({ text, value }) => `${text.padEnd(width)}  ${value}`)
  return [
    `    ${mark(state, io)} ${root}`,
    ...parts.map((part) => `      ${part}`),
    ...(state === 'passed' ? [] : [`      ${paint(`the caller is told: ${shown(told)}`, 'dim', io)}`]),
  ]
}

function treeRows(
  { text, outcome, parts }: Explanation,
  lead: string,
  below: string,
): readonly { readonly text: string; readonly value: string }[] {
  const shownParts = parts.filter((part) => !isPlain(part))
  const value = outcome.kind === 'value' ? valueText(outcome.value) : `fault: ${outcome.fault.replaceAll('_', ' ')}`
  return [
    { text: `${lead}${printable(oneLine(text))}`, value },
    ...shownParts.flatMap((part, index) => {
      const isLast = index === shownParts.length - 1
      return treeRows(part, `${below}${isLast ? '└ ' : '├ '}`, `${below}${isLast ? '  ' : '│ '}`)
    }),
  ]
}

/** Its value is what is written: a list of literals. */
function isPlain({ text, outcome, parts }: Explanation): boolean {
  return parts.length === 0 && outcome.kind === 'value' && valueText(outcome.value) === text
}

function listed(value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value === undefined ? undefined : shown(value)
  return shown(value.length === 1 ? (value[0] ?? '') : `[${value.join(', ')}]`)
}

/** A block of YAML is one expression. */
function oneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
}

function mark(kind: keyof typeof MARKS, io: Colour): string {
  const { sign, style } = MARKS[kind]
  return paint(sign, style, io)
}
