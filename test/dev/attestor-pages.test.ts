// Each attestor has a page: what the code knows is made of it, the rest is written by hand, and what is not written yet is named.
import { existsSync, globSync, readFileSync } from 'node:fs'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { type DescribedAttestor, makeAttestorPage, readPart } from '../../dev/attestors/attestor-page.ts'
import { listRowCodes, listStalePages, pathOfAttestor } from '../../dev/attestors/attestor-pages.ts'
import { findProof, makeAttestorsIndex } from '../../dev/attestors/attestors-index.ts'
import { FINDING_CAUSES } from '../../dev/attestors/finding-causes.ts'
import { listGaps } from '../../dev/attestors/page-gaps.ts'
import { findRowFile, listCommonRefusals, type RowCodes, readRowCodes } from '../../dev/attestors/row-codes.ts'
import { readBlock } from '../../dev/block.ts'
import { ATTESTORS } from '../../src/attest/table.ts'
import { findReason, REFUSALS, type RefusalCode } from '../../src/core/refusal.ts'
import { validateDocument } from '../../src/explain/explain-document.ts'

const badge: DescribedAttestor = {
  type: 'badge',
  words: { evidence: 'a badge', summary: 'A badge at a door. It proves its holder. More is in [x](x.md).' },
  evidenceSchema: v.strictObject({ photo: v.string(), note: v.optional(v.string()) }),
  configSchema: v.strictObject({
    door: v.pipe(v.string(), v.description('Front | back')),
    guards: v.optional(v.array(v.strictObject({ name: v.pipe(v.string(), v.description('By name')) }))),
  }),
  configOptional: false,
}
const CODES: RowCodes = {
  refusals: ['claim_malformed', 'host_name_not_allowed'],
  issues: ['pin_missing'],
  features: [],
}
const make = (page: string, row = badge): string => makeAttestorPage(page, row, CODES)

/** The page with what its author writes. */
function write(page: string, change: Readonly<Record<string, string>> = {}): string {
  const parts = {
    Policy: '```yaml\n- type: badge\n```',
    Evidence: '```sh\ntrue\n```\n\n```json\n{"attestations": [{"type": "badge", "evidence": {"photo": "p"}}]}\n```',
    Upstream: "All of it is Postern's.",
    ...change,
  }
  return Object.entries(parts).reduce(
    (made, [at, text]) => made.replace(`\n## ${at}\n`, `\n## ${at}\n\n${text}\n`),
    page,
  )
}

