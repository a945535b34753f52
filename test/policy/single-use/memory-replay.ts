// A replay store in memory, with troubles that a test chooses. One process, one thread: it is exact.
import type { ReplayStore } from '../../../src/policy/single-use/replay-store.ts'

export interface MemoryReplay extends ReplayStore {
  /** Every claim that was asked for. */
  readonly asked: { readonly key: string; readonly forSeconds: number }[]
  trouble: 'none' | 'error' | 'hang'
}

/** @param clock the store's own, in milliseconds */
export function createMemoryReplay(clock: () => number): MemoryReplay {
  const ends = new Map<string, number>()
  const store: MemoryReplay = {
    kind: 'memory',
    scope: 'shared',
    asked: [],
    trouble: 'none',
    async claim(key, forSeconds) {
      store.asked.push({ key, forSeconds })
      if (store.trouble === 'hang') await new Promise(() => undefined)
      if (store.trouble === 'error') throw new Error('the store of used evidence is down')
      const nowMillis = clock()
      if ((ends.get(key) ?? 0) > nowMillis) return 'seen'
      ends.set(key, nowMillis + forSeconds * 1000)
      return 'first'
    },
  }
  return store
}
