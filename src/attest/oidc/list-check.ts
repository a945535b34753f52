// The check that most rows make of most claims: the claim is one of a list that the policy names.
import { QUOTED_CLAIM_MAX_CHARACTERS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { RefusalCode } from '../../core/refusal.ts'
import type { Check } from '../check.ts'
import { matchesGlob } from '../glob.ts'

/** One pin. `field`: as the author of the policy writes it; `what`: the claim in words, with its article. */
export interface ListPin {
  readonly name: string
  readonly field: string
  readonly what: string
  readonly code: RefusalCode
  readonly expected: readonly string[] | undefined
  /** Patterns in which `*` is a wildcard; default exact strings. */
  readonly globs?: true
}

/**
 * Yields the check of one pin, or nothing if the policy does not have it. A token without the claim fails.
 *
 * @param absent why the token may not have the claim, and the next step
 */
export function* checkListed(
  { name, field, what, code, expected, globs }: ListPin,
  actual: string | undefined,
  absent = 'the token does not have it',
): Generator<Check> {
  if (expected === undefined) return
  const isAllowed =
    actual !== undefined && expected.some((item) => (globs === true ? matchesGlob(item, actual) : item === actual))
  const detail =
    actual === undefined
      ? `the policy requires ${what}: ${absent}`
      : `${what} ${quoteText(actual, QUOTED_CLAIM_MAX_CHARACTERS)} is not allowed to log in`
  yield { name, expected, actual, refusal: isAllowed ? undefined : { code, detail, audit: { [field]: expected } } }
}
