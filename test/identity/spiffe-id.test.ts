import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SPIFFE_ID_MAX_BYTES, TRUST_DOMAIN_MAX_BYTES } from '../../src/core/limits.ts'
import { checkSegment, isReservedSegment, makeSpiffeId, parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { parseTrustDomain, type TrustDomain } from '../../src/identity/trust-domain.ts'

function trustDomain(text: string): TrustDomain {
  const parsed = parseTrustDomain(text)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}

describe('parseTrustDomain()', () => {
  it.each(['example.org', 'a', '10.0.0.1', 'my_td-1', '-', '..'])('takes %s', (text) => {
    expect(parseTrustDomain(text)).toEqual({ ok: true, value: text })
  })

  it.each([
    ['', 'empty', 0],
    ['Example.org', 'character_forbidden', 0],
    ['example.org:443', 'character_forbidden', 11],
    ['user@example.org', 'character_forbidden', 4],
    ['example.org/', 'character_forbidden', 11],
    ['ex%61mple', 'character_forbidden', 2],
    ['[::1]', 'character_forbidden', 0],
    ['exämple', 'character_forbidden', 2],
    ['example.org\n', 'character_forbidden', 11],
  ])('refuses %j as %s', (text, reason, offset) => {
    expect(parseTrustDomain(text)).toEqual({ ok: false, reason, offset })
  })

  it('takes 255 characters and no more', () => {
    expect(parseTrustDomain('a'.repeat(TRUST_DOMAIN_MAX_BYTES)).ok).toBe(true)
    expect(parseTrustDomain('a'.repeat(TRUST_DOMAIN_MAX_BYTES + 1))).toMatchObject({ ok: false, reason: 'too_long' })
  })
})

describe('parseSpiffeId()', () => {
  it.each([
    ['spiffe://example.org/ns/default/sa/web', ['ns', 'default', 'sa', 'web']],
    ['spiffe://example.org', []],
    ['spiffe://example.org/...', ['...']],
    ['spiffe://example.org/A_b-c.d', ['A_b-c.d']],
  ])('takes %s', (text, segments) => {
    const parsed = parseSpiffeId(text)
    expect(parsed).toMatchObject({ ok: true, value: { trustDomain: 'example.org', segments, text } })
    expect(parsed.ok && parsed.value.path).toBe(text.slice('spiffe://example.org'.length))
  })

  it.each([
    ['https://example.org/a', 'scheme_invalid', 0],
    ['SPIFFE://example.org/a', 'scheme_invalid', 0],
    ['spiffe:///a', 'trust_domain_invalid', 9],
    ['spiffe://Example.org/a', 'trust_domain_invalid', 9],
    ['spiffe://example.org/', 'path_trailing_slash', 20],
    ['spiffe://example.org/a/', 'path_trailing_slash', 22],
    ['spiffe://example.org//a', 'segment_empty', 21],
    ['spiffe://example.org/./a', 'segment_dot', 21],
    ['spiffe://example.org/a/../b', 'segment_dot', 23],
    ['spiffe://example.org/a%20b', 'segment_character', 22],
    ['spiffe://example.org/a?b', 'segment_character', 22],
    ['spiffe://example.org/a#b', 'segment_character', 22],
    ['spiffe://example.org/ä', 'segment_character', 21],
    ['spiffe://example.org?x', 'trust_domain_invalid', 20],
  ])('refuses %s as %s', (text, reason, offset) => {
    expect(parseSpiffeId(text)).toEqual({ ok: false, reason, offset })
  })

  it('takes 2048 bytes and no more', () => {
    const longest = `spiffe://example.org/${'a'.repeat(SPIFFE_ID_MAX_BYTES - 'spiffe://example.org/'.length)}`
    expect(parseSpiffeId(longest).ok).toBe(true)
    expect(parseSpiffeId(`${longest}a`)).toMatchObject({ ok: false, reason: 'too_long' })
  })
})

describe('makeSpiffeId()', () => {
  it('makes an ID of exactly the segments it is given, or none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a', '..', 'a/b', ''))),
        (segments) => {
          const made = makeSpiffeId(trustDomain('example.org'), segments)
          if (made.ok) expect(parseSpiffeId(made.value.text)).toEqual(made)
          if (made.ok) expect(made.value.segments).toEqual(segments)
          else expect(segments.some((segment) => !checkSegment(segment).ok)).toBe(true)
        },
      ),
    )
  })

  it('takes 2048 bytes and no more', () => {
    const rest = SPIFFE_ID_MAX_BYTES - 'spiffe://example.org/'.length
    expect(makeSpiffeId(trustDomain('example.org'), ['a'.repeat(rest)]).ok).toBe(true)
    expect(makeSpiffeId(trustDomain('example.org'), ['a'.repeat(rest + 1)])).toMatchObject({ reason: 'too_long' })
  })
})

describe('isReservedSegment()', () => {
  it.each([
    ['spire', true],
    ['postern', true],
    ['Spire', false],
    ['spire-agent', false],
    ['constructor', false],
  ])('says of %s: %s', (segment, reserved) => {
    expect(isReservedSegment(segment)).toBe(reserved)
  })
})
