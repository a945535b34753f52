// Writes JSON Schemas into schemas/: `npm run schemas`. A test compares them. That of each section is for editors; those
// of the HTTP interface go into its description, so that no gateway makes them when it starts.
import { writeFileSync } from 'node:fs'
import { toJsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema'
import { type AttestorTable, createAttestorTable } from '../src/attest/table.ts'
import { createDocumentSchema } from '../src/config/sections/section.ts'
import { listSectionNames, SECTIONS, type SectionName } from '../src/config/sections/table.ts'
import { OPENAPI_SCHEMAS } from '../src/gateway/openapi/openapi-schemas.ts'

/** The JSON Schema of a section's documents, as text. Checks that it cannot express are left out. */
export function makeJsonSchema(name: SectionName, attestors: AttestorTable = createAttestorTable()): string {
  const schema = toJsonSchema(createDocumentSchema(name, SECTIONS[name], attestors), {
    errorMode: 'ignore',
    // What a schema tells our own reader is no keyword of JSON Schema.
    overrideAction({ valibotAction, jsonSchema }) {
      if (!('metadata' in valibotAction) || valibotAction.type !== 'metadata') return undefined
      const ours = Object.keys(valibotAction.metadata as object)
      return Object.fromEntries(Object.entries(jsonSchema).filter(([keyword]) => !ours.includes(keyword)))
    },
  })
  return printSchema(schema)
}

/** The JSON Schemas of requests and answers, by name, as text; one refers to another as OpenAPI has it. */
export function makeOpenApiSchemas(): string {
  const schemas = toJsonSchemaDefs(OPENAPI_SCHEMAS, {
    target: 'draft-2020-12',
    ignoreActions: ['readonly'],
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
    overrideSchema({ valibotSchema, jsonSchema }) {
      const { anyOf, propertyNames: _, ...rest } = jsonSchema
      switch (valibotSchema.type) {
        case 'union':
          // Their options exclude each other, and generators make more of that.
          return { ...rest, oneOf: anyOf ?? [] }
        case 'record':
          return rest
        case 'custom':
          // It runs a function; what it accepts is in its metadata.
          return {}
        default:
          return undefined
      }
    },
  })
  return printSchema(schemas)
}

const LINE_WIDTH = 120

/** As the formatter of this repository has it: lists of scalars in one line where they fit. */
function printSchema(schema: object): string {
  const json = JSON.stringify(schema, undefined, 2)
  const folded = json.replace(
    /^(.*)\[\n([^[\]{}]*)\n *\](,?)$/gm,
    (whole, before: string, items: string, comma: string) => {
      const line = `${before}[${items.trim().replace(/,\n */g, ', ')}]${comma}`
      return line.length <= LINE_WIDTH ? line : whole
    },
  )
  return `${folded}\n`
}

/** Where it is kept: the name of a section, or `openapi-schemas`. */
export function makeSchemaUrl(name: SectionName | 'openapi-schemas'): URL {
  return new URL(`../schemas/${name}.json`, import.meta.url)
}

if (import.meta.main) {
  for (const name of listSectionNames()) writeFileSync(makeSchemaUrl(name), makeJsonSchema(name))
  writeFileSync(makeSchemaUrl('openapi-schemas'), makeOpenApiSchemas())
}
