// What is generated of the tables knows made-up attestors: the schemas for editors, and the page of attributes.
import { describe, expect, it } from 'vitest'
import { makeAttributesPage } from '../../../dev/reference.ts'
import { makeJsonSchema } from '../../../dev/schemas.ts'
import { createAttestorTable } from '../../../src/attest/table.ts'
import { checkValue, type OpenApi } from '../../openapi-answer.ts'
import { makeDevice } from './agents.ts'
import { WITH_MADE_UP } from './made-up.ts'

const before = makeAttributesPage()
const table = createAttestorTable(WITH_MADE_UP)

const API: OpenApi = { paths: {}, components: {} }

interface Schema {
  readonly properties: {
    readonly spec: {
      readonly properties: {
        readonly policies: { readonly items: { readonly properties: { readonly requiredAttestors: Attestors } } }
        readonly requiredAttestors?: Attestors
      }
    }
  }
}
interface Attestors {
  readonly items: { readonly anyOf?: readonly Row[]; readonly oneOf?: readonly Row[] }
}
interface Row {
  readonly properties: { readonly type: { readonly const: string }; readonly config?: Parameters<typeof checkValue>[1] }
  readonly required: readonly string[]
}

function rowsIn(section: 'AgentAttestation' | 'TrustDomainServerAttestation'): ReadonlyMap<string, Row> {
  const schema = JSON.parse(makeJsonSchema(section, table)) as Schema
  const { items } = schema.properties.spec.properties.policies.items.properties.requiredAttestors
  return new Map((items.anyOf ?? items.oneOf ?? []).map((row) => [row.properties.type.const, row]))
}

describe.each(['AgentAttestation', 'TrustDomainServerAttestation'] as const)('the schema of %s', (section) => {
  it('has the config of each attestor, and whether it may be left out', () => {
    const rows = rowsIn(section)
    const made = ['build_token', 'region_note', 'key_proof', 'webhook'].map((type) => [type, rows.get(type)?.required])
    expect(Object.fromEntries(made)).toEqual({
      build_token: ['type', 'config'],
      region_note: ['type'],
      key_proof: ['type', 'config'],
      webhook: ['type', 'config'],
    })
    expect(rows.has('k8s_token')).toBe(true)
  })

  it('takes what an author may write, and describes each field', async () => {
    const { key } = await makeDevice()
    const good: Readonly<Record<string, object>> = {
      build_token: { issuerURL: 'https://ci.example.com', repository: 'a', refs: ['b'], jwks: { keys: [] } },
      region_note: { accounts: ['1'] },
      key_proof: { key: { ...key }, purposes: ['deploy'] },
      webhook: { desk: 'changes', url: 'https://desk.example.com' },
    }
    const rows = rowsIn(section)
    for (const [type, config] of Object.entries(good)) {
      const schema = rows.get(type)?.properties.config ?? {}
      expect([type, checkValue(API, schema, JSON.parse(JSON.stringify(config)), 'config')]).toEqual([type, []])
      expect(checkValue(API, schema, { ...JSON.parse(JSON.stringify(config)), more: 1 }, 'config')).toHaveLength(1)
      for (const field of Object.values(schema['properties'] ?? {})) expect(field).toMatchObject({ description: /./ })
    }
  })
})

describe('the page of attributes', () => {
  it('has those of made-up attestors, each under its own, and changes nothing else', () => {
    const page = makeAttributesPage()
    expect(before).not.toContain('## build_token')
    for (const line of before.split('\n')) expect(page).toContain(line)
    for (const { type, attributeRows = [] } of WITH_MADE_UP)
      for (const { name, description } of attributeRows) {
        const [, section = ''] = page.split(`## ${type}\n`)
        const [own = ''] = section.split('\n## ')
        expect(own).toContain(name)
        expect(own).toContain(description)
      }
    expect(page.split('## key_proof\n')[1]).toMatch(/`key_proof.thumbprint` \\\* \| identifier \|/)
  })
})
