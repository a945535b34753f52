import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readYaml } from '../../../src/config/yaml/yaml.ts'
import type { YamlNode } from '../../../src/config/yaml/yaml-node.ts'
import {
  DOCUMENT_MAX_BYTES,
  DOCUMENT_MAX_ITEMS,
  DOCUMENT_MAX_KEYS,
  DOCUMENT_MAX_LINES,
} from '../../../src/core/limits.ts'
import { brief, cpuMillisOf } from '../document.ts'

/** The data of a node, as JSON would have it. */
function data(node: YamlNode): unknown {
  if (node.kind === 'map')
    return Object.fromEntries([...node.entries].map(([name, entry]) => [name, data(entry.value)]))
  if (node.kind === 'list') return node.items.map(data)
  if (node.kind === 'broken') return 'BROKEN'
  return node.kind === 'null' ? null : node.value
}

function read(text: string): unknown {
  const result = readYaml(text)
  return result.ok ? data(result.root) : result.issues.map(brief)
}

describe('readYaml()', () => {
  it.each<[string, string, unknown]>([
    ['a map', 'a: x\nb: y\n', { a: 'x', b: 'y' }],
    ['a list', 'a:\n- x\n- y\n', { a: ['x', 'y'] }],
    ['flow style', '{a: [x, "y"], "b":{c: d}}', { a: ['x', 'y'], b: { c: 'd' } }],
    ['JSON, indented with tabs', '{\n\t"a": [1, true, null, "x"]\n}\n', { a: [1, true, null, 'x'] }],
    ['quotes', `a: 'it''s'\nb: "x\\ty"\n`, { a: "it's", b: 'x\ty' }],
    ['blocks', 'a: |\n  x\n  y\nb: >-\n  x\n  y\n', { a: 'x\ny\n', b: 'x y' }],
    ['comments', '# x\na: b # c\n# d\n', { a: 'b' }],
    ['one document with its markers', '---\na: b\n...\n', { a: 'b' }],
    ['an escaped surrogate pair', 'a: "\\ud83d\\ude00"', { a: '😀' }],
    ['an escaped line break', 'a: "x\\\n   y"\n', { a: 'xy' }],
    ['an escaped backslash before an empty line', 'a: "x\\\\\n\n  y"\n', { a: 'x\\\ny' }],
    [
      'infinity, and what is no number',
      'a: [.inf, +.Inf, -.INF, .nan]',
      { a: [Infinity, Infinity, -Infinity, Number.NaN] },
    ],
    ['the words of YAML 1.1 as text', 'a: [no, yes, on, off, y]', { a: ['no', 'yes', 'on', 'off', 'y'] }],
    [
      'dates and versions as text',
      'a: [2026-01-01, 2026-01-01T00:00:00Z, 0.36.0, 12:30:45]',
      {
        a: ['2026-01-01', '2026-01-01T00:00:00Z', '0.36.0', '12:30:45'],
      },
    ],
    [
      'numbers',
      'a: [1, -2, +3, 007, 0o14, 0x1F, 1.5, .5, 1e3, 012345670123]',
      {
        a: [1, -2, 3, 7, 12, 31, 1.5, 0.5, 1000, 12345670123],
      },
    ],
    [
      'what is nearly a number as text',
      'a: [1_000, 0b11, "1", 1.2.3, -x, +, 0x, 1e]',
      {
        a: ['1_000', '0b11', '1', '1.2.3', '-x', '+', '0x', '1e'],
      },
    ],
    ['null and booleans', 'a: [null, ~, NULL, true, False]\nb:\n', { a: [null, null, null, true, false], b: null }],
    ['a template in block style', 'a: /ns/{{kubernetes.pod.namespace}}', { a: '/ns/{{kubernetes.pod.namespace}}' }],
    ['quoted names that would be forbidden', '"<<": x\n"1": y\n"null": z\n', { '<<': 'x', '1': 'y', null: 'z' }],
    ['names of Object.prototype', 'constructor: x\ntoString: y\n', { constructor: 'x', toString: 'y' }],
  ])('reads %s', (_what, text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  it('keeps __proto__ as a name like any other', () => {
    const result = readYaml('__proto__: x\n')
    expect(result.ok && result.root.kind === 'map' && [...result.root.entries.keys()]).toEqual(['__proto__'])
  })

  it.each<[string, string, readonly string[]]>([
    ['nothing', '', ['1:1 document_empty']],
    ['comments alone', '# x\n', ['1:1 document_empty']],
    ['an escaped line break before an empty line', 'a: "x\\\n\n y"\n', ['1:6 yaml_feature_forbidden a']],
    ['one before an empty line of blanks', 'a:\n  - "x\\\r\n   \r\n    y"\n', ['2:7 yaml_feature_forbidden a.0']],
    ['the second of two', 'a: "x\\\n  y\\\n\n\n z"\n', ['2:4 yaml_feature_forbidden a']],
    ['an anchor', 'a: &x y\n', ['1:4 yaml_feature_forbidden a']],
    [
      'an anchor and its aliases',
      'a: &x [y]\nb: *x\nc: [*x]\n',
      ['1:4 yaml_feature_forbidden a', '2:4 yaml_feature_forbidden b', '3:5 yaml_feature_forbidden c.0'],
    ],
    ['an anchor on a name', '&x a: y\n', ['1:1 yaml_feature_forbidden']],
    ['an alias as a name', '{*x : y}', ['1:2 yaml_feature_forbidden']],
    ['a tag', 'a: !!str 1\n', ['1:4 yaml_feature_forbidden a']],
    ['a tag on a list', 'a: !x [1]\n', ['1:4 yaml_feature_forbidden a']],
    ['a merge', 'a: {b: c}\n<<: {b: d}\n', ['2:1 yaml_feature_forbidden <<']],
    ['a directive', '%YAML 1.1\n---\na: yes\n', ['1:1 yaml_feature_forbidden']],
    ['an unknown directive behind a comment', '# x\n%FOO\n---\na: b\n', ['2:1 yaml_feature_forbidden']],
    ['several documents', 'a: b\n---\nc: d\n', ['2:1 yaml_feature_forbidden']],
    ['a number as a name', '1: x\n', ['1:1 yaml_feature_forbidden 1']],
    ['null as a name', '~: x\n', ['1:1 yaml_feature_forbidden ~']],
    ['a boolean as a name', 'a:\n  true: x\n', ['2:3 yaml_feature_forbidden a.true']],
    ['nothing as a name', ': x\n', ['1:3 yaml_feature_forbidden']],
    ['a list as a name', '[a, b]: x\n', ['1:1 yaml_feature_forbidden']],
    ['a map as a name', '? {a: b}\n: x\n', ['1:3 yaml_feature_forbidden']],
    [
      'names given twice, all of them',
      'a: 1\nb: 2\na: 3\nb: 4\na: 5\n',
      ['3:1 key_duplicate a', '4:1 key_duplicate b', '5:1 key_duplicate a'],
    ],
    ['a name given twice in two spellings', 'a: 1\n"\\x61": 2\n', ['2:1 key_duplicate a']],
    ['__proto__ given twice', '__proto__: 1\n__proto__: 2\n', ['2:1 key_duplicate __proto__']],
    ['a template that is not in quotes', 'a:\n  b: {{x}}\n', ['2:6 text_unquoted a.b']],
    ['a template that is not in quotes, with more behind it', 'a: {{x}}/ns\n', ['1:4 text_unquoted']],
    ['a template in a flow list', 'a: [x, /y/{{z}}]\n', ['1:11 text_unquoted']],
    ['a byte order mark', '\ufeffa: b\n', ['1:1 yaml_feature_forbidden']],
    ['a byte order mark in the middle', 'a: b\n\ufeffc: d\n', ['2:1 yaml_feature_forbidden']],
    ['NUL', 'a: b\0\n', ['1:5 yaml_feature_forbidden']],
    ['an escaped NUL', 'a: "\\0"\n', ['1:4 yaml_feature_forbidden a']],
    ['a control character in a comment', '# \u001b[2J\na: b\n', ['1:3 yaml_feature_forbidden']],
    ['a separator that only some editors break at', '# x\u2028a: b\n', ['1:4 yaml_feature_forbidden']],
    ['half a surrogate pair', 'a: \ud83d\n', ['1:1 encoding_invalid']],
    ['an escaped half of a surrogate pair', 'a: "\\ud83d"\n', ['1:4 yaml_feature_forbidden a']],
    ['a tab for indentation', 'a:\n\t- b\n', ['2:1 yaml_syntax']],
    ['a colon in a plain text', 'a: b: c\n', ['1:5 yaml_syntax']],
    ['a reserved indicator', 'a: @b\n', ['1:4 yaml_syntax']],
    ['a quote that is not closed', 'a: "b\n', ['2:1 yaml_syntax']],
    ['a list that is not closed', 'a: [b, c\n', ['2:1 yaml_syntax']],
  ])('refuses %s', (_what, text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  it('goes on with the rest of a document when a part is at fault', () => {
    const result = readYaml('a: *x\nb: &y {c: d}\ne: f\n')
    expect(result.root && data(result.root)).toEqual({ a: 'BROKEN', b: 'BROKEN', e: 'f' })
  })

  it('knows where values and names stand', () => {
    const text = 'a: "x"\nb:\n  - y\n  -\n  - |\n    z\nc:\n'
    const { root } = readYaml(text)
    if (root?.kind !== 'map') throw new Error('no map')
    const at = (name: string): readonly [string, string] => {
      const entry = root.entries.get(name)
      if (entry === undefined) throw new Error(name)
      return [text.slice(entry.keyStart, entry.keyEnd), text.slice(entry.value.start, entry.value.end)]
    }
    expect(at('a')).toEqual(['a', '"x"'])
    const list = root.entries.get('b')?.value
    if (list?.kind !== 'list') throw new Error('no list')
    expect(list.items.map((item) => text.slice(item.start, item.start + 1))).toEqual(['y', '-', '|'])
    expect(at('c')).toEqual(['c', 'c'.slice(1)])
  })

  it('reads what JSON.stringify writes, as JSON.parse does', () => {
    const value = fc.json({ maxDepth: 5 }).map((text) => JSON.stringify({ value: JSON.parse(text) }))
    fc.assert(
      fc.property(value, (text) => {
        const result = readYaml(text)
        // Of names that JSON may repeat or leave odd, our subset knows less; what it does read, it reads the same.
        if (result.ok) expect(data(result.root)).toEqual(JSON.parse(text))
      }),
    )
  })
})

describe('the bounds of a document', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}x${']'.repeat(depth)}`
  const indented = (depth: number): string =>
    Array.from({ length: depth }, (_, index) => `${' '.repeat(index)}a:`).join('\n')
  const keys = (count: number): string => Array.from({ length: count }, (_, index) => `k${index}: v`).join('\n')
  const jsonKeys = (count: number): string =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v'])))

  it.each([
    ['brackets', nested],
    ['indentation', indented],
    ['dashes', (depth: number) => `${'- '.repeat(depth)}x`],
  ])('hold 32 levels of %s and not 33', (_what, make) => {
    expect(readYaml(make(32)).ok).toBe(true)
    expect(read(make(33))).toEqual([expect.stringContaining(' document_too_deep')])
    expect(read(make(5000))).toEqual([expect.stringMatching(/ document_too_/)])
  })

  it.each([
    ['YAML', keys],
    ['JSON', jsonKeys],
  ])(`hold ${DOCUMENT_MAX_KEYS} names of %s and not one more`, (_what, make) => {
    expect(readYaml(make(DOCUMENT_MAX_KEYS)).ok).toBe(true)
    expect(read(make(DOCUMENT_MAX_KEYS + 1))).toEqual([expect.stringContaining('document_too_many_keys')])
  })

  it('hold list elements up to their limit and no further', () => {
    const list = (count: number): string => '- x\n'.repeat(count)
    expect(readYaml(list(DOCUMENT_MAX_ITEMS)).ok).toBe(true)
    expect(read(list(DOCUMENT_MAX_ITEMS + 1))).toEqual([expect.stringContaining('document_too_many_keys')])
  })

  it('hold lines up to their limit and no further', () => {
    const text = (lines: number): string => `a: x${'\n'.repeat(lines - 1)}`
    expect(readYaml(text(DOCUMENT_MAX_LINES)).ok).toBe(true)
    expect(read(text(DOCUMENT_MAX_LINES + 1))).toEqual([`${DOCUMENT_MAX_LINES}:1 document_too_large`])
  })

  it('hold two megabytes and not one byte more', () => {
    const text = (length: number): string => `a: ${'x'.repeat(length - 3)}`
    expect(readYaml(text(DOCUMENT_MAX_BYTES)).ok).toBe(true)
    expect(read(text(DOCUMENT_MAX_BYTES + 1))).toEqual(['1:1 document_too_large'])
  })

  // Each takes some milliseconds; a second is for slow machines, and far below what an unbounded parser takes.
  it.each([
    ['a list of a million', `[${'a,'.repeat(1_000_000)}]`],
    ['brackets alone', '['.repeat(2_000_000)],
    ['braces alone', '{'.repeat(2_000_000)],
    ['dashes alone', '- '.repeat(1_000_000)],
    ['question marks alone', '? '.repeat(1_000_000)],
    ['aliases of aliases', Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`).join('\n')],
    ['a hundred thousand names', keys(100_000)],
    ['a hundred thousand names of JSON', jsonKeys(100_000)],
    ['tags in front of tags', '!a\n!b x:\n'.repeat(100_000)],
    ['anchors in front of lists', '&a\n- &b\n'.repeat(100_000)],
    ['a quote without an end', `a: "${'x\n'.repeat(900_000)}`],
    ['an endless indentation', indented(2000)],
    ['empty lines', '\n'.repeat(2_000_000)],
  ])('refuse %s in bounded time', (_what, text) => {
    const millis = cpuMillisOf(() => expect(readYaml(text).ok).toBe(false))
    expect(millis).toBeLessThan(1000)
  })
})
