// The bridge from a valibot schema to a document: every fault at once, each at its place. valibot itself sees values
// only, stops at the first unknown field and drops `__proto__`, so the structure is walked here and valibot runs the
// checks (`pipe`) of each part. Maps become objects without a prototype: no name is special.
import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import type { Issue, IssueCode, Path } from '../../core/issue.ts'
import { suggestNearest } from '../../core/nearest.ts'
import { quoteText } from '../../core/printable.ts'
import { makeChoiceForm, type StringForm } from '../../core/string-form.ts'
import type { YamlMap, YamlNode } from '../yaml/yaml-node.ts'
import {
  describeFailedCheck,
  describeMismatch,
  describeMissingField,
  describeNotString,
  describeUnknownField,
} from './validation-issue.ts'

/** What a schema can declare with `v.metadata`. */
export interface SchemaMetadata {
  /** Of a `variant`: the code of an unknown discriminator, and what one is called. */
  readonly unknownCode?: IssueCode
  readonly noun?: string
  /** Of a `variant`: the discriminators to list where one is unknown; default all. */
  readonly known?: readonly string[]
  /** Of a string: what it must look like, so that a hint does not lead to the next fault. */
  readonly form?: StringForm
  /** Of a list or a record: an invalid element leaves a hole, so that the others can still be compiled and checked. */
  readonly salvaged?: true
  /** Of an object: what an author should know whose field is unknown, as a clause. */
  readonly unknownField?: string
}

/**
 * `complete` is false if an issue was reported; then the value is there as far as it could be saved, for the sake of
 * further issues only: where the schema allows it, invalid list elements are holes, and invalid entries of a record are
 * left out.
 */
export interface Validated<T> {
  readonly value: T | undefined
  readonly complete: boolean
}

/** The kinds of schema that sections are made of, as valibot exposes them. */
type Shape =
  | { readonly type: 'strict_object' | 'loose_object'; readonly entries: Readonly<Record<string, v.GenericSchema>> }
  | { readonly type: 'array'; readonly item: v.GenericSchema }
  | { readonly type: 'record'; readonly value: v.GenericSchema }
  | { readonly type: 'variant'; readonly key: string; readonly options: readonly v.GenericSchema[] }
  | { readonly type: 'union'; readonly options: readonly v.GenericSchema[] }
  | { readonly type: 'optional'; readonly wrapped: v.GenericSchema }
  | { readonly type: 'picklist'; readonly options: readonly string[] }
  | { readonly type: 'literal'; readonly literal: string }
  | { readonly type: 'string' | 'boolean' | 'number' | 'unknown' }

const INVALID = Symbol('invalid')
type Read = unknown

/** One walk. */
interface Walk {
  readonly report: Report
}

/** Reads `node` as `schema` says. Reports every issue, with `path` in front. */
export function validate<S extends v.GenericSchema>(
  schema: S,
  node: YamlNode,
  path: Path,
  report: Report,
): Validated<v.InferOutput<S>> {
  let complete = true
  const walk: Walk = {
    report(issue) {
      complete = false
      report(issue)
    },
  }
  const read = readAs(schema, node, path, walk)
  // The walk has just held the value against the schema, part by part.
  return read === INVALID || node.kind === 'broken'
    ? { value: undefined, complete: false }
    : { value: read as v.InferOutput<S>, complete }
}

/** The value of a node as plain data in the shape of JSON: what a schema of `unknown` yields. */
function readPlain(node: YamlNode): Read {
  if (node.kind === 'map') {
    const value: Record<string, unknown> = Object.create(null)
    for (const [name, entry] of node.entries) value[name] = readPlain(entry.value)
    return Object.values(value).includes(INVALID) ? INVALID : value
  }
  if (node.kind === 'list') {
    const items = node.items.map(readPlain)
    return items.includes(INVALID) ? INVALID : items
  }
  if (node.kind === 'broken') return INVALID
  return node.kind === 'null' ? null : node.value
}

function asShape(schema: v.GenericSchema): Shape {
  return schema as unknown as Shape
}

