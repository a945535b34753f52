// The life of a document: history, rollback, deletion, and reading it back.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encodeBase64url } from '../../../src/core/base64.ts'
import { computeDigest } from '../../../src/core/digest.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'
import { openRecord, sealRecord } from '../../../src/token/applied-record.ts'
import { attestation, type Bench, bench, CONTAINER_POLICY, clusterDocument } from '../call.ts'

const WHERE = ['cluster', '--id', 'c-1', '--store', 'store']
const SECTION = [...WHERE, 'AgentAttestation']

const digest = (text: string): Promise<string> => computeDigest(encodeUtf8(text))

/** A store with two versions, the second in place. */
async function withTwoVersions(): Promise<Bench> {
  const made = bench()
  await made.call('config', 'set', ...WHERE, made.file('one.yaml', attestation('one')))
  await made.call('config', 'set', ...WHERE, '--actor', 'bob', made.file('two.yaml', attestation('two')))
  return made
}

describe('config history', () => {
  it('lists who stored what, newest first, and marks what is stored', async () => {
    const { call } = await withTwoVersions()
    const { exitCode, out } = await call('config', 'history', ...SECTION)
    expect(exitCode).toBe(0)
    const [one, two] = [await digest(attestation('one')), await digest(attestation('two'))]
    expect(out).toBe(
      `2026-01-01T00:00:02.000Z  ${two.slice(0, 19)}  set       bob  stored now\n` +
        `2026-01-01T00:00:01.000Z  ${one.slice(0, 19)}  set       ann\n`,
    )
  })

  it('prints the same as JSON, with whole digests', async () => {
    const { call } = await withTwoVersions()
    const { out } = await call('config', 'history', '--json', '--limit', '1', ...SECTION)
    const [one, two] = [await digest(attestation('one')), await digest(attestation('two'))]
    expect(JSON.parse(out)).toMatchObject({
      storedDigest: two,
      records: [{ action: 'set', actor: 'bob', digest: two, previousDigest: one }],
    })
  })

  it('says how many more there are', async () => {
    const { call } = await withTwoVersions()
    const { out, err } = await call('config', 'history', '--limit', '1', ...SECTION)
    expect(out.split('\n')).toHaveLength(2)
    expect(err).toContain('1 older record not listed')
  })

  it('is empty for what was never stored', async () => {
    const { call } = bench()
    expect(await call('config', 'history', ...SECTION)).toMatchObject({ exitCode: 0, out: '' })
  })

  /** Puts another record in the place of the oldest one. */
  async function withRecord(change: Readonly<Record<string, unknown>>): Promise<Bench> {
    const made = await withTwoVersions()
    const records = join(made.folder, 'store/history/clusters/c-1/AgentAttestation')
    const name = readdirSync(records).sort()[0] ?? ''
    const text = attestation('one')
    const record = { v: 1, action: 'set', key: 'clusters/c-1/AgentAttestation', time: '2026-01-01T00:00:01.000Z' }
    const whole = { ...record, actor: 'ann', digest: await digest(text), text, ...change }
    writeFileSync(join(records, name), JSON.stringify(whole))
    return made
  }

  it('lets no record steer the terminal', async () => {
    const { call } = await withRecord({ actor: 'a\u001b[2J\u202e' })
    const { out } = await call('config', 'history', ...SECTION)
    expect(out).toContain('a\\u001b[2J\\u202e')
    expect(out).not.toMatch(/\u001b|\u202e/)
  })

  it.each([
    ['of another time', { time: '2026-01-01T00:00:01.001Z' }],
    ['of another document', { key: 'clusters/c-2/AgentAttestation' }],
    ['of another text', { text: attestation('mallory') }],
    ['of another kind', { action: 'put' }],
    ['of another version of this tool', { v: 2 }],
  ])('lists a record %s as damaged, and the others all the same', async (_what, change) => {
    const { call } = await withRecord(change)
    const { exitCode, out } = await call('config', 'history', ...SECTION)
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^\S+Z {2}sha256:\w{12} {2}set {7}bob {2}stored now\n\S+Z {2}sha256:\w{12} {2}damaged\n$/)
  })
})

