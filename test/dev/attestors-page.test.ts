// docs/attestors.md has a section for each row of the table, in which only one block is made of the code.
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { type DescribedAttestor, makeAttestorsPage } from '../../dev/attestors-page.ts'
import { readBlock } from '../../dev/block.ts'

const badge: DescribedAttestor = {
  type: 'badge',
  words: { evidence: 'a badge', summary: 'A badge at a door.' },
  evidenceSchema: v.strictObject({ photo: v.string() }),
  configSchema: v.strictObject({
    door: v.pipe(v.string(), v.description('Front | back')),
    floor: v.optional(v.number()),
  }),
  configOptional: false,
}

describe('the page of attestors', () => {
  it('gets a section for a new row', () => {
    const page = makeAttestorsPage('# Attestors\n', [badge])
    expect(page).toMatch(/^# Attestors\n\n## badge\n\n<!-- made by/)
    const block = readBlock(page, 'badge')
    expect(block).toContain('Evidence: `photo`. `config` is required.')
    expect(block).toContain('| `door` | yes | Front \\| back |\n| `floor` |  |  |')
  })

  it('keeps what is written by hand', () => {
    const page = makeAttestorsPage('# Attestors\n', [badge]).replace('## badge\n', '## badge\n\nShow it.\n')
    const optional = makeAttestorsPage(page, [{ ...badge, configOptional: true }])
    expect(optional).toContain('## badge\n\nShow it.\n')
    expect(readBlock(optional, 'badge')).toContain('`config` is optional.')
    expect(makeAttestorsPage(optional, [badge])).toBe(page)
  })

  it('fails for a section whose row is gone', () => {
    expect(() => makeAttestorsPage(makeAttestorsPage('', [badge]), [])).toThrow('badge')
  })

  it('fails for a block that is not closed', () => {
    const page = makeAttestorsPage('', [badge])
    expect(() => makeAttestorsPage(page.replace('<!-- end: badge -->', ''), [badge])).toThrow('badge')
  })
})
