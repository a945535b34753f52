// "Log in as this pod and explain": what each piece of evidence says of itself, and what the gateway said to it.
import { ATTESTORS } from '../../attest/table.ts'
import type { ClientAttestation } from '../../client/client.ts'
import { describeFailure } from '../../client/transport.ts'
import { printable } from '../../core/printable.ts'
import type { LoggedIn } from './log-in.ts'
import { nextStep } from './run-agent.ts'

/** Lines for a person; no token. */
export function explainLoggedIn(result: LoggedIn): readonly string[] {
  if (result.kind === 'uncollected') return [`✗ no evidence: ${printable(result.reason)}`]
  const refusals = new Map<string, string>()
  if (result.kind === 'failed' && result.failure.kind === 'refused')
    for (const { type, code, detail } of result.failure.problem.refusals ?? []) refusals.set(type, `${code}: ${detail}`)
  const sent = result.evidence?.attestations ?? []
  const lines = sent.flatMap((attestation) => describeEvidence(attestation, refusals.get(attestation.type), result))
  if (result.kind === 'failed') return [...lines, `✗ ${printable(describeFailure(result.failure) + nextStep(result))}`]
  const { policy, attributes, session } = result.answer
  const width = Math.max(0, ...attributes.map(({ name }) => name.length))
  return [
    ...lines,
    `✓ admitted by the policy ${printable(policy)}, until ${session.expiresAt}`,
    ...attributes.map(({ name, value }) => `    ${printable(name).padEnd(width)}  ${printable(String(value))}`),
  ]
}

function describeEvidence(
  { type, evidence }: ClientAttestation,
  refusal: string | undefined,
  { kind }: LoggedIn,
): readonly string[] {
  const row = ATTESTORS.find((one) => one.type === type)
  const claimed = Object.entries(row?.readClaimed(evidence) ?? {})
  const width = Math.max(0, ...claimed.map(([name]) => name.length))
  const mark = refusal === undefined ? (kind === 'admitted' ? '✓' : '–') : '✗'
  return [
    `${mark} ${type}${refusal === undefined ? '' : `  ${printable(refusal)}`}`,
    ...claimed.map(([name, value]) => `    ${name.padEnd(width)}  ${printable([value].flat().join(', '))}`),
  ]
}
