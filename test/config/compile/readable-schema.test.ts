// A schema that documents cannot be read by is refused when a gateway or the tool starts: an attestor would see a config
// without what its author wrote.
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { createAttestorTable } from '../../../src/attest/table.ts'
import { run } from '../../../src/cli/commands.ts'
import { findUnreadable } from '../../../src/config/compile/readable-schema.ts'
import { listSectionNames, SECTIONS } from '../../../src/config/sections/table.ts'
import { regionNote } from '../../attest/made-up/region-note.ts'
import { createWorld } from '../../gateway/fixture.ts'

const texts = v.array(v.string())

describe('the schema of a config', () => {
  it.each<[string, v.GenericSchema, string]>([
    [
      'an object that drops what it does not know',
      v.object({ accounts: v.optional(texts) }),
      'config is of the kind object',
    ],
    [
      'a field that may be null',
      v.strictObject({ accounts: v.nullish(texts) }),
      'config.accounts is of the kind nullish',
    ],
    ['a default', v.strictObject({ accounts: v.optional(texts, ['1']) }), 'config.accounts has a default'],
    [
      'a transformation',
      v.strictObject({ accounts: v.array(v.pipe(v.string(), v.toUpperCase())) }),
      'config.accounts[] is changed by to_upper_case',
    ],
    [
      'a transformation within a pipe',
      v.pipe(v.pipe(v.string(), v.trim()), v.description('x')),
      'config is changed by trim',
    ],
    ['a schema after a schema', v.pipe(v.string(), v.picklist(['a'])), 'config is changed by picklist'],
    ['a date', v.strictObject({ until: v.optional(v.date()) }), 'config.until is of the kind date'],
    ['a kind within a record', v.record(v.string(), v.tuple([v.string()])), 'config.* is of the kind tuple'],
    ['names that are checked', v.record(v.pipe(v.string(), v.minLength(2)), v.string()), 'config checks its names'],
    [
      'a kind within an option',
      v.variant('kind', [v.strictObject({ kind: v.literal('a'), at: v.bigint() })]),
      'config.at is of the kind bigint',
    ],
  ])('cannot have %s', (_what, schema, fault) => {
    expect(findUnreadable(schema, 'config')).toMatch(fault)
  })

  it('can have what is there for types alone', () => {
    const schema = v.strictObject({ accounts: v.pipe(texts, v.readonly(), v.brand('accounts')) })
    expect(findUnreadable(schema, 'config')).toBeUndefined()
  })

  it('of a row of one’s own stops the gateway and the tool', async () => {
    const configSchema = v.object({ accounts: v.optional(texts) })
    const attestors = [{ ...regionNote, configSchema }]
    await expect(createWorld({ attestors })).rejects.toThrow(RangeError)
    const io = { out: () => {}, err: () => {}, input: async () => new Uint8Array(), environment: {}, directory: '.' }
    const host = { ...io, clock: Date.now, fetch, colour: false, attestors }
    await expect(run(['config', 'validate', 'x.yaml'], host)).rejects.toThrow(RangeError)
  })
})

describe('the schemas of the sections', () => {
  it.each(listSectionNames())('%s is one that documents can be read by', (name) => {
    expect(findUnreadable(SECTIONS[name].getSpecSchema(createAttestorTable()), 'spec')).toBeUndefined()
  })
})
