// Settings from text: vars and secrets on Workers, environment variables of the same names on Node and Deno. A wrong or
// missing one stops the start, with every problem listed. No problem ever quotes a secret.
import { decodeBase64url } from '../core/base64.ts'
import {
  CLOCK_SKEW_DEFAULT_SECONDS,
  CLOCK_SKEW_MAX_SECONDS,
  SEAL_KEY_MIN_BYTES,
  SESSION_TTL_DEFAULT_SECONDS,
  SESSION_TTL_MAX_SECONDS,
  SESSION_TTL_MIN_SECONDS,
} from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import type { Settings } from '../gateway/settings.ts'
import { parseTrustDomain, type TrustDomain } from '../identity/trust-domain.ts'
import { isLoopbackHost } from '../net/url-policy.ts'
import { findKeyFaults, readSessionKeys } from '../token/session/session-keys.ts'

export type SettingsResult =
  | { readonly ok: true; readonly value: Settings }
  | { readonly ok: false; readonly problems: readonly [string, ...string[]] }

export type Environment = Readonly<Record<string, unknown>>

/** `canResolve`: the host checks resolved addresses itself, so `PRIVATE_ISSUERS` has a meaning. */
export function readSettings(environment: Environment, host: { readonly canResolve: boolean }): SettingsResult {
  const problems: string[] = []
  function problem(name: string, what: string): undefined {
    problems.push(`${name}: ${what}`)
  }
  function text(name: string): string | undefined {
    const value = environment[name]
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
  }
  function required(name: string): string | undefined {
    return text(name) ?? problem(name, 'is required and not set')
  }
  function integer(name: string, min: number, max: number, fallback: number): number {
    const value = text(name)
    if (value === undefined) return fallback
    if (/^[0-9]{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value)
    problem(name, `must be a whole number from ${min} to ${max}`)
    return fallback
  }

  const trustDomain = readTrustDomain(required('TRUST_DOMAIN'), problem)
  const issuerUrl = readIssuerUrl(required('ISSUER_URL'), problem)
  const sessionKeys = readKeys(required('SESSION_SIGNING_KEYS'), problem)
  const sealKeys = readSealKeys(text('SEAL_KEYS'), problem)
  const allowLoopbackIssuers = readFlag(text('ALLOW_LOOPBACK_ISSUERS'), problem)
  if (allowLoopbackIssuers && issuerUrl !== undefined && !isLoopbackUrl(issuerUrl)) {
    problem('ALLOW_LOOPBACK_ISSUERS', 'is for development alone: it needs an ISSUER_URL that is itself loopback')
  }
  const privateIssuers = readOrigins(text('PRIVATE_ISSUERS'), problem)
  if (privateIssuers.length > 0 && !host.canResolve)
    problem('PRIVATE_ISSUERS', 'has no meaning on Workers: leave it out')
  const sessionTtlSeconds = integer(
    'SESSION_TTL_SECONDS',
    SESSION_TTL_MIN_SECONDS,
    SESSION_TTL_MAX_SECONDS,
    SESSION_TTL_DEFAULT_SECONDS,
  )
  const clockSkewSeconds = integer('CLOCK_SKEW_SECONDS', 0, CLOCK_SKEW_MAX_SECONDS, CLOCK_SKEW_DEFAULT_SECONDS)

  const [first, ...others] = problems
  if (first !== undefined) return { ok: false, problems: [first, ...others] }
  if (trustDomain === undefined || issuerUrl === undefined || sessionKeys === undefined) throw new Error('unreachable')
  return {
    ok: true,
    value: {
      trustDomain,
      issuerUrl,
      audience: text('AUDIENCE') ?? `spiffe://${trustDomain}`,
      sessionKeys,
      sealKeys,
      sessionTtlSeconds,
      clockSkewSeconds,
      allowLoopbackIssuers,
      privateIssuers,
    },
  }
}

/**
 * The same for a gateway that will sign: proves each session key by a signature first. Halves that do not fit, or a key
 * that this host cannot use, would otherwise show at the first login.
 */
export async function readServingSettings(
  environment: Environment,
  host: { readonly canResolve: boolean },
): Promise<SettingsResult> {
  const read = readSettings(environment, host)
  if (!read.ok) return read
  const [first, ...others] = (await findKeyFaults(read.value.sessionKeys)).map(
    (fault) => `SESSION_SIGNING_KEYS: ${fault}`,
  )
  return first === undefined ? read : { ok: false, problems: [first, ...others] }
}

/** What to print when the start is stopped. */
export function describeProblems(problems: readonly string[]): string {
  return ['Cannot start Postern, its settings are wrong:', ...problems.map((line) => `  - ${line}`)].join('\n')
}

type Problem = (name: string, what: string) => undefined

function readTrustDomain(value: string | undefined, problem: Problem): TrustDomain | undefined {
  if (value === undefined) return undefined
  const parsed = parseTrustDomain(value)
  return parsed.ok
    ? parsed.value
    : problem('TRUST_DOMAIN', 'is not a trust domain: lower-case letters, digits, ".", "-" and "_", without a scheme')
}

/** It is compared literally by every relying party, so it is taken as it stands, or refused. */
function readIssuerUrl(value: string | undefined, problem: Problem): string | undefined {
  if (value === undefined) return undefined
  const url = URL.parse(value)
  if (url === null || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackUrl(value)))) {
    return problem('ISSUER_URL', 'must be an https URL, or http on loopback')
  }
  if (url.username !== '' || url.password !== '' || /[?#@\s]/.test(value))
    return problem('ISSUER_URL', 'must have no user name, query or fragment')
  return value
}

function isLoopbackUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && isLoopbackHost(url.hostname)
}

function readKeys(value: string | undefined, problem: Problem): Settings['sessionKeys'] | undefined {
  if (value === undefined) return undefined
  const read = readSessionKeys(value)
  if (read.ok) return read.value
  for (const what of read.problems) problem('SESSION_SIGNING_KEYS', what)
  return undefined
}

function readSealKeys(value: string | undefined, problem: Problem): readonly Uint8Array<ArrayBuffer>[] {
  const keys: Uint8Array<ArrayBuffer>[] = []
  for (const [index, part] of (value?.split(',') ?? []).entries()) {
    const key = decodeBase64url(part.trim())
    if (key !== undefined && key.length >= SEAL_KEY_MIN_BYTES) keys.push(key)
    else
      problem(
        'SEAL_KEYS',
        `key ${index} is not base64url of at least ${SEAL_KEY_MIN_BYTES} random bytes; several are separated by commas`,
      )
  }
  return keys
}

function readFlag(value: string | undefined, problem: Problem): boolean {
  if (value !== undefined && value !== 'true' && value !== 'false')
    problem('ALLOW_LOOPBACK_ISSUERS', 'must be "true" or "false"')
  return value === 'true'
}

function readOrigins(value: string | undefined, problem: Problem): readonly string[] {
  const origins: string[] = []
  for (const part of value?.split(',') ?? []) {
    const url = URL.parse(part.trim())
    if (url !== null && url.protocol === 'https:' && url.origin === part.trim()) origins.push(url.origin)
    else problem('PRIVATE_ISSUERS', `${quoteText(part.trim())} is not an https origin such as https://10.0.0.1:6443`)
  }
  return origins
}
