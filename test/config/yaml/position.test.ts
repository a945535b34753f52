import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPositions, findOffsetInScalar, findPlace } from '../../../src/config/yaml/position.ts'
import { readYaml } from '../../../src/config/yaml/yaml.ts'

describe('createPositions()', () => {
  it.each<[string, string, number, number, number]>([
    ['the beginning', 'abc', 0, 1, 1],
    ['the end', 'abc', 3, 1, 4],
    ['behind a line feed', 'a\nb', 2, 2, 1],
    ['behind a carriage return', 'a\rb', 2, 2, 1],
    ['behind both', 'a\r\nb', 3, 2, 1],
    ['at the line feed itself', 'a\r\nb', 2, 1, 3],
    ['behind a character of two units', '😀b', 2, 1, 3],
    ['far behind', `${'x\n'.repeat(1000)}yz`, 2001, 1001, 2],
    ['in a long line', `a\n${'x'.repeat(5000)}`, 4002, 2, 4001],
  ])('counts lines and columns from 1: %s', (_what, text, offset, line, column) => {
    expect(createPositions(text).at(offset)).toEqual({ line, column })
  })

  it('agrees with a count from the beginning, wherever one asks', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', 'é'), maxLength: 2000 })
    fc.assert(
      fc.property(text, fc.nat(2000), (source, anywhere) => {
        const offset = Math.min(anywhere, source.length)
        // A line feed that belongs to the carriage return before it ends the line with it.
        const isInside = source[offset] === '\n' && source[offset - 1] === '\r'
        const lines = source.slice(0, isInside ? offset - 1 : offset).split(/\r\n|\r|\n/)
        const column = (lines.at(-1) ?? '').length + 1 + (isInside ? 1 : 0)
        expect(createPositions(source).at(offset)).toEqual({ line: lines.length, column })
      }),
    )
  })
})

describe('findPlace()', () => {
  const result = readYaml('a:\n  - b: x\n')
  if (!result.ok) throw new Error('no document')
  const { root } = result

  it('goes as far as the path does', () => {
    expect(findPlace(root, ['a', 0, 'b'])).toMatchObject({ exact: true, entry: { name: 'b' }, node: { value: 'x' } })
  })

  it.each<[string, readonly (string | number)[], boolean]>([
    ['a name that is not there', ['a', 0, 'c'], false],
    ['an index that is not there', ['a', 1], false],
    ['a name in a list', ['a', 'b'], false],
    ['an index in a map', [0], false],
    ['a name in a text', ['a', 0, 'b', 'c'], false],
    ['a name of Object.prototype', ['constructor'], false],
    ['nothing at all', [], true],
  ])('stops at %s', (_what, path, exact) => {
    expect(findPlace(root, path).exact).toBe(exact)
  })
})

describe('findOffsetInScalar()', () => {
  /** What stands in the document where the decoded text has a `@`. */
  function found(text: string): readonly [number, string] {
    const result = readYaml(text)
    const scalar = result.root === undefined ? undefined : findPlace(result.root, ['a']).node
    if (scalar === undefined || !('source' in scalar)) throw new Error('no scalar')
    const at = findOffsetInScalar(text, scalar, scalar.source.indexOf('@'))
    return [at, text.slice(at, at + 1)]
  }

  it.each([
    ['plain', 'a: x@y'],
    ['single-quoted', "a: 'x@y'"],
    ['single-quoted, behind a quote', "a: 'x''''@y'"],
    ['double-quoted', 'a: "x@y"'],
    ['double-quoted, behind escapes', 'a: "\\t\\x41\\u00e9\\U0001f600\\"@y"'],
    ['double-quoted, behind an escaped pair', 'a: "\\ud83d\\ude00@y"'],
    ['plain, over lines', 'a: x\n  y\n\n\n  z @w'],
    ['single-quoted, over lines', "a: 'x  \n  y\n\n  @w'"],
    ['double-quoted, over lines', 'a: "x  \n  y\n\n  @w"'],
    ['double-quoted, with an escaped line break', 'a: "x\\\n   y @w"'],
    ['double-quoted, right behind an escaped line break', 'a: "x\\\n   @w"'],
    ['double-quoted, behind an escaped line break at its beginning', 'a: "\\\n  @w"'],
    ['double-quoted, behind several', 'a: "x\\\r\n  y\\\r\n  @w"'],
    ['double-quoted, behind one and an escaped space', 'a: "x\\\n  \\ @w"'],
    ['double-quoted, behind a folded line and an escaped break', 'a: "x\n  y\\\n  @w"'],
    ['literal', 'a: |\n  x\n   y\n\n  z @w\n'],
    ['literal, indented by a number', 'a: |2-\n    x\n  @w\n'],
    ['folded', 'a: >\n  x\n  y\n\n  z @w\n'],
    ['folded, with an indented part', 'a: >\n  x\n    y\n  z @w\n'],
    ['over Windows line ends', 'a: |\r\n  x\r\n  z @w\r\n'],
  ])('finds a unit of the text in the document: %s', (_what, text) => {
    expect(found(text)).toEqual([text.indexOf('@'), '@'])
  })

  it('gives an offset inside the scalar, whatever is asked', () => {
    const body = fc.string({ unit: fc.constantFrom('a', ' ', '\n', "'", '"', '\\', '@', 'é'), maxLength: 40 })
    fc.assert(
      fc.property(body, fc.constantFrom('plain', 'json', 'single'), fc.nat(60), (value, style, offset) => {
        const written =
          style === 'json' ? JSON.stringify(value) : style === 'single' ? `'${value.replaceAll("'", "''")}'` : value
        const text = `a: ${written}\n`
        const result = readYaml(text)
        const scalar = result.root === undefined ? undefined : findPlace(result.root, ['a']).node
        if (scalar === undefined || !('source' in scalar)) return
        const at = findOffsetInScalar(text, scalar, offset)
        expect(at).toBeGreaterThanOrEqual(0)
        expect(at).toBeLessThanOrEqual(text.length)
      }),
    )
  })
})
