import { describe, expect, it } from 'vitest'
import { DNS_LABEL_MAX_BYTES, DNS_NAME_MAX_BYTES } from '../../src/core/limits.ts'
import { parseDnsName } from '../../src/identity/dns-name.ts'

describe('parseDnsName()', () => {
  it.each(['web.default.svc', 'web', 'xn--bcher-kva.example', '1a.example', '3com.com', 'a-b.c'])(
    'takes %s',
    (text) => {
      expect(parseDnsName(text, { wildcard: false })).toEqual({ ok: true, value: text })
    },
  )

  it.each([
    ['', 'label_empty', 0],
    ['web..svc', 'label_empty', 4],
    ['web.', 'label_empty', 4],
    ['.web', 'label_empty', 0],
    ['Web.svc', 'label_character', 0],
    ['web_1.svc', 'label_character', 3],
    ['web.sv c', 'label_character', 6],
    ['bücher.example', 'label_character', 1],
    ['-web.svc', 'label_hyphen', 0],
    ['web-.svc', 'label_hyphen', 3],
    ['10.0.0.1', 'address', 7],
    ['a.0x7f', 'address', 2],
    ['42', 'address', 0],
    ['*.example.org', 'wildcard_forbidden', 0],
  ])('refuses %j as %s', (text, reason, offset) => {
    expect(parseDnsName(text, { wildcard: false })).toEqual({ ok: false, reason, offset })
  })

  it('takes a wildcard where one may stand, as the whole first label alone', () => {
    expect(parseDnsName('*.example.org', { wildcard: true }).ok).toBe(true)
    expect(parseDnsName('*.org', { wildcard: true })).toMatchObject({ reason: 'wildcard_forbidden' })
    expect(parseDnsName('*', { wildcard: true })).toMatchObject({ reason: 'wildcard_forbidden' })
    expect(parseDnsName('a*.example.org', { wildcard: true })).toMatchObject({ reason: 'label_character' })
    expect(parseDnsName('a.*.example.org', { wildcard: true })).toMatchObject({ reason: 'label_character' })
  })

  it('takes labels of 63 characters and no more', () => {
    expect(parseDnsName('a'.repeat(DNS_LABEL_MAX_BYTES), { wildcard: false }).ok).toBe(true)
    const tooLong = parseDnsName('a'.repeat(DNS_LABEL_MAX_BYTES + 1), { wildcard: false })
    expect(tooLong).toMatchObject({ ok: false, reason: 'label_too_long' })
  })

  it('takes names of 253 characters and no more', () => {
    const longest = `${'abcdefg.'.repeat(31)}${'a'.repeat(DNS_NAME_MAX_BYTES - 31 * 8)}`
    expect(longest).toHaveLength(DNS_NAME_MAX_BYTES)
    expect(parseDnsName(longest, { wildcard: false }).ok).toBe(true)
    expect(parseDnsName(`${longest}a`, { wildcard: false })).toMatchObject({ ok: false, reason: 'too_long' })
  })
})
