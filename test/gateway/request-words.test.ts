// Every fault that a schema can find is said in words: no name of a validator's check, and no operator, reaches a reader.
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { validate } from '../../src/config/compile/validate.ts'
import { createDocumentSchema } from '../../src/config/sections/section.ts'
import { listSectionNames, SECTIONS } from '../../src/config/sections/table.ts'
import { readYaml } from '../../src/config/yaml/yaml.ts'
import { loginBodySchema } from '../../src/gateway/attestations.ts'
import { claimsBodySchema } from '../../src/gateway/claims-body.ts'
import { checkShape } from '../../src/gateway/request-body.ts'
import { TABLE } from '../config/compile-context.ts'

interface Node {
  readonly type: string
  readonly kind: string
  readonly requirement?: unknown
  readonly pipe?: readonly Node[]
  readonly entries?: Readonly<Record<string, Node>>
  readonly item?: Node
  readonly value?: Node
  readonly wrapped?: Node
  readonly options?: readonly unknown[]
}

/** Every schema within `schema`, each with where it was found. */
function* schemasIn(schema: Node, path: string): Generator<readonly [string, Node]> {
  yield [path, schema]
  const [inner] = schema.pipe ?? []
  const { entries, item, value, wrapped, options } = inner ?? schema
  for (const [name, entry] of Object.entries(entries ?? {})) yield* schemasIn(entry, `${path}.${name}`)
  for (const [name, part] of Object.entries({ item, value, wrapped })) {
    if (part !== undefined && typeof part === 'object' && 'kind' in part) yield* schemasIn(part, `${path}.${name}`)
  }
  for (const [index, option] of (options ?? []).entries()) {
    if (typeof option === 'object') yield* schemasIn(option as Node, `${path}|${index}`)
  }
}

/** Values that each fail something of a schema: of another type, empty, too long, too many, out of range. */
function badValues(schema: Node): readonly unknown[] {
  const checks = (schema.pipe ?? []).slice(1).filter(({ kind }) => kind === 'validation')
  const isList = schema.type === 'array'
  const sized = checks.flatMap(({ type, requirement }) => {
    const size = Number(requirement)
    const make = (length: number): unknown =>
      isList ? Array.from({ length }, () => null) : schema.type === 'string' ? 'x'.repeat(length) : length
    if (type === 'max_length' || type === 'max_value') return [make(size + 1)]
    if (type === 'min_length' || type === 'min_value') return [make(size - 1)]
    if (type === 'non_empty') return [make(0)]
    return [isList ? [] : schema.type === 'string' ? '!' : -1]
  })
  return [...sized, null, 17, 'x', true, [], {}, [null], { unknown: 1 }].filter(
    (value) => !v.safeParse(schema as unknown as v.GenericSchema, value).success,
  )
}

/** What valibot, JavaScript or a regular expression says, and a reader of a document or a request does not. */
const INTERNALS =
  /!\d|[<>]=?\s*\d|\bregex\b|non[ _]empty|(?:min|max)[ _](?:length|value)|\bInvalid\b|received|\bArray\b|\bObject\b|undefined|NaN|\/\^|\bnever\b|strict_|something else|\(\(/

const requests: readonly (readonly [string, v.GenericSchema])[] = [
  ['login', loginBodySchema],
  ['claims', claimsBodySchema],
  ...[...TABLE.rows.values()].map((row) => [row.type, row.evidenceSchema] as const),
]
const faults = (name: string, schema: v.GenericSchema) =>
  [...schemasIn(schema as unknown as Node, name)].flatMap(([path, part]) =>
    badValues(part).map((value) => [path, part as unknown as v.GenericSchema, value] as const),
  )

describe('a request that a schema refuses', () => {
  it.each(requests)('is told so in words: %s', (name, schema) => {
    const all = faults(name, schema)
    expect(all.length).toBeGreaterThan(5)
    for (const [path, part, value] of all) {
      const checked = checkShape(part, value, [])
      expect([path, checked.ok]).toEqual([path, false])
      const detail = checked.ok ? '' : checked.refusal.detail
      expect(`${path}: ${detail}`).not.toMatch(INTERNALS)
    }
  })

  it.each<[string, v.GenericSchema, unknown, RegExp]>([
    ['a list without elements', loginBodySchema, { attestations: [] }, /attestations must have at least 1 element$/],
    [
      'a name of another form',
      loginBodySchema,
      { attestations: [{ type: 'K', evidence: 1 }] },
      /type must be .*k8s_token/,
    ],
    ['an empty string', claimsBodySchema, { workloads: [{ id: '' }] }, /id must not be empty$/],
    [
      'a long string',
      claimsBodySchema,
      { workloads: [{ id: 'x'.repeat(129) }] },
      /id must have at most 128 characters$/,
    ],
    ['a number for a string', claimsBodySchema, { workloads: [{ id: 1 }] }, /id must be a string$/],
    ['a map for a list', claimsBodySchema, { workloads: {} }, /workloads must be an array$/],
    ['a list for a map', claimsBodySchema, { workloads: [[]] }, /must be an object$|is missing$/],
    ['nothing', claimsBodySchema, {}, /workloads is missing$/],
  ])('names what it must be: %s', (_what, schema, value, expected) => {
    const checked = checkShape(schema, value, [])
    expect(checked.ok ? '' : checked.refusal.detail).toMatch(expected)
  })
})

describe('a document that a schema refuses', () => {
  it.each(listSectionNames())('is told so in words: %s', (name) => {
    for (const [path, part, value] of faults(name, createDocumentSchema(name, SECTIONS[name], TABLE))) {
      const read = readYaml(JSON.stringify(value))
      if (!read.ok) throw new Error(path)
      const messages: string[] = []
      validate(part, read.root, [], ({ message }) => messages.push(message))
      for (const message of messages) expect(`${path}: ${message}`).not.toMatch(INTERNALS)
    }
  })

  it('has a sentence for every check of every schema', () => {
    const schema = v.pipe(v.string(), v.isoDate())
    const read = readYaml('x')
    if (!read.ok) throw new Error('unreadable')
    const messages: string[] = []
    validate(schema, read.root, [], ({ message }) => messages.push(message))
    // A check that has none yet shows nothing of the validator.
    expect(messages).toEqual([expect.not.stringMatching(/iso|date|Invalid/i)])
  })
})
