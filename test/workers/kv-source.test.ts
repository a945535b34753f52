// Workers KV itself, as workerd has it, keeps the contract that its fake keeps; and records seal and open there.
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { createKvSource } from '../../src/runtime/kv-source.ts'
import { openRecord, sealRecord } from '../../src/token/applied-record.ts'
import { keepsStoreContract } from '../config/source-contract.ts'

const { POLICIES } = env as unknown as { readonly POLICIES: KVNamespace }

async function emptyStore() {
  const { keys } = await POLICIES.list()
  for (const { name } of keys) await POLICIES.delete(name)
  return createKvSource(POLICIES)
}

keepsStoreContract('Workers KV in workerd', emptyStore)

it('an applied record survives the store, sealed', async () => {
  const store = await emptyStore()
  const key = 'clusters/c-1/Cluster'
  const record = { kind: 'applied', key, digest: `sha256:${'0'.repeat(64)}`, text: 'é', appliedAtMillis: 1 } as const
  const seal = new Uint8Array(32).fill(1)
  await store.write(`applied/${key}`, await sealRecord(record, [seal]))
  const bytes = (await store.read(`applied/${key}`)) ?? new Uint8Array()
  expect(await openRecord(bytes, key, [seal])).toEqual({ record, current: true })
  expect(await openRecord(bytes, key, [new Uint8Array(32).fill(2)])).toBeUndefined()
})
