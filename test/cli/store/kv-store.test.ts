// The same life of a document in local KV.
import { describe, expect, it } from 'vitest'
import { computeDigest } from '../../../src/core/digest.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'
import { attestation, bench } from '../call.ts'

describe('local KV', () => {
  it('keeps documents and their history as a directory does', { timeout: 120_000 }, async () => {
    const { file, call } = bench()
    const where = ['cluster', '--id', 'c-1', '--local', '--persist-to', 'state']
    const section = [...where, 'AgentAttestation']
    const [one, two] = [attestation('one'), `${attestation('two')}# Grüße\r\n\n`]
    const digest = await computeDigest(encodeUtf8(one))

    expect((await call('config', 'set', ...where, file('one.yaml', one))).exitCode).toBe(0)
    const stale = await call('config', 'set', ...where, '--expected-digest', 'absent', file('two.yaml', two))
    expect(stale).toMatchObject({ exitCode: 3, out: '' })
    const replaced = await call('config', 'set', ...where, '--expected-digest', digest, 'two.yaml')
    expect(replaced).toMatchObject({
      exitCode: 0,
      err: expect.stringContaining('has no compare-and-swap'),
    })
    expect((await call('config', 'get', ...section)).out).toBe(two)
    expect((await call('config', 'history', ...section)).out.split('\n')).toHaveLength(3)

    const back = await call('config', 'rollback', '--validate-only', '--to', digest.slice(7, 15), ...section)
    expect(back).toMatchObject({ exitCode: 0, out: expect.stringContaining('is valid') })
    expect((await call('config', 'delete', ...section)).out).toContain('deleted')
    expect((await call('config', 'get', ...section)).exitCode).toBe(1)
  })

  it('takes a whole tree, and loses what the tree has lost', { timeout: 60_000 }, async () => {
    const { file, call } = bench()
    const apply = ['config', 'apply', '--local', '--persist-to', 'state', '--prune']
    file('tree/clusters/c-1/AgentAttestation.yaml', attestation('one'))
    file('tree/clusters/c-2/AgentAttestation.yaml', attestation('two'))
    file('less/clusters/c-2/AgentAttestation.yaml', attestation('two'))
    expect((await call(...apply, 'tree')).out).toContain('2 set, 0 deleted, 0 unchanged')
    expect((await call(...apply, 'tree')).out).toBe('0 set, 0 deleted, 2 unchanged\n')
    expect((await call(...apply, 'less')).out).toContain('0 set, 1 deleted, 1 unchanged')
    const gone = ['cluster', '--id', 'c-1', '--local', '--persist-to', 'state', 'AgentAttestation']
    expect((await call('config', 'get', ...gone)).exitCode).toBe(1)
  })

  it('says why it cannot be used', { timeout: 60_000 }, async () => {
    const { file, call } = bench()
    const args = ['cluster', '--id', 'c-1', '--local', '--persist-to', file('no-folder', '')]
    const { exitCode, err } = await call('config', 'get', ...args, 'Cluster')
    expect(exitCode).toBe(4)
    expect(err).toMatch(/^postern: Cannot use local KV in \S+\/no-folder: ENOTDIR/)
  })
})
