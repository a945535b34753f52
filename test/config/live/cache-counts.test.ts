// What readiness says of documents: those that are not in force as stored, that cannot be read, and whose records fail.
import { describe, expect, it } from 'vitest'
import {
  CONFIG_REVALIDATE_MILLIS,
  STORE_BACKOFF_MIN_MILLIS,
  STORE_EVENT_INTERVAL_MILLIS,
} from '../../../src/core/limits.ts'
import { createRig, KEY, keyOf } from '../rig.ts'

const FINE = { refused: 0, unreadable: 0 }

describe('the counts of a cache', () => {
  it('are zero while all is well, with absent documents too', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    rig.source.put(KEY.text, 'good: 1')
    await rig.get(cache)
    await rig.get(cache, keyOf('c-9'))
    expect(cache.count()).toEqual(FINE)
  })

  it.each([
    ['never compiled', undefined],
    ['does not compile any more', 'good: 1'],
  ])('count a document that %s, until it does or is deleted', async (_what, before) => {
    const rig = createRig()
    const cache = rig.isolate()
    const read = async (text: string | undefined) => {
      if (text === undefined) await rig.source.delete(KEY.text)
      else rig.source.put(KEY.text, text)
      rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
      await rig.get(cache)
    }
    if (before !== undefined) await read(before)
    await read('bad: 2')
    expect(cache.count()).toEqual({ ...FINE, refused: 1 })
    await read('good: 3')
    expect(cache.count()).toEqual(FINE)
    await read('bad: 4')
    await read(undefined)
    expect(cache.count()).toEqual(FINE)
  })

  it('count a document that cannot be read, for a while or until it can', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    rig.source.readTrouble = 'error'
    await rig.get(cache)
    await rig.get(cache, keyOf('c-2'))
    expect(cache.count()).toEqual({ ...FINE, unreadable: 2 })
    rig.source.readTrouble = 'none'
    rig.pass(STORE_BACKOFF_MIN_MILLIS)
    await rig.get(cache)
    expect(cache.count()).toEqual({ ...FINE, unreadable: 1 })
    rig.pass(STORE_EVENT_INTERVAL_MILLIS)
    expect(cache.count()).toEqual(FINE)
  })

  it('say since when records cannot be written, until one can', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    rig.source.put(KEY.text, 'good: 1')
    rig.source.put(keyOf('c-2').text, 'good: 2')
    rig.state.writeTrouble = 'error'
    const sinceMillis = rig.clock()
    await rig.get(cache)
    rig.pass(1000)
    await rig.get(cache, keyOf('c-2'))
    expect(cache.count()).toEqual({ ...FINE, recordsFailingSinceMillis: sinceMillis })
    rig.state.writeTrouble = 'none'
    rig.source.put(keyOf('c-3').text, 'good: 3')
    await rig.get(cache, keyOf('c-3'))
    expect(cache.count()).toEqual(FINE)
  })
})
