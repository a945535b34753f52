import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { validate } from '../../../src/config/compile/validate.ts'
import { readYaml } from '../../../src/config/yaml/yaml.ts'
import type { Issue } from '../../../src/core/issue.ts'

function check(schema: v.GenericSchema, text: string): { readonly value: unknown; readonly issues: readonly string[] } {
  const result = readYaml(text)
  if (result.root === undefined) throw new Error('no document')
  const issues: Issue[] = []
  const { value, complete } = validate(schema, result.root, [], (issue) => issues.push(issue))
  if (result.ok) expect(complete).toBe(issues.length === 0)
  return { value, issues: issues.map(({ code, path }) => `${code} ${path.join('.')}`.trim()) }
}

const schema = v.strictObject({
  name: v.pipe(v.string(), v.nonEmpty(), v.maxLength(8)),
  size: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(10))),
  on: v.optional(v.boolean()),
  kind: v.optional(v.picklist(['round', 'square'])),
  tags: v.optional(v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.nonEmpty())),
  map: v.optional(v.record(v.string(), v.string())),
  either: v.optional(v.union([v.string(), v.array(v.string())])),
  shape: v.optional(
    v.variant('type', [
      v.strictObject({ type: v.literal('a'), x: v.string() }),
      v.strictObject({ type: v.literal('b') }),
    ]),
  ),
  any: v.optional(v.unknown()),
  loose: v.optional(v.looseObject({ keys: v.array(v.unknown()) })),
})

describe('validate()', () => {
  it.each([
    ['name: x'],
    ['name: "1"'],
    ['{name: x, size: 10, on: true, kind: round, tags: [a], map: {}, either: x}'],
    ['{name: x, either: [a, b], map: {a: b, c: d}, shape: {type: a, x: y}}'],
    ['{name: x, any: [1, {a: null}], loose: {keys: [], more: {x: 1}}}'],
  ])('reads %s as valibot does', (text) => {
    const result = readYaml(text)
    const plain: unknown = result.ok ? validate(v.unknown(), result.root, [], () => {}).value : undefined
    const { value, issues } = check(schema, text)
    expect(issues).toEqual([])
    expect(value).toEqual(v.parse(schema, plain))
  })

  it.each<[string, readonly string[]]>([
    ['{}', ['field_missing name']],
    ['x', ['type_mismatch']],
    ['[x]', ['type_mismatch']],
    ['name: 1', ['text_unquoted name']],
    ['name: true', ['text_unquoted name']],
    ['name: ~', ['text_unquoted name']],
    ['name:', ['value_empty name']],
    ['name: ""', ['value_empty name']],
    ['name: [x]', ['type_mismatch name']],
    ['name: 123456789x', ['value_out_of_range name']],
    ['{name: x, nmae: y}', ['field_unknown nmae']],
    ['{name: x, __proto__: y, constructor: z}', ['field_unknown __proto__', 'field_unknown constructor']],
    ['{name: x, size: "1"}', ['type_mismatch size']],
    ['{name: x, size: 11}', ['value_out_of_range size']],
    ['{name: x, size: 0}', ['value_out_of_range size']],
    ['{name: x, on: yes}', ['type_mismatch on']],
    ['{name: x, on: "true"}', ['type_mismatch on']],
    ['{name: x, kind: rund}', ['value_invalid kind']],
    ['{name: x, kind: 1}', ['text_unquoted kind']],
    ['{name: x, tags: []}', ['value_empty tags']],
    ['{name: x, tags: [a, 1, "", [b]]}', ['text_unquoted tags.1', 'value_empty tags.2', 'type_mismatch tags.3']],
    ['{name: x, tags: {}}', ['type_mismatch tags']],
    ['{name: x, map: {a: 1, b: c}}', ['text_unquoted map.a']],
    ['{name: x, map: [a]}', ['type_mismatch map']],
    ['{name: x, either: [1]}', ['text_unquoted either.0']],
    ['{name: x, either: 1}', ['text_unquoted either']],
    ['{name: x, either: {}}', ['type_mismatch either']],
    ['{name: x, shape: {}}', ['field_missing shape.type']],
    ['{name: x, shape: {type: c}}', ['value_invalid shape.type']],
    ['{name: x, shape: {type: __proto__}}', ['value_invalid shape.type']],
    ['{name: x, shape: {type: a, y: z}}', ['field_unknown shape.y', 'field_missing shape.x']],
    ['{name: x, shape: a}', ['type_mismatch shape']],
    ['{name: x, loose: {}}', ['field_missing loose.keys']],
    ['{name: 1, size: a, tags: []}', ['text_unquoted name', 'type_mismatch size', 'value_empty tags']],
  ])('finds everything that is wrong with %s', (text, expected) => {
    expect(check(schema, text).issues).toEqual(expected)
  })

  it('keeps names of Object.prototype in records', () => {
    const { value, issues } = check(v.record(v.string(), v.string()), '{__proto__: a, constructor: b}')
    expect(issues).toEqual([])
    expect(Object.entries(value as object)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
  })

  it('says nothing more of what was broken when it was read', () => {
    expect(check(schema, '{name: *x}')).toEqual({ value: undefined, issues: [] })
  })

  it('leaves holes in a list only where its schema allows it', () => {
    const items = v.array(v.string())
    expect(check(v.pipe(items, v.metadata({ salvaged: true })), '[a, 1, b]').value).toEqual(['a', undefined, 'b'])
    expect(check(items, '[a, 1, b]').value).toBeUndefined()
  })

  it('accepts what valibot accepts, and no list for a map', () => {
    const scalar = fc.constantFrom(
      'x',
      '1',
      'true',
      'round',
      '""',
      '"1"',
      '[a]',
      '[]',
      '{}',
      '{type: a, x: y}',
      '{type: b}',
      'null',
      '{keys: []}',
      '123456789',
    )
    const name = fc.constantFrom(
      'name',
      'size',
      'on',
      'kind',
      'tags',
      'map',
      'either',
      'shape',
      'any',
      'loose',
      'other',
    )
    fc.assert(
      fc.property(fc.dictionary(name, scalar, { maxKeys: 6 }), (fields) => {
        const text = `{${Object.entries(fields)
          .map(([field, value]) => `${field}: ${value}`)
          .join(', ')}}`
        const result = readYaml(text)
        if (!result.ok) throw new Error(text)
        const { issues } = check(schema, text)
        const plain: unknown = validate(v.unknown(), result.root, [], () => {}).value
        // valibot takes a list for a record or a loose object; a document that has one there is refused.
        const hasListForMap = [fields['map'], fields['loose']].some((value) => value?.startsWith('['))
        if (hasListForMap) expect(issues).not.toEqual([])
        else expect(issues.length === 0).toBe(v.safeParse(schema, plain).success)
      }),
    )
  })
})
