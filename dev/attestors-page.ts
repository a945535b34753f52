// docs/attestors.md: for each attestor a section with what the code knows of it, and around that what is written by hand.
// A new row of the table gets its section by itself.
import { toJsonSchema } from '@valibot/to-json-schema'
import type { Attestor } from '../src/attest/attestor.ts'
import { ATTESTORS } from '../src/attest/table.ts'
import { CATALOGUE } from '../src/attribute/catalogue.ts'
import { blockComments, blockNames, replaceBlock } from './block.ts'
import { formatCode, formatTable } from './markdown.ts'

export type DescribedAttestor = Pick<Attestor, 'type' | 'words' | 'evidenceSchema' | 'configSchema' | 'configOptional'>

/** The page anew. Throws if it has a section of an attestor that the table does not have. */
export function makeAttestorsPage(page: string, rows: readonly DescribedAttestor[] = ATTESTORS): string {
  const types = rows.map(({ type }) => type)
  const stale = blockNames(page).filter((name) => !types.includes(name))
  if (stale.length > 0) throw new Error(`The table has no attestor ${stale.join(', ')}: remove its section`)
  let made = page
  for (const row of rows) {
    const { type } = row
    const [begin, end] = blockComments(type)
    if (!blockNames(made).includes(type)) made = `${made}\n## ${type}\n\n${begin}\n\n\n\n${end}\n`
    made = replaceBlock(made, type, describeAttestor(row))
  }
  return made
}

function describeAttestor({ type, words, evidenceSchema, configSchema, configOptional }: DescribedAttestor): string {
  const evidence = listFields(evidenceSchema).map(({ name }) => formatCode(name))
  const attributes = CATALOGUE.filter(({ origin }) => origin === type)
  return [
    words.summary,
    `Evidence: ${evidence.join(', ')}. \`config\` is ${configOptional ? 'optional' : 'required'}.`,
    formatTable(
      ['`config`', 'required', 'what it is'],
      listFields(configSchema).map(({ name, isRequired, what }) => [formatCode(name), isRequired ? 'yes' : '', what]),
    ),
    formatTable(
      ['attribute', 'may be absent', 'what it is'],
      attributes.map(({ name, optional, description }) => [formatCode(name), optional ? 'yes' : '', description]),
    ),
  ].join('\n\n')
}

interface Field {
  readonly name: string
  readonly isRequired: boolean
  readonly what: string
}

/** The members of a schema of an object, in its order. */
function listFields(schema: Attestor['configSchema']): readonly Field[] {
  const { properties = {}, required = [] } = toJsonSchema(schema, { errorMode: 'ignore' })
  return Object.entries(properties).map(([name, property]) => ({
    name,
    isRequired: required.includes(name),
    what: typeof property === 'object' ? (property.description ?? '') : '',
  }))
}
