// What it costs to tell that a cluster is unknown, and that a known one never pays for made-up ids.
import { describe, expect, it } from 'vitest'
import { parseClusterId } from '../../../src/config/document-key.ts'
import type { ConfigCache } from '../../../src/config/live/cache.ts'
import {
  ABSENCE_RECHECK_MILLIS,
  CLUSTER_KNOWN_MILLIS,
  CONFIG_ABSENCES_MIN,
  CONFIG_REVALIDATE_MILLIS,
  UNKNOWN_CLUSTER_BUCKET,
  UNKNOWN_CLUSTER_REFILL_MILLIS,
} from '../../../src/core/limits.ts'
import { createRig, keyOf, SECTIONS, type Values } from '../rig.ts'

function isKnownAbsent(cache: ConfigCache<Values>, cluster: string): boolean {
  const id = parseClusterId(cluster)
  if (id === undefined) throw new Error(`${cluster} is no cluster id`)
  return cache.isKnownAbsent(id)
}

/** An isolate whose budget for unknown clusters is spent. */
async function spent() {
  const rig = createRig()
  rig.source.put(keyOf('real').text, 'good: 1')
  rig.source.put(keyOf('other', 'Cluster').text, 'good: 1')
  const cache = rig.isolate({ stateless: true })
  for (let n = 0; n < UNKNOWN_CLUSTER_BUCKET; n++) expect(await rig.exists(cache, `made-up-${n}`)).toBe(false)
  expect(rig.source.reads).toHaveLength(UNKNOWN_CLUSTER_BUCKET * SECTIONS.length)
  rig.source.reads.length = 0
  return { rig, cache }
}

describe('an unknown cluster', () => {
  it('costs one read of each section', async () => {
    const rig = createRig()
    expect(await rig.exists(rig.isolate({ stateless: true }), 'c-1')).toBe(false)
    expect(rig.source.reads).toEqual(SECTIONS.map((section) => keyOf('c-1', section).text))
  })

  it('costs one read of a record: what is only looked for is not put on record', async () => {
    const rig = createRig()
    await rig.exists(rig.isolate(), 'c-1')
    expect(rig.state.reads).toEqual([`applied/${keyOf('c-1').text}`])
    expect(rig.state.writes).toEqual([])
  })

  it('is remembered as one absence: repeats cost no read while that is young, and not even in the background', async () => {
    const rig = createRig()
    const cache = rig.isolate({ stateless: true })
    await rig.exists(cache, 'c-1')
    rig.pass(CONFIG_REVALIDATE_MILLIS - 1)
    for (let request = 0; request < 20; request++) {
      expect(isKnownAbsent(cache, 'c-1')).toBe(true)
      expect(await rig.exists(cache, 'c-1')).toBe(false)
    }
    expect(rig.source.reads).toHaveLength(SECTIONS.length)
    rig.pass(2)
    expect(isKnownAbsent(cache, 'c-1')).toBe(false)
    await rig.exists(cache, 'c-1')
    expect(rig.source.reads).toHaveLength(2 * SECTIONS.length)
  })

  it('is absent no longer than the oldest of its reads says', async () => {
    const rig = createRig()
    const cache = rig.isolate({ stateless: true })
    await rig.get(cache, keyOf('c-1', 'Cluster'))
    rig.pass(CONFIG_REVALIDATE_MILLIS / 10)
    await rig.exists(cache, 'c-1')
    rig.pass((CONFIG_REVALIDATE_MILLIS * 9) / 10)
    expect(isKnownAbsent(cache, 'c-1')).toBe(false)
  })

  it('is known as soon as a document of it was read', async () => {
    const rig = createRig()
    const cache = rig.isolate({ stateless: true })
    await rig.exists(cache, 'c-1')
    rig.source.put(keyOf('c-1').text, 'good: 1')
    rig.pass(CONFIG_REVALIDATE_MILLIS / 2)
    await rig.get(cache)
    expect(isKnownAbsent(cache, 'c-1')).toBe(false)
    expect(await rig.exists(cache, 'c-1')).toBe(true)
  })

  it('is not known for absent while the store fails', async () => {
    const rig = createRig()
    const cache = rig.isolate({ stateless: true })
    rig.source.readTrouble = 'error'
    expect(await rig.exists(cache, 'c-1')).toBe('unavailable')
    expect(isKnownAbsent(cache, 'c-1')).toBe(false)
  })

  it.each(['anyone', 'issuer'] as const)(
    'is not taken for absent by an absence from before the store failed, by %s',
    async (asker) => {
      const rig = createRig()
      const cache = rig.isolate({ stateless: true })
      for (const section of SECTIONS) await rig.get(cache, keyOf('c-1', section))
      rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
      rig.source.readTrouble = 'error'
      expect(await rig.exists(cache, 'c-1', asker)).toBe('unavailable')
    },
  )

  it('asked for by an issuer, who goes on to read its sections, is read no second time for that', async () => {
    const rig = createRig()
    rig.source.put(keyOf('c-1', 'SVIDIssuancePolicy').text, 'good: 1')
    const cache = rig.isolate({ stateless: true })
    expect(await rig.exists(cache, 'c-1', 'issuer')).toBe(true)
    for (const section of SECTIONS) await rig.get(cache, keyOf('c-1', section))
    expect(rig.source.reads).toEqual(SECTIONS.map((section) => keyOf('c-1', section).text))
  })

  it('is forgotten once there are more of them than the bound', async () => {
    const rig = createRig()
    const cache = rig.isolate({ stateless: true, maxBytes: 1 })
    for (let n = 0; n <= CONFIG_ABSENCES_MIN; n++)
      await cache.clusterExists(idOf(`x-${n}`), 'issuer', (key) => cache.get(key, rig.background))
    expect(isKnownAbsent(cache, 'x-0')).toBe(false)
    expect(isKnownAbsent(cache, 'x-1')).toBe(true)
  })
})