describe('config rollback', () => {
  it('brings the older version back, byte by byte, and keeps a record of that too', async () => {
    const { call } = await withTwoVersions()
    const to = (await digest(attestation('one'))).slice(7, 15)
    expect((await call('config', 'rollback', '--to', to, ...SECTION)).exitCode).toBe(0)
    expect((await call('config', 'get', ...SECTION)).out).toBe(attestation('one'))
    const { out } = await call('config', 'history', '--json', ...SECTION)
    expect(JSON.parse(out).records.map(({ action }: { action: string }) => action)).toEqual(['rollback', 'set', 'set'])
  })

  it('and forth again', async () => {
    const { call } = await withTwoVersions()
    for (const version of ['one', 'two', 'one', 'two']) {
      const to = await digest(attestation(version))
      expect((await call('config', 'rollback', '--to', to, ...SECTION)).exitCode).toBe(0)
      expect((await call('config', 'get', ...SECTION)).out).toBe(attestation(version))
    }
  })

  it('brings a deleted document back', async () => {
    const { call } = await withTwoVersions()
    await call('config', 'delete', ...SECTION)
    const to = (await digest(attestation('two'))).slice(0, 19)
    expect((await call('config', 'rollback', '--to', to, ...SECTION)).exitCode).toBe(0)
    expect((await call('config', 'get', ...SECTION)).out).toBe(attestation('two'))
  })

  it.each([
    ['a version that there never was', '0123456789ab', 1],
    ['fewer than four digits', '012', 2],
    ['no digest', 'latest', 2],
  ])('refuses %s', async (_what, to, exitCode) => {
    const { call } = await withTwoVersions()
    expect((await call('config', 'rollback', '--to', to, ...SECTION)).exitCode).toBe(exitCode)
    expect((await call('config', 'get', ...SECTION)).out).toBe(attestation('two'))
  })

  it('checks the old version as if it were new', async () => {
    const { file, call } = bench()
    await call('config', 'set', ...WHERE, file('c.yaml', clusterDocument(true)), file('p.yaml', CONTAINER_POLICY))
    await call('config', 'delete', ...WHERE, 'SVIDIssuancePolicy')
    await call('config', 'set', ...WHERE, file('d.yaml', clusterDocument(false)))
    const to = await digest(CONTAINER_POLICY)
    const { exitCode, err } = await call('config', 'rollback', '--to', to, ...WHERE, 'SVIDIssuancePolicy')
    expect(exitCode).toBe(1)
    expect(err).toContain('attribute_not_enabled')
  })

  it('believes no record whose text is not that of its digest', async () => {
    const { folder, call } = await withTwoVersions()
    const records = join(folder, 'store/history/clusters/c-1/AgentAttestation')
    const [name = ''] = readdirSync(records)
    const to = await digest(attestation('one'))
    const forged = { v: 1, action: 'set', key: 'clusters/c-1/AgentAttestation', time: 't', actor: 'a', digest: to }
    writeFileSync(join(records, name), JSON.stringify({ ...forged, text: attestation('mallory') }))
    const { exitCode, err } = await call('config', 'rollback', '--to', to, ...SECTION)
    expect(exitCode).toBe(1)
    expect(err).toContain('is damaged')
  })
})

const SEALED = {
  sealKeys: [new Uint8Array(32).fill(7)],
  trustDomain: 'example.org',
  issuerUrl: 'https://gateway.example',
}
const SEALING = {
  SEAL_KEYS: encodeBase64url(SEALED.sealKeys[0] ?? new Uint8Array()),
  TRUST_DOMAIN: SEALED.trustDomain,
  ISSUER_URL: SEALED.issuerUrl,
}

/** Without it the tool cannot know whose record it would seal. */
const { TRUST_DOMAIN: _, ...UNNAMED } = SEALING

