// Whom a token is meant for. A token meant for somebody else is never evidence here: whoever received it could replay it.
import { QUOTED_AUDIENCES_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Check } from '../check.ts'
import { acceptedAudiences, type TokenFacts, type TokenPins } from './token-facts.ts'

/** What any of several policies accepts. */
export interface WantedAudiences {
  readonly stated: ReadonlySet<string>
  /** At least one states none, and so accepts the default. */
  readonly acceptsDefault: boolean
}

type Pins = Pick<TokenPins<unknown>, 'audiences'>

/** What follows from a list of pins: thousands of policies may share an anchor, and each list is the same every time. */
const combined = new WeakMap<readonly Pins[], WantedAudiences>()

export function combineAudiences(all: readonly Pins[]): WantedAudiences {
  const known = combined.get(all)
  if (known !== undefined) return known
  const stated = new Set(all.flatMap(({ audiences }) => audiences ?? []))
  const wanted = { stated, acceptsDefault: all.some(({ audiences }) => audiences === undefined) }
  combined.set(all, wanted)
  return wanted
}

/** Takes a look-up for each audience of the token, however many policies there are. */
export function isMeantForAny(
  audiences: readonly string[],
  { stated, acceptsDefault }: WantedAudiences,
  defaultAudience: string,
): boolean {
  return audiences.some((audience) => stated.has(audience) || (acceptsDefault && audience === defaultAudience))
}

/** All audiences that any of the policies accepts. */
export function acceptedByAny({ stated, acceptsDefault }: WantedAudiences, defaultAudience: string): readonly string[] {
  return [...new Set([...(acceptsDefault ? [defaultAudience] : []), ...stated])]
}

/** `expected`: what the policies that might have taken the token accept. */
export function audienceMismatch(audiences: readonly string[], expected: readonly string[]): Refusal {
  const shown = audiences.slice(0, QUOTED_AUDIENCES_MAX).map((audience) => quoteText(audience))
  const more = audiences.length - shown.length
  const given = `${shown.join(', ')}${more === 0 ? '' : ` and ${more} more`}`
  return {
    code: 'audience_mismatch',
    detail: `JWT verification failed: audience: the token is meant for ${given}, which is not what this gateway accepts; set the audience of the projected token`,
    audit: { audiences: expected },
  }
}

/**
 * Where a recorded login does not hold the audiences: none if the policy states none, since no login gets in without the
 * default then, or else unknown.
 */
export function* checkAudience(
  { audiences }: Pick<TokenFacts<unknown>, 'audiences'>,
  pins: Pins,
  defaultAudience: string,
): Generator<Check> {
  const name = 'audience'
  const expected = pins.audiences ?? defaultAudience
  if (audiences === undefined) {
    if (pins.audiences === undefined) return
    yield { name, expected, actual: undefined, refusal: undefined, unknown: UNRECORDED }
    return
  }
  const wanted = acceptedAudiences(pins, defaultAudience)
  const isMeant = audiences.some((audience) => wanted.includes(audience))
  yield { name, expected, actual: audiences, refusal: isMeant ? undefined : audienceMismatch(audiences, wanted) }
}

export const UNRECORDED = 'attributes do not record it: explain the evidence itself'
