// Serves the JSON Schema of every section, for editors that complete and check the YAML: `GET /schemas/<Section>.json`.
import { isSectionName, listSectionNames, type SectionName } from '../../config/sections/table.ts'
import { unpackSchemas } from '../openapi/packed-schemas.ts'
import { addPublishedRoute, type Published, publishJson } from '../openapi/published.ts'
import { answerProblem } from '../problem.ts'
import type { GatewayApp } from '../services.ts'

export function addSchemaRoute(app: GatewayApp): void {
  const published = Object.fromEntries(
    listSectionNames().map((name) => [
      name,
      publishJson<object>(async () => (await unpackSchemas()).sections[name], 'application/schema+json'),
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
