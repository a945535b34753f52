// The checks that every token has. A refusal describes the caller's own token; what the policy expects goes to the audit
// record and the operator's explanation only.
import { describeSeconds } from '../../core/duration.ts'
import { QUOTED_CLAIM_MAX_CHARACTERS, TOKEN_LIFETIME_DEFAULT_SECONDS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { PinContext } from '../attest-context.ts'
import type { Check } from '../check.ts'
import { checkAudience, UNRECORDED } from './audiences.ts'
import type { TokenFacts, TokenPins } from './token-facts.ts'

/**
 * Checks issuer, audience and lifetime. Omits a check whose fact a session does not record and whose pin is the
 * default.
 */
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

/**
 * Checks the lifetime. If a session does not record it: no check for the default maximum, otherwise an unknown check.
 */
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
