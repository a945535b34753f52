import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDirectoryStore } from '../../../src/cli/store/directory-store.ts'
import { attestation, bench } from '../call.ts'

describe('a directory as its operator uses it', () => {
  it('lists what is below a folder, and nothing beside it', async () => {
    const { folder, file } = bench()
    for (const key of ['clusters/c-1/Cluster', 'clusters/c-10/Cluster', 'clusters/c-1/AgentAttestation']) {
      file(`store/${key}.yaml`, key)
    }
    file('store/clusters/c-1/.draft.tmp', 'x')
    file('store/clusters/c-1/README.md', 'x')
    const store = await openDirectoryStore(join(folder, 'store'))
    expect([...(await store.list('clusters/c-1'))].sort()).toEqual([
      'clusters/c-1/AgentAttestation',
      'clusters/c-1/Cluster',
    ])
    expect([...(await store.readAll('clusters/c-10')).keys()]).toEqual(['clusters/c-10/Cluster'])
    expect(await store.list('clusters/c-2')).toEqual([])
  })

  it('reads documents through links, as a mounted ConfigMap has them', async () => {
    const { folder, file } = bench()
    file('real/Cluster.yaml', 'x')
    mkdirSync(join(folder, 'store/clusters'))
    mkdirSync(join(folder, 'store/clusters/c-1'))
    symlinkSync(join(folder, 'real/Cluster.yaml'), join(folder, 'store/clusters/c-1/Cluster.yaml'))
    const store = await openDirectoryStore(join(folder, 'store'))
    expect([...(await store.readAll('clusters/c-1')).keys()]).toEqual(['clusters/c-1/Cluster'])
  })

  it('lets one work at a time', async () => {
    const { folder } = bench()
    const store = await openDirectoryStore(join(folder, 'store'))
    const order: string[] = []
    const work = (name: string) =>
      store.exclusively(async () => {
        order.push(`${name} in`)
        await store.write('clusters/c-1/Cluster', new Uint8Array(1))
        order.push(`${name} out`)
      })
    await Promise.all([work('a'), work('b'), work('c')])
    expect(order.map((step) => step.slice(2))).toEqual(['in', 'out', 'in', 'out', 'in', 'out'])
    for (const index of [0, 2, 4]) expect(order[index]?.[0]).toBe(order[index + 1]?.[0])
  })

  it('lets the next one in when the work has failed', async () => {
    const { folder } = bench()
    const store = await openDirectoryStore(join(folder, 'store'), 0)
    await expect(store.exclusively(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await store.exclusively(async () => 'done')).toBe('done')
  })

  it('names the lock that somebody holds, and leaves it', async () => {
    const { folder } = bench()
    const path = join(folder, 'store/.postern.lock')
    writeFileSync(path, 'process 7 since 2026-01-01T00:00:00.000Z\n')
    const store = await openDirectoryStore(join(folder, 'store'), 0)
    await expect(store.exclusively(async () => 'done')).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining(path),
    })
    expect(readFileSync(path, 'utf8')).toContain('process 7')
  })

  it('needs no lock to read or to validate', async () => {
    const { file, call } = bench()
    file('store/.postern.lock', '')
    file('store/clusters/c-1/AgentAttestation.yaml', attestation())
    const where = ['cluster', '--id', 'c-1', '--store', 'store']
    expect((await call('config', 'get', ...where, 'AgentAttestation')).exitCode).toBe(0)
    expect((await call('config', 'set', ...where, '--validate-only', file('a.yaml', attestation()))).exitCode).toBe(0)
  })
})
