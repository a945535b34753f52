import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { makeJsonSchema, makeOpenApiSchemas, makePolicyTestsSchema, makeSchemaUrl } from '../../dev/schemas.ts'
import { listSectionNames } from '../../src/config/sections/table.ts'
import { unpackSchemas } from '../../src/gateway/openapi/packed-schemas.ts'

const json = (text: string): unknown => JSON.parse(text)

describe('the JSON Schemas for editors', () => {
  it.each(listSectionNames())('%s is the one that its section makes', (name) => {
    expect(json(readFileSync(makeSchemaUrl(name), 'utf8'))).toEqual(json(makeJsonSchema(name)))
  })

  it.each(listSectionNames())('%s is served as it is in its file', async (name) => {
    expect(JSON.stringify((await unpackSchemas()).sections[name])).toBe(JSON.stringify(json(makeJsonSchema(name))))
  })

  it('are of sections that exist', () => {
    const files = readdirSync(new URL('.', makeSchemaUrl('Cluster')))
    expect(files.toSorted()).toEqual(
      [...listSectionNames(), 'packed', 'openapi-schemas', 'audit-record', 'policy-tests']
        .map((name) => `${name}.json`)
        .toSorted(),
    )
  })

  it.each(listSectionNames())('%s describes each of its fields, and allows no other', (name) => {
    const text = makeJsonSchema(name)
    expect(json(text)).toMatchObject({
      additionalProperties: false,
      required: ['section', 'schema', 'spec'],
      properties: { section: { const: name }, schema: { const: 'v1' }, spec: { additionalProperties: false } },
    })
    expect(text).not.toContain('"salvaged"')
  })
})

describe('the JSON Schema of policy tests', () => {
  it('is the one that the code makes, and allows no other field', () => {
    const made = json(makePolicyTestsSchema())
    expect(json(readFileSync(makeSchemaUrl('policy-tests'), 'utf8'))).toEqual(made)
    expect(made).toMatchObject({ additionalProperties: false, required: ['trustDomain', 'now', 'documents', 'cases'] })
  })
})

describe('the JSON Schemas of requests and answers', () => {
  it('are those that the code makes, in their file and as they are served', async () => {
    const made = json(makeOpenApiSchemas())
    expect(json(readFileSync(makeSchemaUrl('openapi-schemas'), 'utf8'))).toEqual(made)
    expect((await unpackSchemas()).interface).toEqual(made)
  })

  it('say something of every member', () => {
    const members: unknown[] = []
    JSON.parse(makeOpenApiSchemas(), (key, value: unknown) => {
      if (key === 'properties') members.push(...Object.values(value as object))
      return value
    })
    expect(members.length).toBeGreaterThan(80)
    for (const member of members) expect(JSON.stringify(member)).toMatch(/"(type|const|oneOf|\$ref)":/)
  })
})
