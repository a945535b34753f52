// Whether documents can be read by a schema. `validate` knows the kinds of schema that sections are made of; of any other
// it would make nothing, and an attestor would see a config without the pins that its author wrote. Schemas of the
// sections are ours; those of attestors of one's own are checked before any document is read.
import type * as v from 'valibot'
import type { AttestorTable } from '../../attest/table.ts'

/** As far as valibot exposes a schema of any kind. */
interface Part {
  readonly type: string
  /** The schema itself, then what is done with its value. */
  readonly pipe?: readonly [v.GenericSchema, ...{ readonly kind: string; readonly type: string }[]]
  readonly default?: unknown
  readonly entries?: Readonly<Record<string, v.GenericSchema>>
  readonly item?: v.GenericSchema
  readonly wrapped?: v.GenericSchema
  /** Of a record a schema, of a variant a name. */
  readonly key?: object | string
  readonly value?: v.GenericSchema
  readonly options?: readonly unknown[]
}

const KINDS: ReadonlySet<string> = new Set([
  ...['strict_object', 'loose_object', 'array', 'record', 'variant', 'union', 'optional'],
  ...['picklist', 'literal', 'string', 'boolean', 'number', 'unknown'],
])

/** Throws a `RangeError` for a `configSchema` that documents cannot be read by: a mistake of whoever wrote the row. */
export function checkConfigSchemas({ rows }: AttestorTable): void {
  for (const { type, configSchema } of rows.values()) {
    const fault = findUnreadable(configSchema, 'config')
    if (fault !== undefined) throw new RangeError(`the configSchema of "${type}" cannot be used: ${fault}`)
  }
}

/** Those that are there for types alone change nothing. */
function isChanging({ kind, type }: { readonly kind: string; readonly type: string }): boolean {
  return kind === 'transformation' && type !== 'readonly' && type !== 'brand'
}

/** What of a schema documents cannot be read by, as a sentence fragment; `undefined` if there is nothing. */
export function findUnreadable(schema: v.GenericSchema, path: string): string | undefined {
  const { type, pipe, default: fallback, ...part }: Part = schema
  const [own, ...actions] = pipe ?? []
  if (!KINDS.has(type)) return `${path} is of the kind ${type}: use one of ${[...KINDS].join(', ')}`
  const changing = actions.find((action) => action.kind === 'schema' || isChanging(action))
  if (changing !== undefined) return `${path} is changed by ${changing.type}: change it in compile`
  if (fallback !== undefined) return `${path} has a default: apply it in compile`
  if (typeof part.key === 'object' && 'pipe' in part.key) return `${path} checks its names: check them in compile`
  const entries = Object.entries(part.entries ?? {})
  // Options of a picklist are strings.
  const options = type === 'picklist' ? [] : (part.options ?? []).map((option) => option as v.GenericSchema)
  const inner: readonly (readonly [string, v.GenericSchema | undefined])[] = [
    ...entries.map(([name, entry]) => [`${path}.${name}`, entry] as const),
    ...options.map((option) => [path, option] as const),
    [`${path}[]`, part.item],
    [path, part.wrapped],
    [path, own],
    [`${path}.*`, part.value],
  ]
  for (const [at, one] of inner) {
    const fault = one === undefined ? undefined : findUnreadable(one, at)
    if (fault !== undefined) return fault
  }
  return undefined
}