describe('the page of an attestor', () => {
  it('is made for a new row', () => {
    const page = make('')
    expect(page).toMatch(/^# badge\n\n<!-- made by/)
    expect(readBlock(page, 'proves')).toContain('[x](../x.md)')
    expect(readBlock(page, 'evidence')).toBe('Evidence is a badge: `photo`, `note` (optional).')
    expect(readBlock(page, 'configuration')).toContain(
      '| `door` | yes | Front \\| back |\n| `guards` |  |  |\n| `guards[].name` | yes | By name |',
    )
    expect(readBlock(page, 'refusals')).toMatch(
      /`claim_malformed` \| `malformed` \|.*compare the token with the attestor \|/,
    )
    expect(readBlock(page, 'challenge')).toMatch(/^None/)
  })

  it('names the fields of its own attestor', () => {
    const row = { ...badge, configSchema: v.strictObject({ allowedHostnames: v.string() }) }
    expect(readBlock(make('', row), 'refusals')).toContain('compare it with `allowedHostnames` of the policy')
    expect(readBlock(make(''), 'refusals')).toContain('`canonicalDomain` or')
  })

  it('keeps what is written by hand', () => {
    const page = write(make(''))
    const optional = make(page, { ...badge, configOptional: true })
    expect(readBlock(optional, 'configuration')).toMatch(/^`config` is optional\./)
    expect(optional).toContain("All of it is Postern's.")
    expect(make(optional)).toBe(page)
  })

  it.each([
    ['a block that is not closed', (page: string) => page.replace('<!-- end: proves -->', '')],
    ['a block that nobody makes', (page: string) => page.replaceAll(': proves -->', ': badge -->')],
  ])('fails for %s', (_what, change) => expect(() => make(change(make('')))).toThrow(/proves|badge/))
})

describe('what is left to write', () => {
  it('is nothing in a whole page', () => expect(listGaps(write(make('')), badge)).toEqual([]))

  it('is named for a new page', () => {
    const gaps = listGaps(make(''), badge).join('\n')
    for (const part of ['"Policy" needs', 'block `sh`', 'block `json`', '"Upstream" needs'])
      expect(gaps).toContain(part)
  })

  const body = (sent: object): string =>
    `\`\`\`sh\ntrue\n\`\`\`\n\n\`\`\`json\n${JSON.stringify({ attestations: [sent] })}\n\`\`\``
  it.each<[string, Readonly<Record<string, string>>]>([
    ['a policy of another attestor', { Policy: '```yaml\n- type: other\n```' }],
    ['no command', { Evidence: body({ type: 'badge', evidence: { photo: 'p' } }).slice('```sh\ntrue\n```'.length) }],
    ['a body of another attestor', { Evidence: body({ type: 'other', evidence: {} }) }],
    ['evidence that it does not take', { Evidence: body({ type: 'badge', evidence: { picture: 'p' } }) }],
    [
      'a challenge that it does not have',
      { Evidence: body({ type: 'badge', evidence: { photo: 'p' }, challenge: 'c' }) },
    ],
    ['nothing of upstream', { Upstream: '' }],
  ])('finds %s', (_what, change) => expect(listGaps(write(make(''), change), badge)).toHaveLength(1))

  it('finds a heading that is gone', () =>
    expect(listGaps(write(make('')).replace('## Findings', '## Lints'), badge)[0]).toContain('in this order'))
})

describe.each(ATTESTORS.map((row) => [row.type, row] as const))('%s', (type, row) => {
  it('has a page that is written', () => {
    const path = pathOfAttestor(type)
    expect(existsSync(path), `${path} is missing: npm run docs makes it, and prints what is left to write`).toBe(true)
    expect(listGaps(readFileSync(path, 'utf8'), row)).toEqual([])
  })

  it('has a policy to start from without a finding', async () => {
    const [, policy = ''] =
      /^```yaml\n([\s\S]*?)^```$/m.exec(readPart(readFileSync(pathOfAttestor(type), 'utf8'), 'Policy')) ?? []
    const { section, issues, warnings } = await validateDocument(policy, { trustDomain: 'example.org' })
    expect([section, issues, warnings]).toEqual(['AgentAttestation', [], []])
  })

  it('says what it proves in one sentence', () => {
    expect(row.words.summary.match(/(?:^|\. )It proves /g) ?? []).toHaveLength(row.callOut === undefined ? 1 : 0)
    expect(findProof(row)).toMatch(/^[a-z].{10,}[^.]$/)
  })

  it('has a meaning for each finding', () => {
    const { issues = [] } = listRowCodes().get(type) ?? {}
    expect(issues.length).toBeGreaterThan(1)
    expect(issues.filter((code) => FINDING_CAUSES[code] === undefined)).toEqual([])
  })

  it('lists every code that its tests see', () => {
    const folder = type.replaceAll('_', '-')
    const tests = globSync([`test/attest/${folder}/*.test.ts`]).map((file) => readFileSync(file, 'utf8'))
    const seen = new Set(tests.flatMap((text) => Array.from(text.matchAll(/'([a-z_]+)'/g), ([, code = '']) => code)))
    const listed = new Set<string>([
      ...(listRowCodes().get(type)?.refusals ?? []),
      ...listCommonRefusals(listRowCodes()),
    ])
    const missing = [...seen].filter(
      (code) => Object.hasOwn(REFUSALS, code) && findReason(code as RefusalCode) !== undefined && !listed.has(code),
    )
    expect(missing).toEqual([])
  })
})

describe('the codes of rows', () => {
  it('are each of one attestor at least, but for those that any evidence can get', () => {
    expect(listCommonRefusals(listRowCodes())).toEqual([
      'evidence_not_required',
      'attestor_unsupported',
      'replay_unanswered',
      'attestor_missing',
      'condition_failed',
      'condition_fault',
      'evidence_revoked',
      'evidence_replayed',
      'policy_empty',
    ])
  })

  it('are not those of another row', () => {
    const { refusals = [] } = listRowCodes().get('ssh_pop') ?? {}
    expect(refusals).toContain('host_key_unknown')
    expect(refusals.filter((code) => /^token_|^signing_key/.test(code))).toEqual([])
  })

  it('are not about fields that the row does not have', () => {
    expect(listRowCodes().get('k8s_token')?.issues).toEqual(expect.arrayContaining(['key_skipped', 'url_forbidden']))
    const { issues = [] } = listRowCodes().get('gcp_iit') ?? {}
    expect(issues.filter((code) => /^key_|_forbidden$|^field_conflict$/.test(code))).toEqual([])
  })

  it('are not read of a row that is not in its place', () =>
    expect(() => readRowCodes([badge])).toThrow(findRowFile('badge')))
})

describe('the index', () => {
  it('takes no section of an attestor', () => {
    const page = readFileSync('docs/attestors.md', 'utf8').replaceAll(': attestors -->', ': k8s_token -->')
    expect(() => makeAttestorsIndex(page, ATTESTORS, listRowCodes())).toThrow('docs/attestors/<type>.md')
  })

  it('has no page of a row that is gone', () => expect(listStalePages()).toEqual([]))
})
