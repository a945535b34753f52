import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attestation, type Bench, bench, CONTAINER_POLICY, clusterDocument } from '../call.ts'

const APPLY = ['config', 'apply', '--store', 'store']
const REVOCATIONS = 'section: Revocations\nschema: v1\nspec: {}\n'
const TRUST_DOMAIN = 'section: TrustDomain\nschema: v1\nspec:\n  unlisted: warn\n'
const TREE: Readonly<Record<string, string>> = {
  'trust-domain/TrustDomain': TRUST_DOMAIN,
  'clusters/c-1/AgentAttestation': attestation('one'),
  'clusters/c-2/AgentAttestation': attestation('two'),
}

/** A bench with the documents of {@link TREE} in `tree`; a change of `undefined` leaves one out. */
function treeBench(change: Readonly<Record<string, string | undefined>> = {}): Bench {
  const made = bench()
  for (const [key, text] of Object.entries({ ...TREE, ...change }))
    if (text !== undefined) made.file(`tree/${key}.yaml`, text)
  return made
}

/** The documents of the store, by key. */
function documentsOf({ folder }: Bench): Readonly<Record<string, string>> {
  const store = join(folder, 'store')
  const paths = readdirSync(store, { recursive: true }).map(String)
  const documents = paths.filter((path) => /^(?:clusters|trust-domain)\/.*\.yaml$/.test(path))
  return Object.fromEntries(
    documents.map((path) => [path.slice(0, -'.yaml'.length), readFileSync(join(store, path), 'utf8')]),
  )
}

const lastLine = (out: string): string => out.trimEnd().split('\n').at(-1) ?? ''

describe('config apply', () => {
  it('stores a whole tree, the trust domain first, and each version in the history', async () => {
    const made = treeBench()
    const { exitCode, out } = await made.call(...APPLY, 'tree')
    expect(exitCode).toBe(0)
    expect(out.split('\n').map((line) => line.split(':')[0])).toEqual([
      ...Object.keys(TREE),
      '3 set, 0 deleted, 0 unchanged',
      '',
    ])
    expect(documentsOf(made)).toEqual(TREE)
    for (const key of Object.keys(TREE)) expect(readdirSync(join(made.folder, 'store/history', key))).toHaveLength(1)
  })

  it('writes nothing when it is run again, and only what differs after a change', async () => {
    const made = treeBench()
    await made.call(...APPLY, 'tree')
    expect((await made.call(...APPLY, 'tree')).out).toBe('0 set, 0 deleted, 3 unchanged\n')
    made.file('tree/clusters/c-2/AgentAttestation.yaml', attestation('three'))
    const { out } = await made.call(...APPLY, 'tree')
    expect(lastLine(out)).toBe('1 set, 0 deleted, 2 unchanged')
    expect(readdirSync(join(made.folder, 'store/history/clusters/c-1/AgentAttestation'))).toHaveLength(1)
    expect(documentsOf(made)['clusters/c-2/AgentAttestation']).toBe(attestation('three'))
  })

  it('leaves alone what is beside the two folders of documents', async () => {
    const made = treeBench()
    for (const name of ['README.md', '.git/config', 'ci.yaml', 'clusters/c-1/notes.md']) made.file(`tree/${name}`, 'x')
    expect((await made.call(...APPLY, 'tree')).exitCode).toBe(0)
    expect(documentsOf(made)).toEqual(TREE)
  })

  it.each([
    ['does not compile', { 'clusters/c-2/AgentAttestation': attestation('"') }],
    ['is of another section than its name', { 'clusters/c-2/Cluster': attestation('two') }],
    [
      'needs what another of its cluster does not enable',
      { 'clusters/c-2/SVIDIssuancePolicy': CONTAINER_POLICY, 'clusters/c-2/Cluster': clusterDocument(false) },
    ],
  ])('changes nothing at all if one document %s', async (_what, change) => {
    const made = treeBench(change)
    const { exitCode, out, err } = await made.call(...APPLY, 'tree')
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' })
    expect(err).toMatch(/^tree\/clusters\/c-2\/\w+\.yaml:\d+:\d+: error /m)
    expect(documentsOf(made)).toEqual({})
    expect(existsSync(join(made.folder, 'store/history'))).toBe(false)
  })

  it.each([
    ['of an unknown section', 'clusters/c-2/Agents'],
    ['of a section of the other scope', 'clusters/c-2/TrustDomain'],
    ['of a cluster whose id cannot be one', 'clusters/c.2/Cluster'],
    ['a folder too deep', 'clusters/c-2/more/Cluster'],
    ['a folder too high', 'clusters/Cluster'],
  ])('refuses a tree with a file %s, which no gateway would read', async (_what, key) => {
    const made = treeBench({ [key]: clusterDocument(true) })
    const { exitCode, err } = await made.call(...APPLY, 'tree')
    expect(exitCode).toBe(2)
    expect(err).toContain(`tree/${key}.yaml`)
    expect(documentsOf(made)).toEqual({})
  })

  it.each([
    ['a folder without documents', 'empty'],
    ['a folder that does not exist', 'nowhere'],
    ['the store itself', './store'],
  ])('refuses %s, also to prune by it', async (_what, tree) => {
    const made = treeBench()
    made.file('empty/README.md', 'x')
    await made.call(...APPLY, 'tree')
    const before = documentsOf(made)
    expect((await made.call(...APPLY, '--prune', tree)).exitCode).toBe(2)
    expect(documentsOf(made)).toEqual(before)
  })
})

