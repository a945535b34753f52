import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { computeDigest } from '../../../src/core/digest.ts'
import { ACTOR_MAX_LENGTH } from '../../../src/core/limits.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'
import { attestation, bench, CONTAINER_POLICY, clusterDocument } from '../call.ts'

const SET = ['config', 'set', 'cluster', '--id', 'c-1', '--store', 'store']
const KEY = 'clusters/c-1/AgentAttestation'

/** Every file below the store, with its content. */
function contents(folder: string): Readonly<Record<string, string>> {
  const store = join(folder, 'store')
  const entries = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(store.length + 1), readFileSync(path, 'utf8')]
    }),
  )
}

const digest = (text: string): Promise<string> => computeDigest(encodeUtf8(text))

describe('config set', () => {
  it('stores a document byte by byte, and a record of it', async () => {
    const { folder, file, call } = bench()
    const text = `${attestation()}# Grüße\r\n`
    const { exitCode, out } = await call(...SET, file('a.yaml', text))
    expect(exitCode).toBe(0)
    expect(out).toBe(`${KEY}: set to ${await digest(text)}\n`)
    const { [`${KEY}.yaml`]: document, ...others } = contents(folder)
    expect(document).toBe(text)
    expect(Object.keys(others)).toEqual([`history/${KEY}/2026-01-01T00:00:01.000Z-${await digest(text)}.yaml`])
    expect(JSON.parse(Object.values(others)[0] ?? '')).toEqual({
      v: 1,
      action: 'set',
      key: KEY,
      time: '2026-01-01T00:00:01.000Z',
      actor: 'ann',
      digest: await digest(text),
      text,
    })
  })

  it.each([
    ['does not compile', attestation().replace('k8s_token', 'k8s_tokn')],
    ['is of no section', 'schema: v1\nspec: {}\n'],
    ['is no text', new Uint8Array([0xff, 0xfe])],
  ])('refuses a file that %s, and leaves the store as it was', async (_what, content) => {
    const { folder, file, call } = bench()
    await call(...SET, file('good.yaml', attestation()))
    const before = contents(folder)
    const { exitCode, out, err } = await call(...SET, file('bad.yaml', content))
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' })
    expect(err).toMatch(/^bad\.yaml:\d+:\d+: error /)
    expect(contents(folder)).toEqual(before)
  })

  it('stores none of several files if one is bad', async () => {
    const { folder, file, call } = bench()
    const files = [file('good.yaml', clusterDocument(true)), file('bad.yaml', attestation('"'))]
    expect((await call(...SET, ...files)).exitCode).toBe(1)
    expect(contents(folder)).toEqual({})
  })

  it('stores a document that denies everybody, and warns', async () => {
    const { file, call } = bench()
    const text = 'section: AgentAttestation\nschema: v1\nspec:\n  policies: []\n'
    const { exitCode, err } = await call(...SET, file('a.yaml', text))
    expect(exitCode).toBe(0)
    expect(err).toContain('warning deny_all')
  })

  it('writes nothing with --validate-only', async () => {
    const { folder, file, call } = bench()
    expect((await call(...SET, '--validate-only', file('a.yaml', attestation()))).exitCode).toBe(0)
    expect((await call(...SET, '--validate-only', file('b.yaml', attestation('"')))).exitCode).toBe(1)
    expect(contents(folder)).toEqual({})
  })

  it('writes nothing for a version that is stored already', async () => {
    const { folder, file, call } = bench()
    await call(...SET, file('a.yaml', attestation()))
    const before = contents(folder)
    expect((await call(...SET, 'a.yaml')).out).toContain('unchanged')
    expect(contents(folder)).toEqual(before)
  })

  it('keeps a version that was stored by other means before it replaces it', async () => {
    const { folder, file, call } = bench()
    file(`store/${KEY}.yaml`, attestation('by-hand'))
    await call(...SET, file('a.yaml', attestation()))
    const records = Object.entries(contents(folder)).filter(([name]) => name.startsWith('history/'))
    expect(records.map(([, text]) => JSON.parse(text))).toEqual([
      expect.objectContaining({ action: 'found', text: attestation('by-hand') }),
      expect.objectContaining({ action: 'set', previousDigest: await digest(attestation('by-hand')) }),
    ])
  })

  it('stores sections of the trust domain under their own keys', async () => {
    const { folder, file, call } = bench()
    const text = 'section: TrustDomain\nschema: v1\nspec: {}\n'
    await call('config', 'set', 'trust-domain', '--store', 'store', file('t.yaml', text))
    expect(contents(folder)['trust-domain/TrustDomain.yaml']).toBe(text)
  })

  it('records who is named with --actor', async () => {
    const { folder, file, call } = bench()
    await call(...SET, '--actor', 'deploy bot', file('a.yaml', attestation()))
    const [record] = Object.values(contents(folder)).filter((text) => text.startsWith('{'))
    expect(JSON.parse(record ?? '')).toMatchObject({ actor: 'deploy bot' })
  })

  it('takes a name of an actor at its longest', async () => {
    const { file, call } = bench()
    const { exitCode } = await call(
      ...SET,
      '--actor',
      '\u{1f600}'.repeat(ACTOR_MAX_LENGTH),
      file('a.yaml', attestation()),
    )
    expect(exitCode).toBe(0)
  })
})

