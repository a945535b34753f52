import { describe, expect, it } from 'vitest'
import { callStore, StoreError } from '../../src/config/source.ts'
import { createMemoryStore } from './memory-source.ts'
import { keepsStoreContract } from './source-contract.ts'

keepsStoreContract('memory', async () => createMemoryStore())

describe('callStore()', () => {
  const never = new Promise<never>(() => {})

  it('yields what arrives in time, and frees the timer', async () => {
    let timer: AbortSignal | undefined
    const sleep = (_millis: number, signal?: AbortSignal) => {
      timer = signal
      return never
    }
    expect(await callStore(async () => 'here', 10, sleep)).toBe('here')
    expect(timer?.aborted).toBe(true)
  })

  it('rejects when the time is up', async () => {
    const slept: number[] = []
    const sleep = async (millis: number) => void slept.push(millis)
    await expect(callStore(() => never, 10, sleep)).rejects.toThrow('10 ms')
    expect(slept).toEqual([10])
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('down'))],
    [
      'throws',
      () => {
        throw new Error('down')
      },
    ],
  ])('makes one kind of error of a store that %s', async (_how, ask) => {
    const failed = callStore(ask, 10, () => never)
    await expect(failed).rejects.toBeInstanceOf(StoreError)
    await expect(failed).rejects.toThrow('down')
  })
})
