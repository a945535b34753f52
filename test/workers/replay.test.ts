// The Durable Objects of used evidence, as workerd has them.
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { createDurableReplay } from '../../src/runtime/replay/durable-replay.ts'
import type { ReplayShard } from '../../src/runtime/replay/replay-shard.ts'
import { keepsReplayContract, makeKey } from '../policy/single-use/replay-contract.ts'

const { REPLAY } = env as unknown as { readonly REPLAY: DurableObjectNamespace<ReplayShard> }
const open = () => createDurableReplay(REPLAY)

keepsReplayContract('Durable Objects in workerd', async () => ({ store: open(), other: open() }))

it('an object deletes what has expired when it wakes, and wakes again for the rest', async () => {
  const shard = REPLAY.getByName('of a test')
  const [short, long] = [makeKey(), makeKey()]
  expect([await shard.claim(short, 1), await shard.claim(long, 3600)]).toEqual(['first', 'first'])
  const count = () =>
    runInDurableObject(shard, (_object, { storage }) => storage.sql.exec('SELECT key FROM claims').toArray().length)
  const alarm = () => runInDurableObject(shard, (_object, { storage }) => storage.getAlarm())
  expect([await count(), await alarm()]).toEqual([2, expect.any(Number)])
  await expect.poll(() => runDurableObjectAlarm(shard).then(count), { timeout: 5000 }).toBe(1)
  // It wakes for the other one.
  expect((await alarm()) ?? 0).toBeGreaterThan(Date.now() + 3_000_000)
  expect(await shard.claim(long, 3600)).toBe('seen')
})

it('keys are spread over the objects by their first byte', async () => {
  const asked: string[] = []
  const store = createDurableReplay({
    getByName(name) {
      asked.push(name)
      return { claim: async () => 'first' }
    },
  })
  for (const key of ['AAAA', 'AAAB', '_wAA', '-AAA']) await store.claim(key, 1)
  expect(asked).toEqual(['replay-0', 'replay-0', 'replay-255', 'replay-248'])
  await expect(store.claim('', 1)).rejects.toThrow()
})
