// Characters that nobody sees, next to a fault; and documents that are not UTF-8, or not one document.
import { describe, expect, it } from 'vitest'
import { compileDocument } from '../../../src/config/compile/compile.ts'
import type { LocatedIssue } from '../../../src/config/yaml/located-issue.ts'
import { COMPILE_CONTEXT } from '../compile-context.ts'
import { compile } from '../document.ts'

function issues(text: string): readonly LocatedIssue[] {
  const result = compile('Cluster', text)
  return result.ok ? result.warnings : result.issues
}

const head = 'section: Cluster\nschema: v1\nspec:\n'

describe('a fault beside an invisible character', () => {
  it.each<[string, string, string, string]>([
    [
      'behind a colon, in the line before',
      `${head}  name:\u00a0x\n  requireNode: true\n`,
      'U+00A0 NO-BREAK SPACE',
      '4:8',
    ],
    ['in the line itself', `${head}  name: x\n  requireNode: tr\u200bue\n`, 'U+200B ZERO WIDTH SPACE', '5:18'],
    ['in a name', `${head}  na\u200dme: x\n`, 'U+200D ZERO WIDTH JOINER', '4:5'],
    ['that turns the line round', `${head}  nam\u202e: x\n`, 'U+202E RIGHT-TO-LEFT OVERRIDE', '4:6'],
    ['that only some editors show', `${head}  nam: x # \u3000\n`, 'U+3000 IDEOGRAPHIC SPACE', '4:12'],
    ['a tab as indentation', `section: Cluster\nschema: v1\nspec:\n\tname: x\n`, 'U+0009 TAB', '4:1'],
    ['a byte order mark in the middle', `${head}\ufeff  name: x\n`, 'U+FEFF', '4:1'],
  ])('names it and its place: %s', (_what, text, name, place) => {
    // Where the fault is the character itself, its place is that of the issue.
    const messages = issues(text).map(({ line, column, message }) => `${line}, column ${column}: ${message}`)
    expect(
      messages.some((message) => message.includes(name) && message.includes(place.replace(':', ', column '))),
    ).toBe(true)
  })

  it.each([
    ['an ordinary fault', `${head}  nam: x\n`],
    ['two lines away', `${head}  nam: x\n# a\n# \u200b\n`],
    ['letters of any language', `${head}  nam: caf\u00e9 \u4e2d\n`],
    ['a tab that is not indentation', `${head}  nam:\tx\n`],
  ])('is not blamed on it: %s', (_what, text) => {
    for (const { message } of issues(text)) expect(message).not.toMatch(/U\+|invisible/)
  })

  it('is looked for in bounded time, however many there are', () => {
    const text = `${head}${'  # \u200b\n'.repeat(190_000)}  nam: x\n`
    expect(issues(text).map(({ code }) => code)).toContain('field_unknown')
  })
})

describe('bytes that are not UTF-8', () => {
  const bytes = (text: string, encode: (code: number) => readonly number[]): Uint8Array =>
    Uint8Array.from(Array.from(text, (character) => encode(character.charCodeAt(0))).flat())
  const text = `${head}  name: café\n`

  it.each<[string, Uint8Array, string, RegExp]>([
    [
      'a UTF-8 byte order mark',
      Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes(head, (code) => [code])]),
      '1:1',
      /EF BB BF.*without/,
    ],
    [
      'UTF-16, little endian',
      Uint8Array.from([0xff, 0xfe, ...bytes(text, (code) => [code & 255, code >> 8])]),
      '1:1',
      /UTF-16.*UTF-8/,
    ],
    [
      'UTF-16, big endian',
      Uint8Array.from([0xfe, 0xff, ...bytes(text, (code) => [code >> 8, code & 255])]),
      '1:1',
      /UTF-16.*UTF-8/,
    ],
    [
      'UTF-32',
      Uint8Array.from([0xff, 0xfe, 0, 0, ...bytes(text, (code) => [code & 255, code >> 8, 0, 0])]),
      '1:1',
      /UTF-32.*UTF-8/,
    ],
    ['Latin-1', bytes(text, (code) => [code]), '4:12', /E9.*U\+00E9.*Latin-1/],
    ['a sequence that is cut off', bytes(`${head}  name: caf\u00c3\n`, (code) => [code]), '4:12', /C3/],
  ])('are each told by their own sentence: %s', (_what, data, place, sentence) => {
    const result = compileDocument('Cluster', data, COMPILE_CONTEXT)
    const [issue, ...more] = result.ok ? [] : result.issues
    expect(more).toEqual([])
    expect(issue?.code).toBe('encoding_invalid')
    expect(`${issue?.line}:${issue?.column}`).toBe(place)
    expect(issue?.message).toMatch(sentence)
  })

  it('are told to be UTF-16 without a mark, too', () => {
    const result = compileDocument(
      'Cluster',
      bytes(head, (code) => [code, 0]),
      COMPILE_CONTEXT,
    )
    expect(result.ok ? '' : result.issues[0]?.message).toMatch(/UTF-16/)
  })
})

describe('several documents', () => {
  it.each<[string, string, string]>([
    ['a document of comments before the real one', `---\n# ours\n---\n${head}  name: x\n`, '3:1'],
    ['a licence, then two markers', `# licence\n---\n# ours\n\n---\n${head}  name: x\n`, '5:1'],
    ['three markers', `---\n---\n---\n${head}  name: x\n`, '2:1'],
    ['a marker behind the real one', `${head}  name: x\n---\n`, '5:1'],
    ['comments, then a marker, behind the real one', `${head}  name: x\n# --- a\n---\na: b\n`, '6:1'],
    ['an end, and another one', `${head}  name: x\n...\n# c\na: b\n`, '7:1'],
    ['Windows line ends', `---\r\n# ours\r\n---\r\n${head}`, '3:1'],
    ['a marker within a block that is text', `a: |\n  ---\n---\nb: c\n`, '3:1'],
  ])('are reported where the second one begins: %s', (_what, text, place) => {
    const found = issues(text).filter(({ code }) => code === 'yaml_feature_forbidden')
    expect(found.map(({ line, column }) => `${line}:${column}`)).toEqual([place])
  })

  it('are told to be one where only comments come first', () => {
    const [issue] = issues(`---\n# ours\n---\n${head}  name: x\n`)
    expect(issue?.message).toMatch(/only comments/)
  })
})