describe('config set --expected-digest', () => {
  it('replaces the version that it was told of', async () => {
    const { folder, file, call } = bench()
    await call(...SET, file('a.yaml', attestation()))
    const expected = await digest(attestation())
    const { exitCode } = await call(...SET, '--expected-digest', expected, file('b.yaml', attestation('other')))
    expect(exitCode).toBe(0)
    expect(contents(folder)[`${KEY}.yaml`]).toBe(attestation('other'))
  })

  it.each([
    ['another version is stored', attestation('third')],
    ['none is stored', undefined],
  ])('refuses, with a status of its own, if %s', async (_what, stored) => {
    const { folder, file, call } = bench()
    if (stored !== undefined) file(`store/${KEY}.yaml`, stored)
    const before = contents(folder)
    for (const only of [[], ['--validate-only']]) {
      const expected = await digest(attestation())
      const called = await call(...SET, ...only, '--expected-digest', expected, file('b.yaml', attestation('other')))
      expect(called.exitCode).toBe(3)
      expect(called.err).toContain(stored === undefined ? 'is absent' : await digest(stored))
    }
    expect(contents(folder)).toEqual(before)
  })

  it('takes "absent" for the first version alone', async () => {
    const { file, call } = bench()
    expect((await call(...SET, '--expected-digest', 'absent', file('a.yaml', attestation()))).exitCode).toBe(0)
    expect((await call(...SET, '--expected-digest', 'absent', file('b.yaml', attestation('b')))).exitCode).toBe(3)
  })

  it('lets one of many win who write at once', async () => {
    const { folder, file, call } = bench()
    const files = Array.from({ length: 8 }, (_, index) => file(`${index}.yaml`, attestation(`agent-${index}`)))
    const called = await Promise.all(files.map((name) => call(...SET, '--expected-digest', 'absent', name)))
    const winners = called.flatMap(({ exitCode }, index) => (exitCode === 0 ? [index] : []))
    expect(winners).toHaveLength(1)
    expect(called.filter(({ exitCode }) => exitCode === 3)).toHaveLength(7)
    expect(contents(folder)[`${KEY}.yaml`]).toBe(attestation(`agent-${winners[0]}`))
    expect(existsSync(join(folder, 'store', '.postern.lock'))).toBe(false)
  })
})

