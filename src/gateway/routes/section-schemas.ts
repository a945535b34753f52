// Serves the JSON Schema of every section, for editors that complete and check the YAML: `GET /schemas/<Section>.json`. Three
// sections list every attestor, so that the bundle holds what they share once: `dev/section-parts.ts` makes the file.
import shared from '../../../schemas/section-parts.json' with { type: 'json' }
import { isSectionName, listSectionNames, type SectionName } from '../../config/sections/table.ts'
import { addPublishedRoute, type Published, publishJson } from '../openapi/published.ts'
import { answerProblem } from '../problem.ts'
import type { GatewayApp } from '../services.ts'

/** The type requires an entry for every section: `npm run schemas` writes it. */
const SECTIONS: Readonly<Record<SectionName, object>> = shared.sections
const PARTS: readonly unknown[] = shared.parts

/** The schema of a section, whole. */
export function makeSectionSchema(name: SectionName): object {
  return expand(SECTIONS[name]) as object
}

function expand(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expand)
  if (typeof value !== 'object' || value === null) return value
  if ('$part' in value) return expand(PARTS[Number(value.$part)])
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, expand(member)]))
}

export function addSchemaRoute(app: GatewayApp): void {
  const published = Object.fromEntries(
    listSectionNames().map((name) => [
      name,
      publishJson<object>(() => makeSectionSchema(name), 'application/schema+json'),
    ]),
  ) as Readonly<Record<SectionName, Published>>
  addPublishedRoute(app, '/schemas/:file', (c) => {
    const file = c.req.param('file') ?? ''
    const name = file.endsWith('.json') ? file.slice(0, -'.json'.length) : ''
    if (!isSectionName(name)) {
      const known = listSectionNames().join(', ')
      return answerProblem(c, {
        code: 'route_unknown',
        detail: `unknown schema. Expected <Section>.json, with one of the sections: ${known}`,
      })
    }
    return published[name]
  })
}
