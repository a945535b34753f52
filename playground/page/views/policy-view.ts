// One policy of an explanation: each attestor with its checks, then the conditions.
import type { AttestorJson, CheckJson, PolicyJson } from '../../../src/explain/explain-report.ts'
import { element } from '../element.ts'
import { formatCondition } from './condition-view.ts'
import { codeOf, formatValue, markOf, type State } from './value-view.ts'

const STATES: Readonly<Record<PolicyJson['state'], { readonly state: State; readonly words: string }>> = {
  satisfied: { state: 'passed', words: 'satisfied' },
  undecided: { state: 'unknown', words: 'undecided' },
  not_satisfied: { state: 'failed', words: 'not satisfied' },
}

/** Formats it. Its checks are made when it is opened: of fifty policies, a person reads one. */
export function formatPolicy(policy: PolicyJson, isOpen: boolean): HTMLElement {
  const { name, state } = policy
  const { state: mark, words } = STATES[state]
  const fold = element(
    'details',
    { class: 'policy', open: isOpen, data: { state: mark, key: `policy ${name}` } },
    element(
      'summary',
      {},
      markOf(mark),
      element('strong', {}, name),
      element('span', { class: 'words' }, words),
      element('span', { class: 'quiet' }, summarize(policy)),
    ),
  )
  let isMade = false
  function make(): void {
    if (isMade || !fold.open) return
    isMade = true
    fold.append(...formatBody(policy))
  }
  fold.addEventListener('toggle', make)
  make()
  return fold
}

function formatBody({ attestors, conditions, refusal, revocation, singleUse }: PolicyJson): readonly HTMLElement[] {
  const parts = [
    ...attestors.map(formatAttestor),
    conditions.length > 0 && element('h4', {}, 'Conditions'),
    ...conditions.map(formatCondition),
    refusal !== undefined && formatRefusal(refusal.code, refusal.detail),
    revocation !== undefined && formatRefusal(revocation.code, describeRevocation(revocation)),
    singleUse === true &&
      element(
        'p',
        { class: 'quiet' },
        'Single use: the gateway also refuses evidence that was used before (evidence_replayed).',
      ),
  ]
  return parts.filter((part) => part !== false)
}

function describeRevocation({ detail, audit = {} }: NonNullable<PolicyJson['revocation']>): string {
  const facts = Object.entries(audit).map(([name, value]) => `${name}: ${String(value)}`)
  return [detail, ...facts].join('; ')
}

function summarize({ attestors, conditions }: PolicyJson): string {
  const checks = attestors.flatMap((attestor) => (attestor.state === 'checked' ? attestor.checks : []))
  const absent = attestors.filter(({ state }) => state !== 'checked').map(({ type }) => `no ${type}`)
  const failed = checks.filter(({ state }) => state === 'failed').map(({ name }) => name)
  const unmet = conditions.filter(({ holds }) => !holds).length
  const misses = [...absent, ...failed, ...(unmet > 0 ? [`${unmet} of ${conditions.length} conditions`] : [])]
  return misses.join(', ')
}

function formatAttestor(attestor: AttestorJson): HTMLElement {
  if (attestor.state !== 'checked')
    return element(
      'div',
      { class: 'attestor' },
      element('h4', {}, attestor.type),
      element('p', { class: 'why' }, markOf('failed'), attestor.why),
    )
  const { type, checks } = attestor
  return element(
    'div',
    { class: 'attestor' },
    element('h4', {}, type),
    element(
      'table',
      { class: 'checks' },
      element(
        'thead',
        {},
        element('tr', {}, ...['Check', 'Expected', 'Actual'].map((title) => element('th', {}, title))),
      ),
      element('tbody', {}, ...checks.flatMap(formatCheck)),
    ),
  )
}

/** A check that passed is one line; one that did not shows both sides, and what follows from it. */
function formatCheck({ name, state, expected, actual, code, detail }: CheckJson): readonly HTMLElement[] {
  const head = element('th', {}, markOf(state), name)
  head.scope = 'row'
  if (state === 'passed') {
    const cell = element('td', {}, ...describePassed(expected, actual))
    cell.colSpan = 2
    return [element('tr', { data: { state } }, head, cell)]
  }
  const isCompared = actual !== undefined || state === 'failed'
  const row = element(
    'tr',
    { data: { state } },
    head,
    element('td', {}, codeOf(expected)),
    element('td', {}, isCompared ? codeOf(actual) : ''),
  )
  if (detail === undefined) return [row]
  const said = element(
    'td',
    {},
    code === undefined || state === 'unknown' ? '' : [element('code', {}, code), ' '],
    detail,
  )
  said.colSpan = 3
  return [row, element('tr', { class: 'said', data: { state } }, said)]
}

/** What the evidence has, and what was asked for where that says more. */
function describePassed(
  expected: CheckJson['expected'],
  actual: CheckJson['actual'],
): readonly (HTMLElement | string)[] {
  if (actual === undefined) return [codeOf(expected)]
  if (formatValue(actual) === formatValue(expected)) return [codeOf(actual)]
  return [codeOf(actual), element('span', { class: 'quiet' }, ' · ', formatValue(expected))]
}

function formatRefusal(code: string, detail: string): HTMLElement {
  return element('p', { class: 'why' }, markOf('failed'), element('code', {}, code), ' ', detail)
}
