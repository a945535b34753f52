// Loads a key source once: the discovery document if there is one, then the key set. One URL policy holds for every
// URL.
import { isJsonObject, type Json } from '../../core/json.ts'
import {
  DISCOVERY_MAX_BYTES,
  KEY_FETCH_TIMEOUT_MILLIS,
  KEY_SET_AGE_DEFAULT_SECONDS,
  KEY_SET_AGE_MAX_SECONDS,
  KEY_SET_AGE_MIN_SECONDS,
  KEY_SET_MAX_BYTES,
  QUOTED_CLAIM_MAX_CHARACTERS,
} from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { type FetchFailure, type FetchLike, fetchJson } from '../../net/bounded-fetch.ts'
import { readDeltaSeconds } from '../../net/delta-seconds.ts'
import { checkUrl, type ForbiddenUrl, type UrlPolicy, type UrlResult } from '../../net/url-policy.ts'
import { readKeySet } from './key-set.ts'
import { type FetchedSpec, makeDiscoveryUrl } from './key-source-spec.ts'
import type { Loaded, LoadFailure } from './load-outcome.ts'

export interface LoadPorts {
  readonly fetch: FetchLike
  readonly urlPolicy: UrlPolicy
  /** For one document; default {@link KEY_FETCH_TIMEOUT_MILLIS}. */
  readonly fetchTimeoutMillis?: number
  /** See {@link LoadFailure.unusedProxy}. */
  readonly unusedProxy?: string
}

/**
 * Checks whether keys may be fetched for `spec`: from the issuer, or from the URL of its key set. The compiler and the
 * loader both call it, so that a source that compiles can also be fetched.
 */
export function checkFetchedSpec(spec: FetchedSpec, policy: UrlPolicy): UrlResult {
  if (spec.kind === 'jwks_uri') return checkUrl(spec.url, policy)
  return checkUrl(spec.issuer, { ...policy, forbidQuery: true })
}

/** Loads the key set of `spec`. Never throws. An empty set is a success: an issuer may have withdrawn every key. */
export async function loadKeys(spec: FetchedSpec, ports: LoadPorts): Promise<Loaded> {
  if (spec.kind === 'jwks_uri') return loadKeySet(spec.url, ports)
  const url = makeDiscoveryUrl(spec.issuer)
  const fail = (failure: FetchFailure): Loaded => failLoad('discovery', url, failure, ports)
  const failKeys = (at: string, failure: FetchFailure): Loaded => failLoad('keys', at, failure, ports)

  const issuer = checkFetchedSpec(spec, ports.urlPolicy)
  if (!issuer.ok) return fail(describeForbidden(issuer))
  const document = await fetchJson(ports.fetch, url, {
    ...makeFetchBounds(DISCOVERY_MAX_BYTES, ports),
    accept: 'application/json',
  })
  if (!document.ok) return fail(document.failure)
  if (!isJsonObject(document.value)) return fail({ kind: 'discovery_not_an_object', facts: {} })
  const { issuer: named, jwks_uri: jwksUri } = document.value
  // Compared literally, slash included (section 4.3): otherwise one issuer could vouch for another (mix-up attack).
  if (named !== spec.issuer) return fail({ kind: 'issuer_mismatch', facts: { named: quoteJson(named) } })
  if (typeof jwksUri !== 'string') return fail({ kind: 'jwks_uri_missing', facts: {} })
  const keysUrl = checkFetchedSpec({ kind: 'jwks_uri', url: jwksUri }, ports.urlPolicy)
  if (!keysUrl.ok) return failKeys(jwksUri, describeForbidden(keysUrl))
  // An attacker who can alter a discovery document still cannot send the gateway to a host of their choice.
  const origins = [issuer.value.origin, ...(spec.jwksOrigins ?? [])]
  if (!origins.includes(keysUrl.value.origin)) {
    return fail({ kind: 'jwks_origin_forbidden', facts: { named: quoteJson(jwksUri) } })
  }
  return loadKeySet(jwksUri, ports)
}

/**
 * The media type of a JWK Set (RFC 7517 section 8.5.1), the only one that kube-apiserver produces at `/openid/v1/jwks`:
 * it answers 406 to a request for `application/json` alone. Some other issuers know only `application/json`.
 */
const KEY_SET_ACCEPT = 'application/jwk-set+json, application/json'

async function loadKeySet(url: string, ports: LoadPorts): Promise<Loaded> {
  const fail = (failure: FetchFailure): Loaded => failLoad('keys', url, failure, ports)
  const checked = checkFetchedSpec({ kind: 'jwks_uri', url }, ports.urlPolicy)
  if (!checked.ok) return fail(describeForbidden(checked))
  const document = await fetchJson(ports.fetch, url, {
    ...makeFetchBounds(KEY_SET_MAX_BYTES, ports),
    accept: KEY_SET_ACCEPT,
  })
  if (!document.ok) return fail(document.failure)
  const keys = readKeySet(document.value)
  if (keys === undefined) return fail({ kind: 'not_a_key_set', facts: {} })
  return { ok: true, keys, bytes: document.bytes, ageMaxSeconds: readAgeMaxSeconds(document.headers) }
}

function failLoad(
  document: LoadFailure['document'],
  url: string,
  failure: FetchFailure,
  { unusedProxy }: LoadPorts,
): Loaded {
  return { ok: false, failure: { document, url, ...failure, ...(unusedProxy === undefined ? {} : { unusedProxy }) } }
}

function describeForbidden({ reason, cure }: ForbiddenUrl): FetchFailure {
  return { kind: 'url_forbidden', facts: { reason: cure === undefined ? reason : `${reason}; ${cure}` } }
}

function quoteJson(value: Json | undefined): string {
  return typeof value === 'string' ? quoteText(value, QUOTED_CLAIM_MAX_CHARACTERS) : 'not a string'
}

function makeFetchBounds(
  maxBytes: number,
  ports: LoadPorts,
): { readonly maxBytes: number; readonly timeoutMillis: number } {
  return { maxBytes, timeoutMillis: ports.fetchTimeoutMillis ?? KEY_FETCH_TIMEOUT_MILLIS }
}

/**
 * Reads how many seconds a key set may be cached by its `Cache-Control` (RFC 9111 section 5.2.2), within our bounds.
 */
export function readAgeMaxSeconds(headers: Headers): number {
  const directives = (headers.get('cache-control') ?? '')
    .toLowerCase()
    .split(',')
    .map((directive) => directive.trim())
  if (directives.includes('no-store') || directives.includes('no-cache')) return KEY_SET_AGE_MIN_SECONDS
  const maxAge = directives.find((directive) => directive.startsWith('max-age='))?.slice('max-age='.length)
  const stated = maxAge === undefined ? undefined : readDeltaSeconds(maxAge)
  if (stated === undefined) return KEY_SET_AGE_DEFAULT_SECONDS
  // The time that it spent in a cache on the way counts (RFC 9111 section 4.2.3).
  const left = stated - (readDeltaSeconds(headers.get('age') ?? '0') ?? 0)
  return Math.min(Math.max(left, KEY_SET_AGE_MIN_SECONDS), KEY_SET_AGE_MAX_SECONDS)
}