describe('config delete', () => {
  it('takes the document away, and keeps its last version', async () => {
    const { call } = await withTwoVersions()
    const { exitCode, out } = await call('config', 'delete', ...SECTION)
    expect(exitCode).toBe(0)
    expect(out).toContain('deleted (was ')
    expect((await call('config', 'get', ...SECTION)).exitCode).toBe(1)
    const history = JSON.parse((await call('config', 'history', '--json', ...SECTION)).out)
    expect(history.records[0]).toMatchObject({ action: 'delete', previousDigest: await digest(attestation('two')) })
    expect(history.storedDigest).toBeUndefined()
  })

  it.each([
    ['with a tombstone, where it can seal one', SEALING, 'deleted'],
    ['by removing it, where a setting is missing, and says which', UNNAMED, undefined],
  ] as const)('takes the record of the gateway away as well: %s', async (_how, environment, kind) => {
    const { folder, file, call } = bench({ environment })
    const key = 'clusters/c-1/AgentAttestation'
    await call('config', 'set', ...WHERE, file('one.yaml', attestation('one')))
    const times = { appliedAtMillis: 0, confirmedAtMillis: 0, readAtMillis: 0 }
    const text = attestation('one')
    const record = { kind: 'applied', key, digest: await digest(text), text, ...times } as const
    file(`store/applied/${key}.yaml`, await sealRecord(record, SEALED))
    const { exitCode, err } = await call('config', 'delete', ...SECTION)
    expect(exitCode).toBe(0)
    expect(err.includes('TRUST_DOMAIN')).toBe(kind === undefined)
    const path = join(folder, `store/applied/${key}.yaml`)
    const left = existsSync(path) ? await openRecord(readFileSync(path), key, SEALED) : undefined
    expect(left?.record.kind).toBe(kind)
  })

  it('buries the record also where the document is gone already', async () => {
    const { folder, file, call } = bench({ environment: SEALING })
    const key = 'clusters/c-1/AgentAttestation'
    const times = { appliedAtMillis: 0, confirmedAtMillis: 0, readAtMillis: 0 }
    const record = { kind: 'applied', key, digest: await digest('x'), text: 'x', ...times } as const
    file(`store/applied/${key}.yaml`, await sealRecord(record, SEALED))
    await call('config', 'delete', ...SECTION)
    const left = await openRecord(readFileSync(join(folder, `store/applied/${key}.yaml`)), key, SEALED)
    expect(left?.record.kind).toBe('deleted')
  })

  it('writes nothing for what is not there', async () => {
    const { folder, call } = bench()
    expect((await call('config', 'delete', ...SECTION)).out).toContain('is not stored')
    expect(readdirSync(join(folder, 'store'))).toEqual([])
  })

  it('deletes only the expected version', async () => {
    const { call } = await withTwoVersions()
    const [one, two] = [await digest(attestation('one')), await digest(attestation('two'))]
    expect((await call('config', 'delete', '--expected-digest', one, ...SECTION)).exitCode).toBe(3)
    expect((await call('config', 'delete', '--expected-digest', two, ...SECTION)).exitCode).toBe(0)
  })

  it('tells what other sections suffer, and does it all the same', async () => {
    const { file, call } = bench()
    await call('config', 'set', ...WHERE, file('c.yaml', clusterDocument(true)), file('p.yaml', CONTAINER_POLICY))
    const { exitCode, err } = await call('config', 'delete', ...WHERE, 'Cluster')
    expect(exitCode).toBe(0)
    expect(err).toContain('attribute_not_enabled')
  })
})

describe('config get', () => {
  it('prints the bytes as they are, whatever they are', async () => {
    const { file, call } = bench()
    const bytes = new Uint8Array([0x61, 0x0d, 0x0a, 0xff, 0x00, 0x0a, 0x0a])
    file('store/clusters/c-1/AgentAttestation.yaml', bytes)
    expect(new Uint8Array((await call('config', 'get', ...SECTION)).outBytes)).toEqual(bytes)
  })

  it('prints the digest as --expected-digest takes it', async () => {
    const { call } = await withTwoVersions()
    expect((await call('config', 'get', '--digest', ...SECTION)).out).toBe(`${await digest(attestation('two'))}\n`)
  })

  it('tells a misspelt section from an absent one', async () => {
    const { call } = bench()
    const misspelt = await call('config', 'get', ...WHERE, 'AgentAtestation')
    expect(misspelt.exitCode).toBe(2)
    expect(misspelt.err).toContain('did you mean "AgentAttestation"?')
    expect((await call('config', 'get', ...SECTION)).exitCode).toBe(1)
  })
})

describe('config diff', () => {
  it('shows what a file would change, and nothing if it is the same', async () => {
    const { call } = await withTwoVersions()
    const { exitCode, out } = await call('config', 'diff', ...WHERE, 'one.yaml')
    expect(exitCode).toBe(1)
    expect(out).toContain('-            serviceAccountName: two\n+            serviceAccountName: one\n')
    expect(await call('config', 'diff', ...WHERE, 'two.yaml')).toEqual(
      expect.objectContaining({ exitCode: 0, out: '', err: '' }),
    )
  })

  it('shows a whole new document', async () => {
    const { file, call } = bench()
    const { exitCode, out } = await call('config', 'diff', ...WHERE, file('c.yaml', clusterDocument(true)))
    expect(exitCode).toBe(1)
    expect(out).toContain('--- clusters/c-1/Cluster (absent)\n')
    expect(out).toContain('\n@@ -0,0 +1,4 @@\n+section: Cluster\n')
  })
})