describe('made-up ids', () => {
  it('cost one read each once the budget is spent, and nothing is told of them', async () => {
    const { rig, cache } = await spent()
    for (let n = 0; n < 20; n++) expect(await rig.exists(cache, `more-${n}`)).toBe('over_budget')
    expect(rig.source.reads).toHaveLength(20)
    expect(isKnownAbsent(cache, 'more-0')).toBe(false)
  })

  it('are looked up again once per interval', async () => {
    const { rig, cache } = await spent()
    rig.pass(UNKNOWN_CLUSTER_REFILL_MILLIS - 1)
    expect(await rig.exists(cache, 'more-1')).toBe('over_budget')
    rig.pass(1)
    expect(await rig.exists(cache, 'more-2')).toBe(false)
    expect(await rig.exists(cache, 'more-3')).toBe('over_budget')
  })

  it('do not keep out a cluster that this isolate has never seen', async () => {
    const { rig, cache } = await spent()
    expect(await rig.get(cache, keyOf('real'))).toMatchObject({ kind: 'in_force' })
    expect(await rig.exists(cache, 'real')).toBe(true)
  })

  it('do not keep out an issuer', async () => {
    const { rig, cache } = await spent()
    expect(await rig.exists(cache, 'other', 'issuer')).toBe(true)
    expect(await rig.exists(cache, 'gone', 'issuer')).toBe(false)
  })

  it.each([
    [CLUSTER_KNOWN_MILLIS - 1, false],
    [CLUSTER_KNOWN_MILLIS, 'over_budget'],
  ] as const)('do not touch a cluster that had a document %i ms ago', async (age, told) => {
    const rig = createRig()
    const cache = rig.isolate({ stateless: true })
    rig.source.put(keyOf('real').text, 'good: 1')
    await rig.get(cache, keyOf('real'))
    await rig.source.delete(keyOf('real').text)
    // Its document is looked for twice before it counts as deleted, and only then is it looked up.
    rig.pass(age - ABSENCE_RECHECK_MILLIS)
    for (let n = 0; n < UNKNOWN_CLUSTER_BUCKET; n++) await rig.exists(cache, `made-up-${n}`)
    expect(await rig.exists(cache, 'real')).toBe(told)
  })
})

function idOf(text: string) {
  const id = parseClusterId(text)
  if (id === undefined) throw new Error(`${text} is no cluster id`)
  return id
}
