// The outline that editors complete by says what the published JSON Schemas say.
import { describe, expect, it } from 'vitest'
import { createAttestorTable } from '../../../src/attest/table.ts'
import { type Outline, outlineSection } from '../../../src/config/compile/outline.ts'
import { listSectionNames } from '../../../src/config/sections/table.ts'
import { unpackSchemas } from '../../../src/gateway/openapi/packed-schemas.ts'

const attestors = createAttestorTable()

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

describe('outlineSection()', () => {
  it.each(listSectionNames())('has the fields of %s, and knows those that are required', async (name) => {
    const { properties = {} } = (await unpackSchemas()).sections[name] as Schema
    const spec = properties['spec'] ?? {}
    const outline = outlineSection(name, attestors)
    if (outline.kind !== 'map') throw new Error(outline.kind)
    expect(Object.keys(outline.fields).sort()).toEqual(Object.keys(spec.properties ?? {}).sort())
    const required = Object.entries(outline.fields).filter(([, { isOptional }]) => isOptional !== true)
    expect(required.map(([field]) => field).sort()).toEqual([...(spec.required ?? [])].sort())
  })

  it('has an option for each attestor, with its fields', () => {
    const step = (outline: Outline | undefined, name: string) =>
      outline?.kind === 'map' ? outline.fields[name]?.value : undefined
    const policies = step(outlineSection('AgentAttestation', attestors), 'policies')
    const required = policies?.kind === 'list' ? step(policies.item, 'requiredAttestors') : undefined
    const entry = required?.kind === 'list' ? required.item : undefined
    if (entry?.kind !== 'variant') throw new Error('no variant')
    expect(entry.key).toBe('type')
    for (const type of attestors.rows.keys()) expect(step(entry.options[type], 'config')?.kind).toBe('map')
  })
})
