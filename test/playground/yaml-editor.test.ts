// What the editor knows of YAML: the colours of a line, the partner of a bracket, and how deep a new line begins.
import { EditorState } from '@codemirror/state'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { getIndentation, IndentContext, matchBrackets } from '../../playground/page/editor/plain-language.ts'
import { readYamlLine } from '../../playground/page/editor/yaml-language.ts'

const tokensOf = (text: string, blockIndent?: number): readonly string[] =>
  readYamlLine(text, blockIndent).tokens.map(({ from, to, kind }) => `${kind} ${text.slice(from, to)}`)

describe('readYamlLine()', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    ['key: value', ['key key', 'punctuation :', 'string value']],
    ['- name: a', ['punctuation -', 'key name', 'punctuation :', 'string a']],
    ['"a b": 1 # note', ['key "a b"', 'punctuation :', 'atom 1', 'comment # note']],
    [
      'a: {b: true, c: [~]}',
      [
        'key a',
        'punctuation :',
        'punctuation {',
        'key b',
        'punctuation :',
        'atom true',
        'punctuation ,',
        'key c',
        'punctuation :',
        'punctuation [',
        'atom ~',
        'punctuation ]',
        'punctuation }',
      ],
    ],
    ['a: x#y', ['key a', 'punctuation :', 'string x', 'string #', 'string y']],
    ['a: "/{{x.y}}/z"', ['key a', 'punctuation :', 'string "/', 'template {{x.y}}', 'string /z"']],
    ['a: {{x', ['key a', 'punctuation :', 'template {{x']],
    ['a: |', ['key a', 'punctuation :', 'punctuation |']],
    ['a: 1.2.3', ['key a', 'punctuation :', 'string 1.2.3']],
  ])('%j', (text, tokens) => expect(tokensOf(text)).toEqual(tokens))

  it('takes the lines of a block scalar for a string, until one is no deeper', () => {
    const opened = readYamlLine('  a: |', undefined)
    expect(opened.blockIndent).toBe(2)
    expect(readYamlLine('', opened.blockIndent)).toEqual({ tokens: [], blockIndent: 2 })
    expect(tokensOf('   b: 1', opened.blockIndent)).toEqual(['string b: 1'])
    expect(readYamlLine('  b: 1', opened.blockIndent)).toMatchObject({ blockIndent: undefined })
    expect(tokensOf('  b: 1', opened.blockIndent)).toEqual(['key b', 'punctuation :', 'atom 1'])
  })

  it('covers any line in order, without overlaps, and ends', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '"',
      "'",
      '#',
      ': ',
      '- ',
      '|',
      '[',
      'key',
      ' ',
      '\\',
      '1',
      '\t',
      '\ud83d',
    )
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.string())),
        fc.option(fc.nat(4), { nil: undefined }),
        (pieces, indent) => {
          const text = pieces.join('').replaceAll(/[\r\n]/g, ' ')
          let last = 0
          for (const { from, to } of readYamlLine(text, indent).tokens) {
            expect(from).toBeGreaterThanOrEqual(last)
            expect(to).toBeGreaterThan(from)
            last = to
          }
          expect(last).toBeLessThanOrEqual(text.length)
        },
      ),
    )
  })
})

describe('matchBrackets()', () => {
  it.each<[string, number, 1 | -1, object | null]>([
    ['a[b{c}]', 1, 1, { start: { from: 1, to: 2 }, end: { from: 6, to: 7 }, matched: true }],
    ['a[b{c}]', 7, -1, { start: { from: 6, to: 7 }, end: { from: 1, to: 2 }, matched: true }],
    ['[}', 0, 1, { start: { from: 0, to: 1 }, end: { from: 1, to: 2 }, matched: false }],
    ['[', 0, 1, { start: { from: 0, to: 1 }, matched: false }],
    ['a', 0, 1, null],
    ['', 0, -1, null],
    [']', 0, 1, null],
  ])('%j at %i towards %i', (doc, pos, direction, match) => {
    expect(matchBrackets(EditorState.create({ doc }), pos, direction)).toEqual(match)
  })
})

describe('a new line', () => {
  it.each<[string, number]>([
    ['a: 1', 0],
    ['a:', 2],
    ['  - a: 1', 4],
    ['  - a:', 6],
    ['a: # note', 2],
  ])('after %j begins at column %i', (doc, column) => {
    const state = EditorState.create({ doc })
    const context = new IndentContext(state, { simulateBreak: doc.length })
    expect(getIndentation(context, doc.length)).toBe(column)
  })
})
