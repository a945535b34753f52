import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import {
  PATTERN_DEPTH_MAX,
  PATTERN_DFA_MAX_BYTES,
  PATTERN_DFA_MAX_STATES,
  PATTERN_NFA_MAX_INSTRUCTIONS,
  PATTERN_REPEAT_MAX,
} from '../../src/core/limits.ts'
import { type CompiledPattern, compilePattern, type Pattern } from '../../src/pattern/pattern.ts'
import { generatePattern, generateText } from '../condition/generate.ts'
import { createSearcher } from '../condition/policy-vm.ts'

const { search } = createSearcher()

function compiled(text: string, only?: 'nfa'): Pattern {
  const result = compilePattern(text, only)
  if (!result.ok) throw new Error(result.message)
  return result.pattern
}

function refusal(text: string): CompiledPattern {
  const result = compilePattern(text)
  if (result.ok) throw new Error(`${text} was not refused`)
  return result
}

function isMatch(text: string, input: string): boolean {
  return search(compiled(text), input)
}

function re2(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern)
  } catch {
    return undefined
  }
}

describe('matches', () => {
  it('answers as RE2 does, as a DFA and as an NFA, whatever the pattern and the text', () => {
    fc.assert(
      fc.property(fc.gen(), (generated) => {
        const choose = (count: number) => generated(fc.nat, { max: count - 1 })
        const pattern = generatePattern(choose)
        const result = compilePattern(pattern)
        const oracle = re2(pattern)
        // What RE2 refuses, we refuse; the other way round we say no more often: (?i) beyond ASCII.
        expect(result.ok || oracle === undefined || pattern.includes('(?i'), pattern).toBe(true)
        expect(result.ok && oracle === undefined, pattern).toBe(false)
        if (!result.ok || oracle === undefined) return
        const nfa = compiled(pattern, 'nfa')
        for (let index = 0; index < 6; index++) {
          const text = generateText(choose, 8)
          const expected = oracle.matcher(text).find()
          expect([search(result.pattern, text), search(nfa, text)], JSON.stringify({ pattern, text })).toEqual([
            expected,
            expected,
          ])
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('refuses and takes the same texts as RE2 as patterns, whatever they are', () => {
    const piece = fc.constantFrom(...'ab01()[]{}|*+?^$.\\-,:<>=!PQEdwbxiz&~'.split(''))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const pattern = pieces.join('')
        const oracle = re2(pattern)
        const result = compilePattern(pattern)
        expect(result.ok || oracle === undefined || STRICTER_THAN_RE2.test(pattern), pattern).toBe(true)
        expect(result.ok && oracle === undefined, pattern).toBe(false)
        if (!result.ok || oracle === undefined) return
        for (const text of ['', 'a', 'ab', 'b0', '(', '[a]', 'a{1}', '\\', 'ba-b']) {
          expect(search(result.pattern, text), JSON.stringify({ pattern, text })).toBe(oracle.matcher(text).find())
        }
      }),
      { numRuns: 4_000 },
    )
  })

  it.each([
    ['the issuer of a cluster', '^https://oidc\\.eks\\.[a-z0-9-]+\\.amazonaws\\.com/id/[0-9A-F]{32}$'],
    ['a service account', '^system:serviceaccount:[a-z0-9-]+:spirl-agent$'],
    ['a role', '^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$'],
    ['a DNS label', '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$'],
    ['a branch', '(main|release/[0-9]+)'],
  ])('runs %s as a DFA', (_what, pattern) => {
    expect(compiled(pattern).kind).toBe('dfa')
  })

  it('runs a pattern whose DFA is exponential as an NFA', () => {
    const pattern = compiled('(a|b)*a(a|b){12}$')
    expect(pattern.kind).toBe('nfa')
    expect(search(pattern, `b${'a'.repeat(13)}`)).toBe(true)
    expect(search(pattern, `a${'b'.repeat(11)}`)).toBe(false)
  })

  it.each([
    ['searches anywhere', 'b', 'abc', true],
    ['ends before no line break', 'a$', 'a\n', false],
    ['ends at each line under (?m)', '(?m)a$', 'a\nb', true],
    ['takes no line break for a dot', 'a.b', 'a\nb', false],
    ['takes one under (?s)', '(?s)a.b', 'a\nb', true],
    ['takes one character for a dot, however many bytes it has', '^.$', '😀', true],
    ['knows words by ASCII', '\\bé', 'é', false],
    ['knows no place inside a character', '\\B', 'aéb', false],
    ['folds ASCII with its two foreign relatives', '(?i)^kS$', '\u212aſ', true],
    ['takes braces that count nothing for text', 'a{,2}', 'a{,2}', true],
    ['takes a leading zero for text', 'a{01}', 'a{01}', true],
    ['takes a bracket that comes first for text', '[]a]', ']', true],
    ['quotes', '\\Qa.b\\E+', 'a.bb', true],
    ['matches nothing with an empty class', '[^\\x00-\\x{10ffff}]', 'a', false],
    ['matches the empty text', '', '', true],
    ['repeats what is empty', '(a*)*$', 'b', true],
    ['repeats an assertion', '^*a', 'ba', true],
  ])('%s', (_what, pattern, text, expected) => {
    expect(isMatch(pattern, text)).toBe(expected)
    expect(search(compiled(pattern, 'nfa'), text)).toBe(expected)
  })

  it.each([
    ['a group that is not closed', 'a(b', 1],
    ['a parenthesis too many', 'a)b', 1],
    ['a bracket that is not closed', 'a[b', 1],
    ['a range out of order', '[z-a]', 1],
    ['a class that does not exist', '[[:alpa:]]', 1],
    ['nothing to repeat', 'a|*', 2],
    ['a repeated repetition', 'a**', 2],
    ['counts out of order', 'a{3,2}', 1],
    ['a backreference', '(a)\\1', 3],
    ['a look-ahead', 'a(?=b)', 1],
    ['a negative look-behind', '(?<!a)b', 0],
    ['a Unicode class', 'a\\pL', 1],
    ['an unknown escape', 'a\\y', 1],
    ['a backslash at the end', 'a\\', 1],
    ['an unknown flag', '(?x)a', 0],
    ['a group name twice', '(?P<n>a)(?P<n>b)', 8],
    ['(?i) beyond ASCII', '(?i)é', 4],
    ['a code point beyond Unicode', '\\x{110000}', 0],
  ])('refuses %s, with its place', (_what, pattern, offset) => {
    expect(refusal(pattern)).toMatchObject({ code: 'pattern_invalid', offset })
  })
})

/** Where we refuse what RE2 takes: a repetition after flags or an empty quote, and Unicode classes. */
const STRICTER_THAN_RE2 = /\(\?[imsU-]*\)|\\Q(\\E|$)|\\[pP]/

describe('hostile patterns and texts', () => {
  const long = 'a'.repeat(100_000)

  it.each([['(a+)+$'], ['(a|a)*b'], ['(.*)*x'], ['(a?){50}a{50}$'], ['(a|b|ab)*c'], ['([a-z]+)*@'], ['(x+x+)+y']])(
    'takes a time linear in the text for %s, in both forms',
    (text) => {
      for (const pattern of [compiled(text), compiled(text, 'nfa')]) {
        const started = performance.now()
        expect(search(pattern, `${long}!`)).toBe(false)
        // An NFA takes a few nanoseconds for each byte and instruction; a backtracker would take years.
        expect(performance.now() - started).toBeLessThan(3_000)
      }
    },
  )

  it.each([
    ['repetitions that multiply', `(a{${PATTERN_REPEAT_MAX}}){${PATTERN_REPEAT_MAX}}`, 'pattern_invalid'],
    ['repeated repetitions', 'a{1000}{1000}', 'pattern_invalid'],
    ['classes that multiply', '([é-😀]{100}){10}', 'pattern_too_large'],
  ])('refuses %s before it builds them', (_what, text, code) => {
    const started = performance.now()
    expect(refusal(text)).toMatchObject({ code })
    expect(performance.now() - started).toBeLessThan(500)
  })

  it('compiles within bounded time, whatever the pattern', () => {
    for (const text of [
      `(${'a|'.repeat(400)}b)*c{500}`,
      `(?i)${'[a-z]?'.repeat(150)}`,
      '[^a]*'.repeat(100),
      `(${'.*a'.repeat(60)})+$`,
      '\\b.*'.repeat(60),
    ]) {
      const started = performance.now()
      compilePattern(text)
      expect(performance.now() - started).toBeLessThan(2_000)
    }
  })
})

describe('the limits of patterns', () => {
  it('takes a repetition of the most, and refuses one more', () => {
    expect(isMatch(`^a{${PATTERN_REPEAT_MAX}}$`, 'a'.repeat(PATTERN_REPEAT_MAX))).toBe(true)
    expect(isMatch(`^a{${PATTERN_REPEAT_MAX}}$`, 'a'.repeat(PATTERN_REPEAT_MAX - 1))).toBe(false)
    expect(refusal(`a{${PATTERN_REPEAT_MAX + 1}}`)).toMatchObject({ code: 'pattern_invalid' })
  })

  it('takes an NFA of the most instructions, and refuses one more', () => {
    // Each literal is an instruction, and so is the match.
    const most = 'ab'.repeat((PATTERN_NFA_MAX_INSTRUCTIONS - 2) / 2)
    expect(compiled(`${most}c`).instructions).toBe(PATTERN_NFA_MAX_INSTRUCTIONS)
    expect(refusal(`${most}cd`)).toMatchObject({ code: 'pattern_too_large' })
  })

  it('takes groups of the most depth, and refuses one more', () => {
    const nested = (depth: number): string => `${'('.repeat(depth)}a${')'.repeat(depth)}`
    expect(isMatch(nested(PATTERN_DEPTH_MAX - 1), 'a')).toBe(true)
    expect(refusal(nested(PATTERN_DEPTH_MAX))).toMatchObject({ code: 'pattern_too_large' })
  })

  it('runs a DFA of the most states, and an NFA beyond', () => {
    // A state for each character that was read, and the two that end it.
    const most = 'a'.repeat(PATTERN_DFA_MAX_STATES)
    const forms = [PATTERN_DFA_MAX_STATES - 2, PATTERN_DFA_MAX_STATES + 1].map((count) => `^${most.slice(0, count)}$`)
    expect(forms.map((text) => compiled(text).kind)).toEqual(['dfa', 'nfa'])
    for (const text of forms) {
      expect(isMatch(text, text.slice(1, -1))).toBe(true)
      expect(isMatch(text, text.slice(2, -1))).toBe(false)
    }
  })

  it('runs a DFA of the most bytes, and an NFA beyond', () => {
    const wide = (count: number): Pattern =>
      compiled(
        `^(?:${Array.from({ length: count }, (_, index) => `[${'abcdefghijklmnopqrstuvwxyz'.slice(0, 1 + (index % 26))}]`).join('')})$`,
      )
    const kinds = Array.from({ length: 400 }, (_, index) => wide(index + 1)).filter((pattern) => pattern.kind === 'dfa')
    expect(kinds.length).toBeLessThan(400)
    expect(kinds.length).toBeGreaterThan(200)
    for (const { bytes } of kinds) expect(bytes.length).toBeLessThanOrEqual(264 + PATTERN_DFA_MAX_BYTES)
  })

  it('builds a DFA within its steps, and takes the NFA beyond', () => {
    const spread = (count: number): string => `[a-z]{1,${count}}x`
    expect(compiled(spread(60)).kind).toBe('dfa')
    expect(compiled(spread(200)).kind).toBe('nfa')
  })
})
