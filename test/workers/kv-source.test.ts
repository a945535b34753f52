// Workers KV itself, as workerd has it, keeps the contract that its fake keeps; and records seal and open there.
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { createKvSource } from '../../src/runtime/kv-source.ts'
import { sleep } from '../../src/runtime/sleep.ts'
import { openRecord, sealRecord } from '../../src/token/applied-record.ts'
import { keepsStoreContract } from '../config/source-contract.ts'
import { keepsTruthUnderFaults } from '../config/source-faults.ts'

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
  const times = { appliedAtMillis: 1, confirmedAtMillis: 2, readAtMillis: 3 }
  const record = { kind: 'applied', key, digest: `sha256:${'0'.repeat(64)}`, text: 'é', ...times } as const
  const sealing = (fill: number) => ({
    sealKeys: [new Uint8Array(32).fill(fill)],
    trustDomain: 'example.org',
    issuerUrl: 'https://gateway.example',
  })
  await store.write(`applied/${key}`, await sealRecord(record, sealing(1)))
  const bytes = (await store.read(`applied/${key}`)) ?? new Uint8Array()
  expect(await openRecord(bytes, key, sealing(1))).toEqual({ record, current: true })
  expect(await openRecord(bytes, key, sealing(2))).toBeUndefined()
})

keepsTruthUnderFaults('Workers KV in workerd', async () => {
  await emptyStore()
  let during: (() => Promise<void>) | undefined
  const failing = (message: string) => ({
    begin() {
      during = async () => {
        throw new Error(message)
      }
    },
    end() {
      during = undefined
    },
  })
  const source = createKvSource({
    async get(key, options) {
      await during?.()
      return POLICIES.get(key, options)
    },
    put: (key, value) => POLICIES.put(key, value),
    delete: (key) => POLICIES.delete(key),
    list: (options) => POLICIES.list(options),
  })
  return {
    source,
    put: (key, bytes) => POLICIES.put(key, bytes),
    faults: {
      'a stall of 3 s': {
        begin() {
          during = () => sleep(3000)
        },
        end() {
          during = undefined
        },
      },
      'a value that ends in its middle': failing('Network connection lost'),
      'refused access': failing('KV GET failed: 403 Forbidden'),
      'an outage, before a restart': failing('KV GET failed: 500 Internal Server Error'),
    },
  }
})
