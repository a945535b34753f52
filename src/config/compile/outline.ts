// What an author may write in a section, as plain data: fields, their descriptions and fixed values, for editors that
// complete documents. It is read from the very schema that documents are checked by.
import * as v from 'valibot'
import type { AttestorTable } from '../../attest/table.ts'
import { SECTIONS, type SectionName } from '../sections/table.ts'

export type Outline =
  | { readonly kind: 'map'; readonly fields: Readonly<Record<string, OutlineField>> }
  /** What the other fields are depends on the value of the field `key`. */
  | { readonly kind: 'variant'; readonly key: string; readonly options: Readonly<Record<string, Outline>> }
  | { readonly kind: 'list'; readonly item: Outline }
  /** Names of the author's choice. */
  | { readonly kind: 'record'; readonly value: Outline }
  /** `values`: the only ones, where they are few. */
  | { readonly kind: 'value'; readonly values?: readonly string[] }

export interface OutlineField {
  readonly description?: string
  readonly isOptional?: true
  readonly value: Outline
}

/** As far as valibot exposes the kinds of schema that sections are made of. */
interface Part {
  readonly type: string
  readonly entries?: Readonly<Record<string, v.GenericSchema>>
  readonly item?: v.GenericSchema
  readonly wrapped?: v.GenericSchema
  readonly value?: v.GenericSchema
  readonly key?: unknown
  readonly literal?: unknown
  readonly options?: readonly unknown[]
}

/** The outline of `spec` of a section. */
export function outlineSection(section: SectionName, attestors: AttestorTable): Outline {
  return outline(SECTIONS[section].getSpecSchema(attestors))
}

/** The outline of what a schema takes. */
export function outline(schema: v.GenericSchema): Outline {
  const part: Part = schema
  switch (part.type) {
    case 'optional':
      return part.wrapped === undefined ? ANY : outline(part.wrapped)
    case 'strict_object':
    case 'loose_object':
      return { kind: 'map', fields: outlineFields(part.entries ?? {}) }
    case 'array':
      return { kind: 'list', item: part.item === undefined ? ANY : outline(part.item) }
    case 'record':
      return { kind: 'record', value: part.value === undefined ? ANY : outline(part.value) }
    case 'variant':
      return outlineVariant(part)
    // Where a field takes one value or several, an author who asks for completions wants the richer form.
    case 'union': {
      const options = (part.options ?? []).map((option) => outline(option as v.GenericSchema))
      return options.find(({ kind }) => kind !== 'value') ?? options[0] ?? ANY
    }
    case 'picklist':
      return { kind: 'value', values: (part.options ?? []).map(String) }
    case 'literal':
      return { kind: 'value', values: [String(part.literal)] }
    case 'boolean':
      return { kind: 'value', values: ['true', 'false'] }
    default:
      return ANY
  }
}

const ANY: Outline = { kind: 'value' }

function outlineFields(entries: Readonly<Record<string, v.GenericSchema>>): Readonly<Record<string, OutlineField>> {
  return Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => {
      const description = describe(entry)
      return [
        name,
        {
          ...(description === undefined ? {} : { description }),
          ...(entry.type === 'optional' ? { isOptional: true as const } : {}),
          value: outline(entry),
        },
      ]
    }),
  )
}

/** The description of an optional field may be that of the field or of what it wraps. */
function describe(schema: v.GenericSchema): string | undefined {
  const { wrapped }: Part = schema
  return v.getDescription(schema) ?? (wrapped === undefined ? undefined : describe(wrapped))
}

function outlineVariant({ key, options = [] }: Part): Outline {
  const name = String(key)
  const byName = options.flatMap((option) => {
    const made = outline(option as v.GenericSchema)
    const own = made.kind === 'map' ? made.fields[name]?.value : undefined
    return own?.kind === 'value' ? (own.values ?? []).map((value) => [value, made] as const) : []
  })
  return { kind: 'variant', key: name, options: Object.fromEntries(byName) }
}