function readAs(schema: v.GenericSchema, node: YamlNode, path: Path, walk: Walk): Read {
  const shape = asShape(schema)
  if (node.kind === 'broken') return INVALID
  if (shape.type === 'optional') return readAs(shape.wrapped, node, path, walk)
  const value = readShape(shape, schema, node, path, walk)
  return value === INVALID || !passesChecks(schema, value, path, walk) ? INVALID : value
}

function readShape(shape: Shape, schema: v.GenericSchema, node: YamlNode, path: Path, walk: Walk): Read {
  switch (shape.type) {
    case 'unknown':
      return readPlain(node)
    case 'optional':
      return readAs(shape.wrapped, node, path, walk)
    case 'union':
      return readAs(chooseOption(shape.options, node), node, path, walk)
    case 'strict_object':
    case 'loose_object':
      if (node.kind !== 'map') return fail(describeMismatch(node, 'a map', path, mayBeEmpty(schema)), walk)
      return readObject(shape.entries, readMetadata(schema), node, path, walk, shape.type === 'loose_object')
    case 'variant':
      if (node.kind !== 'map') return fail(describeMismatch(node, 'a map', path, mayBeEmpty(schema)), walk)
      return readVariant(shape, readMetadata(schema), node, path, walk)
    case 'record': {
      if (node.kind !== 'map') return fail(describeMismatch(node, 'a map', path, mayBeEmpty(schema)), walk)
      const value: Record<string, unknown> = Object.create(null)
      for (const [name, entry] of node.entries) {
        const read = readAs(shape.value, entry.value, [...path, name], walk)
        if (read !== INVALID) value[name] = read
      }
      const isWhole = Object.keys(value).length === node.entries.size
      return isWhole || readMetadata(schema).salvaged ? value : INVALID
    }
    case 'array': {
      if (node.kind !== 'list') return fail(describeMismatch(node, 'a list', path, mayBeEmpty(schema)), walk)
      const value: unknown[] = new Array(node.items.length)
      let isWhole = true
      for (const [index, item] of node.items.entries()) {
        const read = readAs(shape.item, item, [...path, index], walk)
        if (read === INVALID) isWhole = false
        else value[index] = read
      }
      return isWhole || readMetadata(schema).salvaged ? value : INVALID
    }
    case 'string':
      return node.kind === 'text' ? node.value : fail(describeNotString(node, path, readMetadata(schema).form), walk)
    case 'picklist':
    case 'literal': {
      const choices = shape.type === 'picklist' ? shape.options : [shape.literal]
      const known = choices.map((choice) => `"${choice}"`).join(', ')
      if (node.kind !== 'text') return fail(describeNotString(node, path, makeChoiceForm(choices)), walk)
      if (choices.includes(node.value)) return node.value
      const near = suggestNearest(node.value, choices)
      walk.report({
        code: 'value_invalid',
        path,
        message: `Cannot use ${quoteText(node.value)}: expected ${choices.length > 1 ? 'one of ' : ''}${known}${near}`,
      })
      return INVALID
    }
    case 'boolean':
      return node.kind === 'bool' ? node.value : fail(describeMismatch(node, 'true or false', path), walk)
    case 'number':
      if (node.kind !== 'int' && node.kind !== 'float') return fail(describeMismatch(node, 'a number', path), walk)
      return node.value
  }
}

function readObject(
  entries: Readonly<Record<string, v.GenericSchema>>,
  { unknownField }: SchemaMetadata,
  node: YamlMap,
  path: Path,
  walk: Walk,
  isLoose: boolean,
): Read {
  const value: Record<string, unknown> = Object.create(null)
  let isValid = true
  for (const [name, entry] of node.entries) {
    const fieldPath = [...path, name]
    const field = Object.hasOwn(entries, name) ? entries[name] : undefined
    if (field !== undefined) {
      const read = readAs(field, entry.value, fieldPath, walk)
      if (read === INVALID) isValid = false
      else value[name] = read
    } else if (isLoose) {
      value[name] = readPlain(entry.value)
      if (value[name] === INVALID) isValid = false
    } else {
      const names = Object.keys(entries)
      // One that is there already would be given twice.
      const near =
        suggestNearest(
          name,
          names.filter((known) => !node.entries.has(known)),
        ) || `; known are ${names.join(', ')}`
      walk.report(describeUnknownField(name, path, unknownField === undefined ? near : `${near}; ${unknownField}`))
      isValid = false
    }
  }
  for (const [name, field] of Object.entries(entries)) {
    if (asShape(field).type === 'optional' || node.entries.has(name)) continue
    walk.report({
      code: 'field_missing',
      path: [...path, name],
      message: `Missing field "${name}": add it`,
    })
    isValid = false
  }
  return isValid ? value : INVALID
}

