// What an operator must know after a change of Revocations: when it holds everywhere, and what may still undo it.
import { formatInstantSeconds } from '../../core/instant.ts'
import { printable } from '../../core/printable.ts'
import { describeFact, type Revocation } from '../../policy/revocation/revocation.ts'
import type { OperatorStore } from '../store/operator-store.ts'

/** The bound of docs/operate.md: propagation of the store, `cacheTtl` of Workers KV, and the age of a copy. */
export function describeBound({ exact }: OperatorStore): string {
  return exact
    ? 'It holds in every gateway of this store within 90 s; in one that cannot read the store within 1 h.'
    : 'It holds in every gateway within the propagation of Workers KV (60 s, rarely longer) + 90 s; in one that cannot read the store within 1 h.'
}

/** Workers KV has no compare-and-swap. */
export function describeRace({ exact, name }: OperatorStore): string | undefined {
  if (exact) return undefined
  return `${printable(name)} cannot exclude other writers: whoever changes this document within 60 s may undo it without knowing. Run the same command again after that: it finds what is missing and adds it.`
}

/** One line: what, until when, why. */
export function formatEntry({
  fact,
  untilSeconds,
  reason,
}: Pick<Revocation, 'fact' | 'untilSeconds' | 'reason'>): string {
  return `${printable(describeFact(fact))}, until ${formatInstantSeconds(untilSeconds)}: ${printable(reason)}`
}
