// Formats the last lines of an explanation: the answer of the gateway, or what is missing to decide it.

import type { Check } from '../../attest/check.ts'
import type { ExplainReport } from '../../explain/explain-report.ts'
import type { Answer } from '../../explain/explain-verdict.ts'
import { type LoginExplanation, readCheckState } from '../../policy/login/explain-login.ts'
import { paint } from '../terminal.ts'
import { formatValue, shortenText } from './format-value.ts'

export function formatVerdict(
  { verdict, explanation, at }: ExplainReport,
  io: { readonly colour: boolean },
): readonly string[] {
  switch (verdict.kind) {
    case 'admitted': {
      const { policy, earlier } = verdict
      const instead =
        earlier.length === 0
          ? ''
          : `, unless ${earlier.join(' or ')} admits first; ${earlier.length === 1 ? 'it has' : 'they have'} checks that could not be run offline`
      const { outcome } = explanation
      const attributes = outcome.kind === 'admitted' && outcome.policy.name === policy ? outcome.attributes : []
      const width = Math.max(0, ...attributes.map(({ name }) => name.length))
      return [
        `${paint('admitted', 'green', io)}: 200, by policy ${policy}${instead}`,
        ...attributes.map(({ name, value }) => `  ${shortenText(name).padEnd(width)}  ${formatValue(value)}`),
      ]
    }
    case 'refused': {
      const { answer, unlessVerified, refusals } = verdict
      const head = `${paint('refused', 'red', io)}: ${formatAnswer(answer)}`
      if (unlessVerified !== undefined) {
        return [
          `${paint('refused', 'red', io)} regardless of the key: ${formatAnswer(answer)} if the signature is valid, ${formatAnswer(unlessVerified)} otherwise`,
        ]
      }
      return [
        head,
        ...refusals.map(({ type, refusal }) => `  ${type}  ${refusal.code}: ${shortenText(refusal.detail)}`),
      ]
    }
    case 'undecided': {
      const { policies, otherwise } = verdict
      const [first = ''] = policies
      const open = listUnknownChecks(explanation, first)
      const lacksKeys = open.some(isForKeys)
      const signed = open.every(isForKeys) ? 'the signature is valid' : 'the checks that could not be made pass'
      const what = at === undefined ? 'the checks that are not on record pass' : signed
      return [
        `${paint('undecided', 'yellow', io)}: 200, by policy ${first}, if ${what}; otherwise ${formatAnswer(otherwise)}`,
        ...(lacksKeys ? ['  to decide it, give the key set of the issuer: --jwks FILE'] : []),
      ]
    }
  }
}

/** The checks of a policy that could not be made. */
function listUnknownChecks({ policies }: LoginExplanation, name: string): readonly Check[] {
  const attestors = policies.find(({ policy }) => policy.name === name)?.attestors ?? []
  return attestors
    .flatMap((attestor) => (attestor.kind === 'checked' ? attestor.explained.checks : []))
    .filter((check) => readCheckState(check) === 'unknown')
}

function isForKeys({ refusal }: Check): boolean {
  return refusal?.code === 'signing_key_fetch_failed'
}

function formatAnswer({ status, code, reason }: Answer): string {
  return reason === undefined ? `${status} ${code}` : `${status} ${code} (${reason})`
}
