// The audience check (RFC 7519 section 4.1.3). A token for another audience is never evidence here: its recipient could
// replay it.
import { QUOTED_AUDIENCES_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Check } from '../check.ts'
import type { TokenFacts, TokenPins } from './token-facts.ts'

type Pins = Pick<TokenPins<unknown>, 'audiences'>

/** Kept by list of pins: thousands of policies may share an anchor, and the list is the same object for every login. */
const combined = new WeakMap<readonly Pins[], ReadonlySet<string>>()

/** Combines the audiences that any of several policies accepts. */
export function combineAudiences(all: readonly Pins[]): ReadonlySet<string> {
  const known = combined.get(all)
  if (known !== undefined) return known
  const accepted = new Set(all.flatMap(({ audiences }) => audiences))
  combined.set(all, accepted)
  return accepted
}

/**
 * Refuses a token for its audience.
 *
 * @param expected what the policies accept; it goes to the audit record only
 * @param next the next step of the agent
 */
export function refuseAudience(
  audiences: readonly string[],
  expected: readonly string[],
  next = 'change the audience of the projected token',
): Refusal {
  const shown = audiences.slice(0, QUOTED_AUDIENCES_MAX).map((audience) => quoteText(audience))
  const more = audiences.length - shown.length
  const given = `${shown.join(', ')}${more === 0 ? '' : ` and ${more} more`}`
  return {
    code: 'audience_mismatch',
    detail: `JWT verification failed: audience: the token is for ${given}, which this gateway does not accept; ${next}`,
    audit: { audiences: expected },
  }
}

/**
 * Checks the audience. If a session does not record audiences, there is no check for the default audience, without which
 * no login passes, and an unknown check for any other.
 */
export function checkAudience(
  { audiences }: Pick<TokenFacts<unknown>, 'audiences'>,
  { audiences: accepted }: Pins,
  defaultAudience: string,
  next?: string,
): Check | undefined {
  const name = 'audience'
  const [only] = accepted
  const isDefault = accepted.length === 1 && only === defaultAudience
  const expected = isDefault ? defaultAudience : accepted
  if (audiences === undefined)
    return isDefault ? undefined : { name, expected, actual: undefined, refusal: undefined, unknown: UNRECORDED }
  const isMeant = audiences.some((audience) => accepted.includes(audience))
  return { name, expected, actual: audiences, refusal: isMeant ? undefined : refuseAudience(audiences, accepted, next) }
}

export const UNRECORDED = 'attributes do not record this: explain the evidence instead'
