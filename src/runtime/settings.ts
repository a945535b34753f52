// Reads settings from strings: vars and secrets on Workers, environment variables of the same names on Node and Deno. An
// invalid or missing one stops the start, with every problem listed. A problem never quotes a secret.
import { decodeBase64url } from '../core/base64.ts'
import {
  CACHE_MAX_MIB,
  CACHE_MIN_MIB,
  CACHE_WORKER_MAX_MIB,
  CLOCK_SKEW_DEFAULT_SECONDS,
  CLOCK_SKEW_MAX_SECONDS,
  HTTP_DNS_NETWORKS_MAX,
  SEAL_KEY_MIN_BYTES,
  SESSION_TTL_DEFAULT_SECONDS,
  SESSION_TTL_MAX_SECONDS,
  SESSION_TTL_MIN_SECONDS,
} from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import { AUDIT_FORMATS, readAuditFormat } from '../gateway/audit/audit-format.ts'
import type { Settings } from '../gateway/settings.ts'
import { parseTrustDomain, type TrustDomain } from '../identity/trust-domain.ts'
import { findListingFault } from '../net/listed-networks.ts'
import { isLoopbackHost } from '../net/url-policy.ts'
import { findKeyFaults, readSessionKeys } from '../token/session/session-keys.ts'
import { type AddProblem, readClientSettings } from './client-settings.ts'
import { isRedisUrl, REDIS_URL_WORDS } from './redis/redis-url.ts'
import { readWebhooks } from './webhook-settings.ts'

const MEBIBYTE = 1024 * 1024

export type SettingsResult =
  | { readonly ok: true; readonly value: Settings }
  | { readonly ok: false; readonly problems: readonly [string, ...string[]] }

export type Environment = Readonly<Record<string, unknown>>

/**
 * Reads all settings.
 * @param environment - the settings by name; empty strings count as missing
 * @param host - `canResolve`: whether the host checks resolved addresses itself, which `PRIVATE_ISSUERS` requires
 * @returns the settings (times in seconds), or every problem, each beginning with the setting's name
 */
export function readSettings(environment: Environment, host: { readonly canResolve: boolean }): SettingsResult {
  const problems: string[] = []
  function addProblem(name: string, what: string): undefined {
    problems.push(`${name}: ${what}`)
  }
  function readText(name: string): string | undefined {
    const value = environment[name]
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
  }
  function readRequired(name: string): string | undefined {
    return readText(name) ?? addProblem(name, 'is required but not set')
  }
  function readInteger(name: string, min: number, max: number, fallback: number): number {
    const value = readText(name)
    if (value === undefined) return fallback
    if (/^[0-9]{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value)
    addProblem(name, `must be a whole number from ${min} to ${max}`)
    return fallback
  }

  const trustDomain = readTrustDomain(readRequired('TRUST_DOMAIN'), addProblem)
  const issuerUrl = readIssuerUrl(readRequired('ISSUER_URL'), addProblem)
  const sessionKeys = readKeys(readRequired('SESSION_SIGNING_KEYS'), addProblem)
  const sealKeys = readSealKeys(readText('SEAL_KEYS'), addProblem)
  const allowLoopbackIssuers = readFlag('ALLOW_LOOPBACK_ISSUERS', readText('ALLOW_LOOPBACK_ISSUERS'), addProblem)
  if (allowLoopbackIssuers && issuerUrl !== undefined && !isLoopbackUrl(issuerUrl)) {
    addProblem(
      'ALLOW_LOOPBACK_ISSUERS',
      'is for development only: it requires a loopback ISSUER_URL. Remove it, or set ISSUER_URL to a loopback URL',
    )
  }
  const privateIssuers = readOrigins(readText('PRIVATE_ISSUERS'), addProblem)
  if (privateIssuers.length > 0 && !host.canResolve)
    addProblem('PRIVATE_ISSUERS', 'is not supported on Workers, which resolve names themselves: remove it')
  const httpDnsNetworks = readListedNetworks(readText('HTTP_DNS_NETWORKS'), allowLoopbackIssuers, addProblem)
  if (httpDnsNetworks.length > 0 && !host.canResolve)
    addProblem('HTTP_DNS_NETWORKS', 'is not supported on Workers, which resolve names themselves: remove it')
  const replayUrl = readText('REPLAY_URL')
  if (replayUrl !== undefined && !host.canResolve)
    addProblem('REPLAY_URL', 'is not supported on Workers: remove it, and bind the Durable Object REPLAY')
  else if (replayUrl !== undefined && !isRedisUrl(replayUrl)) addProblem('REPLAY_URL', `must be ${REDIS_URL_WORDS}`)
  const playground = readFlag('PLAYGROUND', readText('PLAYGROUND'), addProblem)
  const webhookHost = { canResolve: host.canResolve, allowLoopback: allowLoopbackIssuers }
  const webhooks = readWebhooks(readText('WEBHOOKS'), webhookHost, addProblem)
  const serverTiming = readFlag('SERVER_TIMING', readText('SERVER_TIMING'), addProblem)
  const sessionTtlSeconds = readInteger(
    'SESSION_TTL_SECONDS',
    SESSION_TTL_MIN_SECONDS,
    SESSION_TTL_MAX_SECONDS,
    SESSION_TTL_DEFAULT_SECONDS,
  )
  const clockSkewSeconds = readInteger('CLOCK_SKEW_SECONDS', 0, CLOCK_SKEW_MAX_SECONDS, CLOCK_SKEW_DEFAULT_SECONDS)
  const clients = readClientSettings(readText, readInteger, addProblem)
  const cacheMaxMib = host.canResolve ? CACHE_MAX_MIB : CACHE_WORKER_MAX_MIB
  const configCacheMib = readInteger('CONFIG_CACHE_MIB', CACHE_MIN_MIB, cacheMaxMib, 0)
  const keyCacheMib = readInteger('KEY_CACHE_MIB', CACHE_MIN_MIB, cacheMaxMib, 0)

  if (readAuditFormat(environment['AUDIT_FORMAT']) === undefined)
    addProblem('AUDIT_FORMAT', `must be one of: ${Object.keys(AUDIT_FORMATS).join(', ')}`)
  const [first, ...others] = problems
  if (first !== undefined) return { ok: false, problems: [first, ...others] }
  if (trustDomain === undefined || issuerUrl === undefined || sessionKeys === undefined) throw new Error('unreachable')
  return {
    ok: true,
    value: {
      trustDomain,
      issuerUrl,
      audience: readText('AUDIENCE') ?? `spiffe://${trustDomain}`,
      sessionKeys,
      sealKeys,
      sessionTtlSeconds,
      clockSkewSeconds,
      allowLoopbackIssuers,
      privateIssuers,
      ...(webhooks === undefined ? {} : { webhooks }),
      ...(httpDnsNetworks.length === 0 ? {} : { httpDnsNetworks }),
      ...(serverTiming ? { serverTiming } : {}),
      ...(playground ? { playground } : {}),
      ...(replayUrl === undefined ? {} : { replayUrl }),
      ...clients,
      ...(configCacheMib === 0 ? {} : { configCacheMaxBytes: configCacheMib * MEBIBYTE }),
      ...(keyCacheMib === 0 ? {} : { keyCacheMaxBytes: keyCacheMib * MEBIBYTE }),
    },
  }
}

/**
 * Reads all settings and tests each session key with a signature. Otherwise a private key that does not match its public key,
 * or a key that this host does not support, would only show at the first login.
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

/** The message to print if the settings are invalid. */
export function describeProblems(problems: readonly string[]): string {
  return ['Cannot start Postern. Invalid settings:', ...problems.map((line) => `  - ${line}`)].join('\n')
}

function readTrustDomain(value: string | undefined, addProblem: AddProblem): TrustDomain | undefined {
  if (value === undefined) return undefined
  const parsed = parseTrustDomain(value)
  return parsed.ok
    ? parsed.value
    : addProblem(
        'TRUST_DOMAIN',
        'is not a trust domain: expected lower-case letters, digits, ".", "-" and "_", without a scheme',
      )
}

/** Relying parties compare the issuer literally (OpenID Connect Discovery 1.0 section 4.3), so it is never normalised. */
function readIssuerUrl(value: string | undefined, addProblem: AddProblem): string | undefined {
  if (value === undefined) return undefined
  const url = URL.parse(value)
  if (url === null || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackUrl(value)))) {
    return addProblem('ISSUER_URL', 'must be an https URL, or http on loopback')
  }
  if (url.username !== '' || url.password !== '' || /[?#@\s]/.test(value))
    return addProblem('ISSUER_URL', 'must not have a user name, query or fragment')
  return value
}

function isLoopbackUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && isLoopbackHost(url.hostname)
}

