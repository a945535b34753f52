import { describe, expect, it } from 'vitest'
import { within } from '../../src/config/source.ts'
import { createMemoryStore } from './memory-source.ts'
import { keepsStoreContract } from './source-contract.ts'

keepsStoreContract('memory', async () => createMemoryStore())

describe('within()', () => {
  const never = new Promise<never>(() => {})

  it('yields what arrives in time, and frees the timer', async () => {
    let timer: AbortSignal | undefined
    const sleep = (_millis: number, signal?: AbortSignal) => {
      timer = signal
      return never
    }
    expect(await within(Promise.resolve('here'), 10, sleep)).toBe('here')
    expect(timer?.aborted).toBe(true)
  })

  it('rejects when the time is up', async () => {
    const slept: number[] = []
    const sleep = async (millis: number) => void slept.push(millis)
    await expect(within(never, 10, sleep)).rejects.toThrow('10 ms')
    expect(slept).toEqual([10])
  })

  it('hands a failure on', async () => {
    await expect(within(Promise.reject(new Error('down')), 10, () => never)).rejects.toThrow('down')
  })
})
