// A SPIFFE ID (SPIFFE-ID section 2): parsed from a string, or made from a trust domain and segments. Each segment is
// checked on its own: a check of the joined path would accept a value with a slash as two segments (injection).
import { SPIFFE_ID_MAX_BYTES } from '../core/limits.ts'
import { failParse, type Parsed } from './parse-result.ts'
import { parseTrustDomain, type TrustDomain } from './trust-domain.ts'

declare const parsed: unique symbol
/** Made by this file alone. `segments` is empty for the ID of the trust domain itself. */
export interface SpiffeId {
  readonly trustDomain: TrustDomain
  readonly segments: readonly string[]
  /** With its leading slash; empty for the trust domain itself. */
  readonly path: string
  readonly text: string
  readonly [parsed]: 'SpiffeId'
}

export const SEGMENT_FAULTS = {
  segment_empty: 'a path segment is empty',
  segment_dot: 'a path segment is "." or ".."',
  segment_character: 'a path segment may contain only letters, digits, ".", "-" and "_"',
} as const
export type SegmentFault = keyof typeof SEGMENT_FAULTS

export const SPIFFE_ID_FAULTS = {
  ...SEGMENT_FAULTS,
  scheme_invalid: 'a SPIFFE ID must start with spiffe://',
  trust_domain_invalid: 'the trust domain is invalid',
  path_trailing_slash: 'the path ends in a slash',
  too_long: `the SPIFFE ID is longer than ${SPIFFE_ID_MAX_BYTES} bytes`,
} as const
export type SpiffeIdFault = keyof typeof SPIFFE_ID_FAULTS

const SCHEME = 'spiffe://'

/** First segments that SPIRE and this gateway reserve. Paths are case-sensitive, so this comparison is too. */
const RESERVED_SEGMENTS: ReadonlySet<string> = new Set(['spire', 'postern'])

export function isReservedSegment(first: string): boolean {
  return RESERVED_SEGMENTS.has(first)
}

/** Checks one path segment (SPIFFE-ID section 2.2). */
export function checkSegment(segment: string): Parsed<string, SegmentFault> {
  if (segment === '') return failParse('segment_empty')
  if (segment === '.' || segment === '..') return failParse('segment_dot')
  const wrong = segment.search(/[^A-Za-z0-9._-]/)
  return wrong < 0 ? { ok: true, value: segment } : failParse('segment_character', wrong)
}

/** Parses a SPIFFE ID strictly: no percent-encoding, no upper-case trust domain, no trailing slash. */
export function parseSpiffeId(text: string): Parsed<SpiffeId, SpiffeIdFault> {
  if (!text.startsWith(SCHEME)) return failParse('scheme_invalid')
  const slash = text.indexOf('/', SCHEME.length)
  const end = slash < 0 ? text.length : slash
  const trustDomain = parseTrustDomain(text.slice(SCHEME.length, end))
  if (!trustDomain.ok) return failParse('trust_domain_invalid', SCHEME.length + trustDomain.offset)
  if (slash < 0) return makeSpiffeId(trustDomain.value, [])
  if (text.length > SPIFFE_ID_MAX_BYTES) return failParse('too_long', SPIFFE_ID_MAX_BYTES)
  if (text.endsWith('/')) return failParse('path_trailing_slash', text.length - 1)
  return makeSpiffeId(trustDomain.value, text.slice(slash + 1).split('/'))
}

/** Makes a SPIFFE ID of checked parts. The offset of a fault is an offset in the whole ID. */
export function makeSpiffeId(
  trustDomain: TrustDomain,
  segments: readonly string[],
): Parsed<SpiffeId, SegmentFault | 'too_long'> {
  let text = `${SCHEME}${trustDomain}`
  for (const segment of segments) {
    const checked = checkSegment(segment)
    if (!checked.ok) return failParse(checked.reason, text.length + 1 + checked.offset)
    text += `/${segment}`
    if (text.length > SPIFFE_ID_MAX_BYTES) return failParse('too_long', SPIFFE_ID_MAX_BYTES)
  }
  const path = text.slice(SCHEME.length + trustDomain.length)
  return { ok: true, value: { trustDomain, segments, path, text } as SpiffeId }
}