function readKeys(value: string | undefined, addProblem: AddProblem): Settings['sessionKeys'] | undefined {
  if (value === undefined) return undefined
  const read = readSessionKeys(value)
  if (read.ok) return read.value
  for (const what of read.problems) addProblem('SESSION_SIGNING_KEYS', what)
  return undefined
}

function readSealKeys(value: string | undefined, addProblem: AddProblem): readonly Uint8Array<ArrayBuffer>[] {
  const keys: Uint8Array<ArrayBuffer>[] = []
  for (const [index, part] of (value?.split(',') ?? []).entries()) {
    const key = decodeBase64url(part.trim())
    if (key !== undefined && key.length >= SEAL_KEY_MIN_BYTES) keys.push(key)
    else
      addProblem(
        'SEAL_KEYS',
        `key ${index} is not base64url of at least ${SEAL_KEY_MIN_BYTES} random bytes; separate several keys by commas`,
      )
  }
  return keys
}

function readFlag(name: string, value: string | undefined, addProblem: AddProblem): boolean {
  if (value !== undefined && value !== 'true' && value !== 'false') addProblem(name, 'must be "true" or "false"')
  return value === 'true'
}

function readListedNetworks(
  value: string | undefined,
  allowLoopback: boolean,
  addProblem: AddProblem,
): readonly string[] {
  const networks = value?.split(',').map((part) => part.trim()) ?? []
  if (networks.length > HTTP_DNS_NETWORKS_MAX)
    addProblem('HTTP_DNS_NETWORKS', `has more than ${HTTP_DNS_NETWORKS_MAX} networks`)
  for (const network of networks) {
    const fault = findListingFault(network, allowLoopback)
    if (fault !== undefined) addProblem('HTTP_DNS_NETWORKS', `${quoteText(network)} ${fault}`)
  }
  return networks
}

function readOrigins(value: string | undefined, addProblem: AddProblem): readonly string[] {
  const origins: string[] = []
  for (const part of value?.split(',') ?? []) {
    const url = URL.parse(part.trim())
    if (url !== null && url.protocol === 'https:' && url.origin === part.trim()) origins.push(url.origin)
    else addProblem('PRIVATE_ISSUERS', `${quoteText(part.trim())} is not an https origin such as https://10.0.0.1:6443`)
  }
  return origins
}
