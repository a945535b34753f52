// The fields of an attestor's configuration, evidence and challenge, as its schema describes them.
import { toJsonSchema } from '@valibot/to-json-schema'
import type { Attestor } from '../../src/attest/attestor.ts'

export interface SchemaField {
  /** `tenants[].audience` for a member of the elements of a list. */
  readonly name: string
  readonly isRequired: boolean
  readonly what: string
}

interface Described {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Described | boolean>>
  readonly required?: readonly string[]
  readonly items?: Described | boolean | readonly unknown[]
}

/** The members of a schema of an object, in its order; each is followed by those of its own elements. */
export function listFields(schema: Attestor['configSchema']): readonly SchemaField[] {
  return [...walk(toJsonSchema(schema, { errorMode: 'ignore' }) as Described, '')]
}

function* walk({ properties = {}, required = [] }: Described, inside: string): Iterable<SchemaField> {
  for (const [member, value] of Object.entries(properties)) {
    const field: Described = typeof value === 'object' ? value : {}
    const name = inside + member
    yield { name, isRequired: required.includes(member), what: field.description ?? '' }
    yield* walk(field, `${name}.`)
    if (isDescribed(field.items)) yield* walk(field.items, `${name}[].`)
  }
}

function isDescribed(items: Described['items']): items is Described {
  return typeof items === 'object' && !Array.isArray(items)
}
