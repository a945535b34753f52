import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Json, parseJson, parseJsonBytes, quoteJson, writeCanonicalJson } from '../../src/core/json.ts'

function faultOf(text: string, depthMax = 32): string {
  const result = parseJson(text, depthMax)
  return result.ok ? 'ok' : `${result.fault} at ${result.offset}`
}

describe('parseJson()', () => {
  it('reads what JSON.parse reads, however it is spaced', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.nat(3), (text, indent) => {
        const expected: unknown = JSON.parse(text)
        const spaced = JSON.stringify(expected, undefined, indent)
        const result = parseJson(spaced, 32)
        // Integers over 2^53 and duplicate members are ours to refuse; JSON.stringify makes no duplicates.
        if (result.ok) expect(JSON.parse(JSON.stringify(result.value))).toEqual(JSON.parse(spaced))
        else expect(result.fault).toBe('number_unsafe')
      }),
      { numRuns: 500 },
    )
  })

  it('never throws, and accepts only what JSON.parse accepts', () => {
    const noise = fc.oneof(fc.string(), fc.stringMatching(/^[[\]{}",:0-9a-z\\ .eE+-]{0,30}$/))
    fc.assert(
      fc.property(noise, (text) => {
        if (parseJson(text, 8).ok) expect(() => JSON.parse(text)).not.toThrow()
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['a duplicate member', '{"a":1,"a":2}', 'member_duplicate at 7'],
    ['one that is spelt with an escape', '{"a":1,"\\u0061":2}', 'member_duplicate at 7'],
    ['a lone surrogate', '"\\ud800"', 'text_ill_formed at 0'],
    ['an integer over 2^53', '[9007199254740993]', 'number_unsafe at 1'],
    ['a number that is infinite', '1e999', 'number_unsafe at 0'],
    ['a byte order mark', '\ufeff{}', 'syntax_invalid at 0'],
    ['a trailing comma', '[1,]', 'syntax_invalid at 3'],
    ['a leading zero', '01', 'syntax_invalid at 1'],
    ['a plus', '+1', 'syntax_invalid at 0'],
    ['a control character', '"\n"', 'syntax_invalid at 1'],
    ['a bad escape', '"\\x"', 'syntax_invalid at 1'],
    ['single quotes', "{'a':1}", 'syntax_invalid at 1'],
    ['two values', '1 2', 'syntax_invalid at 2'],
    ['nothing', '', 'syntax_invalid at 0'],
    ['an unclosed text', '"a', 'syntax_invalid at 2'],
  ])('refuses %s', (_what, text, expected) => {
    expect(faultOf(text)).toBe(expected)
  })

  it('bounds nesting, on both sides', () => {
    expect(faultOf('[[1]]', 2)).toBe('ok')
    expect(faultOf('[[[1]]]', 2)).toBe('depth_exceeded at 2')
    expect(faultOf('['.repeat(100_000))).toBe('depth_exceeded at 32')
  })

  it('makes objects without a prototype: __proto__ is a member', () => {
    const result = parseJson('{"__proto__":{"admin":true},"constructor":1}', 4)
    expect(result.ok && Object.keys(result.value as object)).toEqual(['__proto__', 'constructor'])
    expect(result.ok && (result.value as { admin?: unknown }).admin).toBeUndefined()
  })
})

describe('parseJsonBytes()', () => {
  it.each([
    ['invalid UTF-8', [0x22, 0xff, 0x22]],
    ['an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
  ])('refuses %s', (_what, bytes) => {
    expect(parseJsonBytes(new Uint8Array(bytes), 4)).toMatchObject({ ok: false, fault: 'encoding_invalid' })
  })
})

describe('writeCanonicalJson()', () => {
  it('sorts members by UTF-16 units, as the example of RFC 8785 section 3.2.3 does', () => {
    const value: Json = {
      '\u20ac': 'Euro',
      '\r': 'CR',
      '\ufb33': 'Dalet',
      '1': 'One',
      '\ud83d\ude00': 'Smile',
      '\u0080': 'Control',
      '\u00f6': 'o',
    }
    const order = [...writeCanonicalJson(value).matchAll(/"(Euro|CR|Dalet|One|Smile|Control|o)"/g)].map(
      ([, word]) => word,
    )
    expect(order).toEqual(['CR', 'One', 'Control', 'o', 'Euro', 'Smile', 'Dalet'])
  })

  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (members) => {
        const turned = Object.fromEntries(Object.entries(members).reverse())
        expect(writeCanonicalJson(turned)).toBe(writeCanonicalJson(members))
      }),
    )
  })
})

describe('quoteJson()', () => {
  it('writes what JSON.stringify writes', () => {
    const unit = fc.constantFrom('a', ' ', '!', '"', '#', '[', '\\', ']', '~', '\u007f', '\n', 'é', '\ud800')
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit })), (text) => {
        expect(quoteJson(text)).toBe(JSON.stringify(text))
      }),
      { numRuns: 1000 },
    )
  })
})
