// What every store promises while something is wrong with it: the stored bytes or an error, never absence and never other bytes;
// and the stored bytes again once it is over, without being opened anew.
import { describe, expect, it } from 'vitest'
import { type ConfigSource, callStore, StoreError } from '../../src/config/source.ts'
import { DOCUMENT_MAX_BYTES, STORE_TIMEOUT_MILLIS, STORE_VALUE_MAX_BYTES } from '../../src/core/limits.ts'
import { sleep } from '../../src/runtime/sleep.ts'

/** By what a read must come to while it lasts. */
export const FAULTS = {
  'a stall of 3 s': 'bytes',
  'a value that ends in its middle': 'error',
  'refused access': 'error',
  'an outage, before a restart': 'error',
} as const

type FaultName = keyof typeof FAULTS

export interface Fault {
  begin(): unknown
  end(): unknown
}

export interface FaultyStore {
  readonly source: ConfigSource
  /** Stores it as an operator does. */
  put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  readonly faults: Readonly<Record<FaultName, Fault>>
}

const KEY = 'clusters/c-1/AgentAttestation'
const ABSENT = 'clusters/c-2/AgentAttestation'
const RECOVERY = { timeout: 30_000 }

export function keepsTruthUnderFaults(adapter: string, make: () => Promise<FaultyStore>): void {
  const value = new Uint8Array(256 * 1024).map((_, index) => index % 251)

  describe(`${adapter} as a store that is in trouble`, () => {
    it.each(Object.keys(FAULTS) as FaultName[])('has a truth or an error: %s', { timeout: 90_000 }, async (name) => {
      const { source, put, faults } = await make()
      const fault = faults[name]
      await put(KEY, value)
      const read = (key: string) => callStore(() => source.read(key), STORE_TIMEOUT_MILLIS, sleep)
      expect(await read(KEY)).toEqual(value)
      expect(await read(ABSENT)).toBeUndefined()

      await fault.begin()
      const during = await read(KEY).catch((error: unknown) => error)
      if (FAULTS[name] === 'bytes') expect(during).toEqual(value)
      else expect(during).toBeInstanceOf(StoreError)
      await fault.end()
      // Whatever the way back looks like, none of its reads may be wrong.
      await expect
        .poll(async () => {
          const seen = await read(KEY).catch((error: unknown) => error)
          if (seen instanceof StoreError) return 'error'
          expect(seen).toEqual(value)
          return 'bytes'
        }, RECOVERY)
        .toBe('bytes')
      expect(await read(ABSENT)).toBeUndefined()
    })

    it.each([
      [DOCUMENT_MAX_BYTES + 1, DOCUMENT_MAX_BYTES + 1],
      [STORE_VALUE_MAX_BYTES, STORE_VALUE_MAX_BYTES],
    ])('reads a value of %i bytes whole', async (size, length) => {
      const { source, put } = await make()
      await put(KEY, new Uint8Array(size))
      expect((await source.read(KEY))?.length).toBe(length)
    })

    it('reads more than the limit of a value over it, so that it is refused', async () => {
      const { source, put } = await make()
      await put(KEY, new Uint8Array(STORE_VALUE_MAX_BYTES + 4096))
      expect((await source.read(KEY))?.length).toBeGreaterThan(STORE_VALUE_MAX_BYTES)
    })
  })
}
