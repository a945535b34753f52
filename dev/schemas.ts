// Writes the JSON Schema of each section into schemas/, for editors: `npm run schemas`. A test compares them.
import { writeFileSync } from 'node:fs'
import { toJsonSchema } from '@valibot/to-json-schema'
import { type AttestorTable, createAttestorTable } from '../src/attest/table.ts'
import { documentSchema } from '../src/config/sections/section.ts'
import { SECTIONS, type SectionName, sectionNames } from '../src/config/sections/table.ts'

/** The JSON Schema of a section's documents, as text. Checks that it cannot express are left out. */
export function jsonSchemaOf(name: SectionName, attestors: AttestorTable = createAttestorTable()): string {
  const schema = toJsonSchema(documentSchema(name, SECTIONS[name], attestors), {
    errorMode: 'ignore',
    // What a schema tells our own reader is no keyword of JSON Schema.
    overrideAction({ valibotAction, jsonSchema }) {
      if (!('metadata' in valibotAction) || valibotAction.type !== 'metadata') return undefined
      const ours = Object.keys(valibotAction.metadata as object)
      return Object.fromEntries(Object.entries(jsonSchema).filter(([keyword]) => !ours.includes(keyword)))
    },
  })
  return `${foldLists(JSON.stringify(schema, undefined, 2))}\n`
}

const LINE_WIDTH = 120

/** Lists of scalars in one line where they fit, as the formatter of this repository has them. */
function foldLists(json: string): string {
  return json.replace(/^(.*)\[\n([^[\]{}]*)\n *\](,?)$/gm, (whole, before: string, items: string, comma: string) => {
    const line = `${before}[${items.trim().replace(/,\n */g, ', ')}]${comma}`
    return line.length <= LINE_WIDTH ? line : whole
  })
}

/** Where it is kept. */
export function schemaFile(name: SectionName): URL {
  return new URL(`../schemas/${name}.json`, import.meta.url)
}

if (import.meta.main) {
  for (const name of sectionNames()) writeFileSync(schemaFile(name), jsonSchemaOf(name))
}
