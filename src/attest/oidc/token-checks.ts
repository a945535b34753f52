// What a policy asks of any token, check by check. The caller is told of its own token; what the policy expects goes to
// the audit record and to the operator's explanation alone.
import { describeSeconds } from '../../core/duration.ts'
import { QUOTED_CLAIM_MAX_CHARACTERS, TOKEN_LIFETIME_DEFAULT_SECONDS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { PinContext } from '../attest-context.ts'
import type { Check } from '../check.ts'
import { checkAudience, UNRECORDED } from './audiences.ts'
import type { TokenFacts, TokenPins } from './token-facts.ts'

/** Issuer, audience and lifetime; those that a record does not hold and that need not be asked are left out. */
export function checkToken(
  facts: TokenFacts<unknown>,
  pins: TokenPins<unknown>,
  { defaultAudience }: PinContext,
): readonly Check[] {
  const checks = [
    checkIssuer(facts.issuer, pins.issuer),
    checkAudience(facts, pins, defaultAudience),
    checkLifetime(facts, pins),
  ]
  return checks.filter((check) => check !== undefined)
}

function checkIssuer(actual: string, expected: string): Check {
  const refusal = actual === expected ? undefined : refuseIssuer(actual, [expected])
  return { name: 'issuer', expected, actual, refusal }
}

/** RFC 7519 section 4.1.1; compared as OpenID Connect Core 1.0 section 3.1.3.7 does, character by character. */
export function refuseIssuer(issuer: string, expected: readonly string[]): Refusal {
  return {
    code: 'issuer_mismatch',
    detail: `JWT verification failed: issuer mismatch: no policy of this cluster accepts the issuer ${quoteText(issuer, QUOTED_CLAIM_MAX_CHARACTERS)} of this token; issuers are compared literally, trailing slash included`,
    audit: { issuerURL: expected },
  }
}

/** Where a recorded login does not hold the lifetime: none for the default, by which it got in, or else unknown. */
function checkLifetime(
  { lifetimeSeconds }: TokenFacts<unknown>,
  { maxLifetimeSeconds }: TokenPins<unknown>,
): Check | undefined {
  const name = 'lifetime'
  const expected = describeMaximum(maxLifetimeSeconds)
  if (lifetimeSeconds === undefined) {
    const isDefault = maxLifetimeSeconds === TOKEN_LIFETIME_DEFAULT_SECONDS
    return isDefault ? undefined : { name, expected, actual: undefined, refusal: undefined, unknown: UNRECORDED }
  }
  const actual = describeSeconds(lifetimeSeconds)
  const isShort = lifetimeSeconds <= maxLifetimeSeconds
  return { name, expected, actual, refusal: isShort ? undefined : refuseLifetime(actual, maxLifetimeSeconds) }
}

function refuseLifetime(lifetime: string, maxSeconds: number): Refusal {
  return {
    code: 'token_lifetime_excessive',
    detail: `the token lifetime of ${lifetime} is longer than the policy accepts: lower expirationSeconds of the projected token`,
    audit: { maxTokenLifetime: `${maxSeconds}s` },
  }
}

function describeMaximum(seconds: number): string {
  return `at most ${describeSeconds(seconds)}`
}
