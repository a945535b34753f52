// Generates the JSON Schemas in schemas/: `npm run schemas`. A test compares them. The schema of each section is for editors;
// those of the HTTP interface are part of its OpenAPI description. `packed` has what a gateway serves, which does not generate it.
import { writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { toJsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema'
import { type AttestorTable, createAttestorTable } from '../src/attest/table.ts'
import { createDocumentSchema } from '../src/config/sections/section.ts'
import { listSectionNames, SECTIONS, type SectionName } from '../src/config/sections/table.ts'
import { OPENAPI_SCHEMAS } from '../src/gateway/openapi/openapi-schemas.ts'
import { testFileSchema } from '../src/policy-tests/test-schema.ts'
import { AUDIT_DEFINITIONS, auditLineSchema } from './audit-schema.ts'

/** Makes the JSON Schema of a section's documents as formatted JSON, without checks that JSON Schema cannot express. */
export function makeJsonSchema(name: SectionName, attestors: AttestorTable = createAttestorTable()): string {
  const schema = toJsonSchema(createDocumentSchema(name, SECTIONS[name], attestors), {
    errorMode: 'ignore',
    // Metadata for our own reader is not a keyword of JSON Schema.
    overrideAction({ valibotAction, jsonSchema }) {
      if (!('metadata' in valibotAction) || valibotAction.type !== 'metadata') return undefined
      const ours = Object.keys(valibotAction.metadata as object)
      return Object.fromEntries(Object.entries(jsonSchema).filter(([keyword]) => !ours.includes(keyword)))
    },
  })
  return printSchema(schema)
}

/** Makes the JSON Schemas of requests and answers by name, as formatted JSON with the references of OpenAPI. */
export function makeOpenApiSchemas(): string {
  const schemas = toJsonSchemaDefs(OPENAPI_SCHEMAS, {
    target: 'draft-2020-12',
    ignoreActions: ['readonly'],
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
    overrideSchema({ valibotSchema, jsonSchema }) {
      const { anyOf, propertyNames: _, ...rest } = jsonSchema
      switch (valibotSchema.type) {
        case 'union':
          // The options exclude each other, which generators of clients make use of.
          return { ...rest, oneOf: anyOf ?? [] }
        case 'record':
          return rest
        case 'custom':
          // A custom schema runs a function; its metadata describes what it accepts.
          return {}
        default:
          return undefined
      }
    },
  })
  return printSchema(schemas)
}

const LINE_WIDTH = 120

/** Formats JSON like the formatter of this repository: lists of scalars on one line if they fit. */
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

/** Makes the JSON Schema of the lines of the audit stream. */
export function makeAuditSchema(): string {
  const schema = toJsonSchema(auditLineSchema, { ignoreActions: ['readonly'], definitions: AUDIT_DEFINITIONS })
  return printSchema(schema)
}

/** Makes the schemas that the gateway serves, as it holds them: compressed JSON in base64, in JSON. */
export function makePackedSchemas(): string {
  const sections = Object.fromEntries(listSectionNames().map((name) => [name, JSON.parse(makeJsonSchema(name))]))
  const json = JSON.stringify({ sections, interface: JSON.parse(makeOpenApiSchemas()) })
  return printSchema({ deflated: deflateRawSync(json, { level: 9 }).toString('base64') })
}

/** Makes the JSON Schema of files of policy tests. */
export function makePolicyTestsSchema(): string {
  return printSchema(toJsonSchema(testFileSchema, { errorMode: 'ignore' }))
}

/** The file of a schema, by the name of its section, or of another schema. */
export function makeSchemaUrl(name: SectionName | 'packed' | 'openapi-schemas' | 'audit-record' | 'policy-tests'): URL {
  return new URL(`../schemas/${name}.json`, import.meta.url)
}

if (import.meta.main) {
  for (const name of listSectionNames()) writeFileSync(makeSchemaUrl(name), makeJsonSchema(name))
  writeFileSync(makeSchemaUrl('packed'), makePackedSchemas())
  writeFileSync(makeSchemaUrl('openapi-schemas'), makeOpenApiSchemas())
  writeFileSync(makeSchemaUrl('audit-record'), makeAuditSchema())
  writeFileSync(makeSchemaUrl('policy-tests'), makePolicyTestsSchema())
}