function readVariant(
  shape: Shape & { readonly type: 'variant' },
  metadata: SchemaMetadata,
  node: YamlMap,
  path: Path,
  walk: Walk,
): Read {
  const options = new Map<string, v.GenericSchema>()
  for (const option of shape.options) {
    const optionShape = asShape(option)
    const literal = optionShape.type === 'strict_object' ? optionShape.entries[shape.key] : undefined
    const literalShape = literal === undefined ? undefined : asShape(literal)
    if (literalShape?.type === 'literal') options.set(literalShape.literal, option)
  }
  const entry = node.entries.get(shape.key)
  const keyPath = [...path, shape.key]
  if (entry === undefined) {
    return fail(describeMissingField(shape.key, path), walk)
  }
  if (entry.value.kind === 'broken') return INVALID
  if (entry.value.kind !== 'text')
    return fail(describeNotString(entry.value, keyPath, makeChoiceForm(metadata.known ?? [...options.keys()])), walk)
  const chosen = options.get(entry.value.value)
  if (chosen !== undefined) return readAs(chosen, node, path, walk)
  const names = [...options.keys()]
  const near = suggestNearest(entry.value.value, names) || `; known are ${(metadata.known ?? names).join(', ')}`
  const noun = metadata.noun ?? shape.key
  const message = `Unknown ${noun} ${quoteText(entry.value.value)}${near}`
  walk.report({ code: metadata.unknownCode ?? 'value_invalid', path: keyPath, message })
  return INVALID
}

/** Chooses the option of a union for this kind of node, or else the first one, which then reports the fault. */
function chooseOption(options: readonly v.GenericSchema[], node: YamlNode): v.GenericSchema {
  const wanted = node.kind === 'list' ? ['array'] : node.kind === 'map' ? ['strict_object', 'record'] : []
  const found = options.find((option) => wanted.includes(asShape(option).type)) ?? options[0]
  if (found === undefined) throw new Error('a union without options')
  return found
}

/** Runs the checks that follow the schema in its pipe; the walk has already done what the schema itself would do. */
function passesChecks(schema: v.GenericSchema, value: unknown, path: Path, walk: Walk): boolean {
  if (!('pipe' in schema) || !Array.isArray(schema.pipe)) return true
  const [inner, ...actions] = schema.pipe as unknown as readonly [v.GenericSchema, ...v.GenericPipeAction[]]
  let passes = passesChecks(inner, value, path, walk)
  for (const action of actions) {
    if (action.kind !== 'validation') continue
    const dataset = action['~run']({ typed: true, value }, { abortEarly: false })
    for (const finding of dataset.issues ?? []) {
      walk.report(describeFailedCheck(finding, action, path))
      passes = false
    }
  }
  return passes
}

function readMetadata(schema: v.GenericSchema): SchemaMetadata {
  // Of a generic schema valibot knows nothing more exact; only this folder's schemas hold metadata.
  return v.getMetadata(schema) as SchemaMetadata
}

/** Tells whether `[]` or `{}` is valid, so that no hint suggests a value that is refused. */
function mayBeEmpty(schema: v.GenericSchema): boolean {
  const shape = asShape(schema)
  if (shape.type === 'variant') return false
  const value = shape.type === 'array' ? [] : {}
  return v.safeParse(schema, value).success
}

function fail(issue: Issue, walk: Walk): typeof INVALID {
  walk.report(issue)
  return INVALID
}