describe('--prune', () => {
  it('deletes what the tree does not have, keeps its version and buries its record', async () => {
    const made = treeBench()
    await made.call(...APPLY, 'tree')
    made.file('store/applied/clusters/c-9/Cluster.yaml', 'a record')
    made.file('store/clusters/c-9/Cluster.yaml', clusterDocument(true))
    expect(lastLine((await made.call(...APPLY, 'tree')).out)).toBe('0 set, 0 deleted, 3 unchanged')

    const { exitCode, out } = await made.call(...APPLY, '--prune', 'tree')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^clusters\/c-9\/Cluster: deleted/)
    expect(lastLine(out)).toBe('0 set, 1 deleted, 3 unchanged')
    expect(documentsOf(made)).toEqual(TREE)
    expect(existsSync(join(made.folder, 'store/applied/clusters/c-9/Cluster.yaml'))).toBe(false)
    expect(readdirSync(join(made.folder, 'store/history/clusters/c-9/Cluster')).length).toBeGreaterThan(0)
  })

  it('keeps the list of what is revoked, which is not kept in git', async () => {
    const made = treeBench()
    for (const scope of ['trust-domain', 'clusters/c-1']) made.file(`store/${scope}/Revocations.yaml`, REVOCATIONS)
    expect(lastLine((await made.call(...APPLY, '--prune', 'tree')).out)).toBe('3 set, 0 deleted, 0 unchanged')
    expect(Object.keys(documentsOf(made))).toEqual(
      expect.arrayContaining(['trust-domain/Revocations', 'clusters/c-1/Revocations']),
    )
  })

  it('sets first and deletes last, clusters before the trust domain', async () => {
    const made = treeBench()
    await made.call(...APPLY, 'tree')
    const tree = made.file('next/clusters/c-1/AgentAttestation.yaml', attestation('next'))
    const { out } = await made.call(...APPLY, '--prune', tree.split('/')[0] ?? '')
    expect(out.split('\n').map((line) => line.replace(/ .*/, ''))).toEqual([
      'clusters/c-1/AgentAttestation:',
      'clusters/c-2/AgentAttestation:',
      'trust-domain/TrustDomain:',
      '1',
      '',
    ])
  })
})

describe('--dry-run', () => {
  it('prints what would be done, and does none of it', async () => {
    const made = treeBench()
    await made.call(...APPLY, 'tree')
    made.file('tree/clusters/c-2/AgentAttestation.yaml', attestation('three'))
    made.file('store/clusters/c-9/Cluster.yaml', clusterDocument(true))
    const before = readdirSync(join(made.folder, 'store'), { recursive: true })
    const { exitCode, out } = await made.call(...APPLY, '--dry-run', '--prune', 'tree')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^clusters\/c-2\/AgentAttestation: would be set to sha256:\w+.* \(is /)
    expect(out).toMatch(/^clusters\/c-9\/Cluster: would be deleted \(is /m)
    expect(lastLine(out)).toBe('A dry run; it would be: 1 set, 1 deleted, 2 unchanged')
    expect(readdirSync(join(made.folder, 'store'), { recursive: true })).toEqual(before)
    expect(documentsOf(made)['clusters/c-2/AgentAttestation']).toBe(attestation('two'))
  })

  it('refuses as the real run does', async () => {
    const made = treeBench({ 'clusters/c-2/AgentAttestation': attestation('"') })
    expect((await made.call(...APPLY, '--dry-run', 'tree')).exitCode).toBe(1)
  })
})

it('overwrites a document that was changed in the store by hand, which the history keeps', async () => {
  const made = treeBench()
  await made.call(...APPLY, 'tree')
  writeFileSync(join(made.folder, 'store/clusters/c-1/AgentAttestation.yaml'), attestation('by-hand'))
  await made.call(...APPLY, 'tree')
  expect(documentsOf(made)).toEqual(TREE)
  const kept = readdirSync(join(made.folder, 'store/history/clusters/c-1/AgentAttestation'))
  expect(kept).toHaveLength(3)
})
