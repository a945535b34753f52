// A verdict in a line, for the head of the page, the times, the comparison and the tests. Green only where everything was
// checked: a login is never shown as good while a signature is not.
import { describeSeconds } from '../../src/core/duration.ts'
import type { Answer } from '../../src/explain/explain-verdict.ts'
import type { LoginReport } from './report.ts'

export interface Summary {
  readonly tone: 'good' | 'bad' | 'unknown' | 'none'
  readonly title: string
  readonly detail?: string
}

/** How near to a session, for comparisons: refused, undecided, admitted. */
export const NEARNESS: Readonly<Record<Summary['tone'], number>> = { none: 0, bad: 0, unknown: 1, good: 2 }

export function summarizeLogin(login: LoginReport): Summary {
  switch (login.kind) {
    case 'no_evidence':
      return {
        tone: 'none',
        title: 'No evidence yet',
        detail: 'Paste a token or the body of a login, or choose a sample',
      }
    case 'no_document':
      return {
        tone: 'bad',
        title: 'Refused: 403 login_refused',
        detail: `There is no ${login.section}, so every login is refused (no_policy)`,
      }
    case 'invalid_document':
      return {
        tone: 'bad',
        title: `${login.sections.join(' and ')} does not compile`,
        detail:
          'The gateway keeps its last good version in force; where there is none, it answers 503 configuration_invalid',
      }
    case 'refused_body':
      return { tone: 'bad', title: `Refused: ${formatAnswer(login.verdict.answer)}`, detail: login.verdict.detail }
    case 'explained':
      return summarizeVerdict(login)
  }
}

function summarizeVerdict({ verdict, signature, policies }: Extract<LoginReport, { kind: 'explained' }>): Summary {
  switch (verdict.kind) {
    case 'admitted': {
      const { policy, earlier } = verdict
      const before =
        earlier.length === 0
          ? {}
          : { detail: `unless ${earlier.join(', ')} admits first; it has checks that could not be run here` }
      return { tone: signature === 'verified' ? 'good' : 'unknown', title: `Admitted by ${policy}`, ...before }
    }
    case 'undecided': {
      const [first = ''] = verdict.policies
      const detail = findUnchecked(policies.find(({ name }) => name === first))
      const title = `Undecided: ${first} admits if what was not checked holds`
      return { tone: 'unknown', title, detail: detail ?? `Otherwise: ${formatAnswer(verdict.otherwise)}` }
    }
    case 'refused': {
      const [first] = verdict.refusals
      const detail = first?.refusal.detail
      const code = first === undefined ? '' : `, ${first.refusal.code}`
      return {
        tone: 'bad',
        title: `Refused: ${formatAnswer(verdict.answer)}${code}`,
        ...(detail === undefined ? {} : { detail }),
      }
    }
  }
}

function findUnchecked(policy: Extract<LoginReport, { kind: 'explained' }>['policies'][number] | undefined) {
  for (const attestor of policy?.attestors ?? []) {
    const unknown = attestor.state === 'checked' ? attestor.checks.find(({ state }) => state === 'unknown') : undefined
    if (unknown !== undefined) return `${unknown.name}: ${unknown.detail ?? 'not checked'}`
  }
  return undefined
}

function formatAnswer({ status, code }: Pick<Answer, 'status'> & { readonly code: string }): string {
  return `${status} ${code}`
}

/** How far one instant is from another: `in 55m`, `2h ago`, `now`. */
export function formatDistance(fromSeconds: number, toSeconds: number): string {
  const seconds = Math.round(toSeconds - fromSeconds)
  if (seconds === 0) return 'now'
  return seconds > 0 ? `in ${describeSeconds(seconds)}` : `${describeSeconds(-seconds)} ago`
}
