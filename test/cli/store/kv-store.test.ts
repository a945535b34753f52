// The same life of a document in local KV, through wrangler as an operator has it. Each call of wrangler takes more than
// a second, so this is one walk, and as short as it can be.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openKvStore } from '../../../src/cli/store/kv-store.ts'
import { digestOf } from '../../../src/core/digest.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'
import { attestation, bench } from '../call.ts'

describe('local KV', () => {
  it('keeps documents and their history as a directory does', { timeout: 400_000 }, async () => {
    const { folder, file, call } = bench()
    const where = ['cluster', '--id', 'c-1', '--local', '--persist-to', 'state']
    const section = [...where, 'AgentAttestation']
    const [one, two] = [attestation('one'), `${attestation('two')}# Grüße\r\n\n`]
    const digest = await digestOf(encodeUtf8(one))
    const store = openKvStore({ kind: 'local', persistTo: join(folder, 'state') })

    // A value that is the very sentence by which wrangler tells of absence.
    await store.write('clusters/c-2/Cluster', encodeUtf8('Value not found\n'))
    expect(await store.read('clusters/c-2/Cluster')).toEqual(encodeUtf8('Value not found\n'))

    expect((await call('config', 'set', ...where, file('one.yaml', one))).exitCode).toBe(0)
    const stale = await call('config', 'set', ...where, '--expected-digest', 'absent', file('two.yaml', two))
    expect(stale).toMatchObject({ exitCode: 3, out: '' })
    const replaced = await call('config', 'set', ...where, '--expected-digest', digest, 'two.yaml')
    expect(replaced).toMatchObject({
      exitCode: 0,
      err: expect.stringContaining('has no compare-and-swap'),
    })
    expect((await call('config', 'get', ...section)).out).toBe(two)

    const back = await call('config', 'rollback', '--validate-only', '--to', digest.slice(7, 15), ...section)
    expect(back).toMatchObject({ exitCode: 0, out: expect.stringContaining('is valid') })
    expect((await call('config', 'delete', ...section)).out).toContain('deleted')
    expect((await call('config', 'get', ...section)).exitCode).toBe(1)
  })

  it('says what wrangler said when it fails', { timeout: 60_000 }, async () => {
    const { file, call } = bench()
    const args = ['cluster', '--id', 'c-1', '--local', '--persist-to', file('no-folder', '')]
    const { exitCode, err } = await call('config', 'get', ...args, 'Cluster')
    expect(exitCode).toBe(4)
    expect(err).toMatch(/^postern: wrangler could not use local KV in \S+\/no-folder: ENOTDIR/)
  })
})
