// Whom a token is meant for. A token meant for somebody else is never evidence here: whoever received it could replay it.
import { QUOTED_AUDIENCES_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Check } from '../check.ts'
import type { TokenFacts, TokenPins } from './token-facts.ts'

type Pins = Pick<TokenPins<unknown>, 'audiences'>

/** What follows from a list of pins: thousands of policies may share an anchor, and each list is the same every time. */
const combined = new WeakMap<readonly Pins[], ReadonlySet<string>>()

/** What any of several policies accepts. */
export function combineAudiences(all: readonly Pins[]): ReadonlySet<string> {
  const known = combined.get(all)
  if (known !== undefined) return known
  const accepted = new Set(all.flatMap(({ audiences }) => audiences))
  combined.set(all, accepted)
  return accepted
}

/** `expected`: what the policies that might have taken the token accept. */
export function refuseAudience(audiences: readonly string[], expected: readonly string[]): Refusal {
  const shown = audiences.slice(0, QUOTED_AUDIENCES_MAX).map((audience) => quoteText(audience))
  const more = audiences.length - shown.length
  const given = `${shown.join(', ')}${more === 0 ? '' : ` and ${more} more`}`
  return {
    code: 'audience_mismatch',
    detail: `JWT verification failed: audience: the token is for ${given}, which this gateway does not accept; change the audience of the projected token`,
    audit: { audiences: expected },
  }
}

/**
 * Where a recorded login does not hold the audiences: none if the policy asks for the default, without which no login gets
 * in, or else unknown.
 */
export function checkAudience(
  { audiences }: Pick<TokenFacts<unknown>, 'audiences'>,
  { audiences: accepted }: Pins,
  defaultAudience: string,
): Check | undefined {
  const name = 'audience'
  const [only] = accepted
  const isDefault = accepted.length === 1 && only === defaultAudience
  const expected = isDefault ? defaultAudience : accepted
  if (audiences === undefined)
    return isDefault ? undefined : { name, expected, actual: undefined, refusal: undefined, unknown: UNRECORDED }
  const isMeant = audiences.some((audience) => accepted.includes(audience))
  return { name, expected, actual: audiences, refusal: isMeant ? undefined : refuseAudience(audiences, accepted) }
}

export const UNRECORDED = 'attributes do not record this: explain the evidence instead'
