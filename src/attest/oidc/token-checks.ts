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

/** What only the row can say of its tokens. Absent: the words for service account tokens. */
export interface TokenAdvice {
  /** Completes `the token is for x, which this gateway does not accept; ...`. */
  readonly audience?: string
  /** Completes `the token lifetime is longer than the policy accepts: ...`. */
  readonly lifetime?: string
  /** The longest lifetime that the row accepts unless a policy says otherwise; default 24 h. */
  readonly maxLifetimeSeconds?: number
}

/**
 * Checks issuer, audience and lifetime. Omits a check whose fact a session does not record and whose pin is the
 * default.
 */
export function checkToken(
  facts: TokenFacts<unknown>,
  pins: TokenPins<unknown>,
  { defaultAudience }: PinContext,
  { audience, lifetime, maxLifetimeSeconds = TOKEN_LIFETIME_DEFAULT_SECONDS }: TokenAdvice = {},
): readonly Check[] {
  const checks = [
    checkIssuer(facts.issuer, pins.issuer),
    checkAudience(facts, pins, defaultAudience, audience),
    checkLifetime(facts, pins, maxLifetimeSeconds, lifetime),
  ]
  return checks.filter((check) => check !== undefined)
}

function checkIssuer(actual: string, expected: string | readonly string[]): Check {
  const issuers = [expected].flat()
  const refusal = issuers.includes(actual) ? undefined : refuseIssuer(actual, issuers)
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
  defaultSeconds: number,
  next: string | undefined,
): Check | undefined {
  const name = 'lifetime'
  const expected = describeMaximum(maxLifetimeSeconds)
  if (lifetimeSeconds === undefined) {
    const isDefault = maxLifetimeSeconds === defaultSeconds
    return isDefault ? undefined : { name, expected, actual: undefined, refusal: undefined, unknown: UNRECORDED }
  }
  const actual = describeSeconds(lifetimeSeconds)
  const isShort = lifetimeSeconds <= maxLifetimeSeconds
  return { name, expected, actual, refusal: isShort ? undefined : refuseLifetime(actual, maxLifetimeSeconds, next) }
}

function refuseLifetime(
  lifetime: string,
  maxSeconds: number,
  next = 'lower expirationSeconds of the projected token',
): Refusal {
  return {
    code: 'token_lifetime_excessive',
    detail: `the token lifetime of ${lifetime} is longer than the policy accepts: ${next}`,
    audit: { maxTokenLifetime: `${maxSeconds}s` },
  }
}

function describeMaximum(seconds: number): string {
  return `at most ${describeSeconds(seconds)}`
}