describe('config set, beside what is stored', () => {
  it('refuses a document that does not fit the stored sections', async () => {
    const { folder, file, call } = bench()
    await call(...SET, file('c.yaml', clusterDocument(false)))
    const { exitCode, err } = await call(...SET, file('p.yaml', CONTAINER_POLICY))
    expect(exitCode).toBe(1)
    expect(err).toMatch(/^p\.yaml:5:\d+: error attribute_not_enabled/m)
    expect(contents(folder)['clusters/c-1/SVIDIssuancePolicy.yaml']).toBeUndefined()
  })

  it('refuses a document that a stored section would suffer from, and names that one', async () => {
    const { folder, file, call } = bench()
    await call(...SET, file('c.yaml', clusterDocument(true)), file('p.yaml', CONTAINER_POLICY))
    const { exitCode, err } = await call(...SET, file('d.yaml', clusterDocument(false)))
    expect(exitCode).toBe(1)
    expect(err).toContain('clusters/c-1/SVIDIssuancePolicy:5:')
    expect(contents(folder)['clusters/c-1/Cluster.yaml']).toBe(clusterDocument(true))
  })

  it('accepts both together', async () => {
    const { file, call } = bench()
    expect((await call(...SET, file('c.yaml', clusterDocument(true)), file('p.yaml', CONTAINER_POLICY))).exitCode).toBe(
      0,
    )
  })

  it('does not block a change because of earlier findings', async () => {
    const { folder, file, call } = bench()
    file('store/clusters/c-1/SVIDIssuancePolicy.yaml', CONTAINER_POLICY)
    expect((await call(...SET, file('a.yaml', attestation()))).exitCode).toBe(0)
    writeFileSync(join(folder, 'store/clusters/c-1/SVIDIssuancePolicy.yaml'), 'broken: [')
    const { exitCode, err } = await call(...SET, file('b.yaml', attestation('b')))
    expect(exitCode).toBe(0)
    expect(err).toContain('clusters/c-1/SVIDIssuancePolicy is stored but does not compile')
  })
})

describe('config set, called wrongly', () => {
  it.each([
    ['without a store', ['cluster', '--id', 'c-1', 'a.yaml']],
    ['with two', ['cluster', '--id', 'c-1', '--store', 'store', '--local', 'a.yaml']],
    ['with a store that is not there', ['cluster', '--id', 'c-1', '--store', 'nowhere', 'a.yaml']],
    ['without a scope', ['--store', 'store', 'a.yaml']],
    ['without an id', ['cluster', '--store', 'store', 'a.yaml']],
    ['with an id that leads elsewhere', ['cluster', '--id', '../c-2', '--store', 'store', 'a.yaml']],
    ['with an id for the trust domain', ['trust-domain', '--id', 'c-1', '--store', 'store', 'a.yaml']],
    ['without a file', ['cluster', '--id', 'c-1', '--store', 'store']],
    ['with a file that is not there', ['cluster', '--id', 'c-1', '--store', 'store', 'b.yaml']],
    ['with a section of the other scope', ['trust-domain', '--store', 'store', 'a.yaml']],
    ['with one section twice', ['cluster', '--id', 'c-1', '--store', 'store', 'a.yaml', 'a.yaml']],
    ['with half a digest', ['cluster', '--id', 'c-1', '--store', 'store', '--expected-digest', 'sha256:12', 'a.yaml']],
    [
      'with an actor that is too long',
      ['cluster', '--id', 'c-1', '--store', 'store', '--actor', 'a'.repeat(ACTOR_MAX_LENGTH + 1), 'a.yaml'],
    ],
    ['with an actor of two lines', ['cluster', '--id', 'c-1', '--store', 'store', '--actor', 'a\nb', 'a.yaml']],
    ['with a flag that there is not', ['cluster', '--id', 'c-1', '--stor', 'store', 'a.yaml']],
  ])('%s ends with status 2 and writes nothing', async (_what, args) => {
    const { folder, file, call } = bench()
    file('a.yaml', attestation())
    const { exitCode, out, err } = await call('config', 'set', ...args)
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' })
    expect(err).toMatch(/^postern: \S/)
    expect(contents(folder)).toEqual({})
  })
})
