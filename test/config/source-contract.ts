// What every store promises. Each adapter runs this list: memory, directory, Workers KV. A fake that passes it is a
// fake that the tests of the cache may trust.
import { describe, expect, it } from 'vitest'
import { compareClusterIds, type StateStore } from '../../src/config/source.ts'

const KEY = 'clusters/c-1/AgentAttestation'

export function keepsStoreContract(adapter: string, make: () => Promise<StateStore>): void {
  const bytesOf = (text: string) => new Uint8Array(new TextEncoder().encode(text))

  describe(`${adapter} as a store`, () => {
    it('returns the bytes exactly as they were written', async () => {
      const store = await make()
      const bytes = Uint8Array.from([0xef, 0xbb, 0xbf, 0, 13, 10, 0xff, 0x0a])
      await store.write(KEY, bytes)
      expect(await store.read(KEY)).toEqual(bytes)
    })

    it('tells absence from an empty value', async () => {
      const store = await make()
      expect(await store.read(KEY)).toBeUndefined()
      await store.write(KEY, new Uint8Array())
      expect(await store.read(KEY)).toEqual(new Uint8Array())
    })

    it.each([
      'clusters/c-1/AgentAttestatio',
      'clusters/c-1/AgentAttestationX',
      'clusters/c-/AgentAttestation',
      'clusters/C-1/AgentAttestation',
      'clusters/c-1/agentattestation',
      'trust-domain/AgentAttestation',
      'applied/clusters/c-1/AgentAttestation',
    ])('does not take %s for another key', async (other) => {
      const store = await make()
      await store.write(KEY, bytesOf('policies: []'))
      expect(await store.read(other)).toBeUndefined()
    })

    it('shows the latest write, and no rest of a longer one before it', async () => {
      const store = await make()
      await store.write(KEY, bytesOf('a much longer document'))
      await store.write(KEY, bytesOf('short'))
      expect(await store.read(KEY)).toEqual(bytesOf('short'))
    })

    it('shows a deletion, and takes one of a key that is not there', async () => {
      const store = await make()
      await store.write(KEY, bytesOf('policies: []'))
      await store.delete(KEY)
      await store.delete(KEY)
      expect(await store.read(KEY)).toBeUndefined()
    })

    it('lists every cluster, in the order of keys, whatever else it holds', async () => {
      const store = await make()
      const { listClusters } = store
      if (listClusters === undefined) return
      expect((await listClusters()).ids).toEqual([])
      const ids = ['b', 'a', 'a-b', 'A_1', 'a0', ...Array.from({ length: 20 }, (_, n) => `c-${n}`)]
      for (const id of ids) {
        await store.write(`clusters/${id}/Cluster`, bytesOf('x'))
        await store.write(`clusters/${id}/AgentAttestation`, bytesOf('x'))
      }
      await store.write('trust-domain/TrustDomain', bytesOf('x'))
      await store.write('applied/clusters/zz/Cluster', bytesOf('x'))
      const listed: string[] = []
      let cursor: string | undefined
      do {
        const page = await listClusters(cursor)
        // A cluster may end one page and begin the next.
        listed.push(...page.ids.slice(page.ids[0] === listed.at(-1) ? 1 : 0))
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(listed).toEqual([...ids].sort(compareClusterIds))
    })

    it('keeps what the caller changes afterwards out of the store', async () => {
      const store = await make()
      const bytes = bytesOf('good')
      await store.write(KEY, bytes)
      bytes.fill(0)
      expect(await store.read(KEY)).toEqual(bytesOf('good'))
    })
  })
}
