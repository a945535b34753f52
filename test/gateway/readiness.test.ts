// Readiness asks the store itself, seldom; and tells what is degraded and since when.
import { describe, expect, it } from 'vitest'
import type { CacheCounts } from '../../src/config/live/cache-counts.ts'
import { READY_CACHE_MILLIS, READY_STORE_TIMEOUT_MILLIS } from '../../src/core/limits.ts'
import { createReadiness, type HostState } from '../../src/gateway/readiness.ts'

function rig() {
  const state = {
    nowMillis: 1_000_000,
    store: 'answers' as 'answers' | 'fails' | 'hangs',
    reads: 0,
    hostState: { isDraining: false } as HostState,
    isSealing: true,
    replaySinceMillis: undefined as number | undefined,
    probes: 0,
    counts: { refused: 0, unreadable: 0 } as CacheCounts,
    keys: { failing: 0, stale: 0 },
  }
  const ready = () =>
    createReadiness({
      source: {
        read() {
          state.reads++
          if (state.store === 'hangs') return new Promise(() => undefined)
          return state.store === 'fails' ? Promise.reject(new Error('gone')) : Promise.resolve(undefined)
        },
      },
      clock: () => state.nowMillis,
      sleep: async (millis) => {
        if (state.store !== 'hangs') return new Promise(() => undefined)
        await new Promise((next) => setImmediate(next))
        state.nowMillis += millis
        return undefined
      },
      isSealing: state.isSealing,
      replay: { kind: 'sqlite', scope: 'instance' },
      singleUse: {
        failingSinceMillis: () => state.replaySinceMillis,
        async probe() {
          state.probes++
        },
      },
      countDocuments: () => state.counts,
      countKeys: () => state.keys,
      hostState: () => state.hostState,
    })
  return { state, ready }
}

describe('readiness', () => {
  it.each<[string, Partial<ReturnType<typeof rig>['state']>, string | undefined, readonly string[]]>([
    ['nothing is wrong', {}, undefined, []],
    ['the store fails', { store: 'fails' }, 'store_unavailable', ['store_unreadable']],
    ['the store hangs', { store: 'hangs' }, 'store_unavailable', ['store_unreadable']],
    ['it is draining', { hostState: { isDraining: true } }, 'gateway_draining', ['draining']],
    [
      'records are not taken',
      { hostState: { isDraining: false, auditRefusingSinceMillis: 1 } },
      'audit_unavailable',
      ['audit_failing'],
    ],
    ['an issuer does not answer', { keys: { failing: 1, stale: 0 } }, undefined, ['keys_failing']],
    ['nothing is sealed', { isSealing: false }, undefined, ['sealing_off']],
    ['used evidence cannot be told', { replaySinceMillis: 1 }, undefined, ['replay_failing']],
    ['a document is refused', { counts: { refused: 1, unreadable: 0 } }, undefined, ['documents_refused']],
    ['a document cannot be read', { counts: { refused: 0, unreadable: 1 } }, undefined, ['documents_unreadable']],
    [
      'records cannot be written',
      { counts: { refused: 0, unreadable: 0, recordsFailingSinceMillis: 1 } },
      undefined,
      ['records_failing'],
    ],
    [
      'everything is wrong',
      { store: 'fails', hostState: { isDraining: true, auditRefusingSinceMillis: 1 }, isSealing: false },
      'gateway_draining',
      ['draining', 'store_unreadable', 'audit_failing', 'sealing_off'],
    ],
  ])('while %s', async (_what, change, code, degraded) => {
    const { state, ready } = rig()
    Object.assign(state, change)
    const { code: answered, checks } = await ready()()
    expect(answered).toBe(code)
    expect(checks.degraded).toEqual(degraded)
  })

  it.each([
    [READY_CACHE_MILLIS - 1, 1],
    [READY_CACHE_MILLIS, 2],
    // A clock that was set back.
    [-1, 2],
  ])('%i ms after an answer the store has been read %i times', async (later, reads) => {
    const { state, ready } = rig()
    const check = ready()
    await check()
    state.nowMillis += later
    await check()
    expect(state.reads).toBe(reads)
    expect(state.probes).toBe(reads)
  })

  it('says since when the store can be read, or not', async () => {
    const { state, ready } = rig()
    const check = ready()
    await check()
    state.nowMillis += 90_000
    expect((await check()).checks.store).toEqual({ readable: true, forSeconds: 90, checkedSecondsAgo: 0 })
    state.store = 'fails'
    state.nowMillis += 5_000
    expect((await check()).checks.store).toEqual({ readable: false, forSeconds: 0, checkedSecondsAgo: 0 })
    state.nowMillis += 7_000
    expect((await check()).checks.store).toMatchObject({ readable: false, forSeconds: 7 })
  })

  it('says since when records cannot be written, and how many documents are concerned', async () => {
    const { state, ready } = rig()
    state.counts = { refused: 2, unreadable: 3, recordsFailingSinceMillis: state.nowMillis - 5_000 }
    state.keys = { failing: 4, stale: 1 }
    const { checks } = await ready()()
    expect(checks).toMatchObject({
      documents: { refused: 2, unreadable: 3 },
      keys: { failing: 4, stale: 1 },
      recordsFailingForSeconds: 5,
    })
  })

  it('asks a store that hangs once at a time, and answers by what it knew', async () => {
    const { state, ready } = rig()
    const check = ready()
    await check()
    state.nowMillis += READY_CACHE_MILLIS
    state.store = 'hangs'
    const [first, second] = await Promise.all([check(), check()])
    expect(state.reads).toBe(2)
    expect(first.code).toBe('store_unavailable')
    expect(second.code).toBeUndefined()
    expect(state.nowMillis).toBe(1_000_000 + READY_CACHE_MILLIS + READY_STORE_TIMEOUT_MILLIS)
  })
})
