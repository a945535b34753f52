// What `singleUse` asks of the evidence of a policy, and of the gateway.
import type { Report } from '../../attest/attest-context.ts'
import type { Requirement } from '../../attest/shapes.ts'
import { quoteText } from '../../core/printable.ts'
import type { CompileContext } from '../compile/section-context.ts'

const PATH = ['singleUse'] as const

/**
 * Reports what keeps the policy from being of use: evidence that its platform never makes anew (an agent would log in
 * once in its life), or makes anew at times, and a gateway without a replay store. Paths are relative to the policy.
 */
export function checkSingleUse(
  name: string,
  requirements: readonly Requirement[],
  { attestors, canClaim }: CompileContext,
  report: Report,
): void {
  if (!canClaim) {
    const message = `Policy ${quoteText(name)} accepts evidence once, and the gateway has no replay store to tell: this policy admits no login. On Workers bind the Durable Object REPLAY; on Node and Deno set REPLAY_URL, or give a --state directory that can be written`
    report({ code: 'replay_unavailable', path: PATH, message })
  }
  for (const { type } of requirements) {
    const row = attestors.rows.get(type)
    // A challenge is claimed instead of the evidence, and is made anew for each login.
    if (row?.reissue === undefined || row.challenge !== undefined) continue
    const { how, words, fresh } = row.reissue
    if (how === 'never') {
      const message = `Cannot accept evidence of ${quoteText(type)} once: ${words}, so that an agent could log in only once. Remove singleUse`
      report({ code: 'single_use_impossible', path: PATH, message })
    } else {
      const next = fresh ?? 'make sure that agents do not need a second login within this time, or remove singleUse'
      const message = `Policy ${quoteText(name)} refuses the second login with the same evidence of ${quoteText(type)}, and ${words}: ${next}`
      report({ code: 'single_use_cached', path: PATH, message })
    }
  }
}
