// Ages, outages, absence and memory: what of a document serves, and for how long.
import { describe, expect, it, vi } from 'vitest'
import { weighCompiled } from '../../../src/config/compile/compiled-weight.ts'
import { trustDomainKey } from '../../../src/config/document-key.ts'
import {
  ABSENCE_RECHECK_MILLIS,
  CONFIG_ABSENCES_MIN,
  CONFIG_CACHE_MAX_BYTES,
  CONFIG_ENTRY_BYTES,
  CONFIG_FRESH_MILLIS,
  CONFIG_REVALIDATE_MILLIS,
  CONFIG_STALE_MAX_MILLIS,
  LEASE_MILLIS,
  LEASE_POLL_MILLIS,
  RECOMPILE_BUCKET,
  RECOMPILE_UNIT_BYTES,
  STORE_BACKOFF_MAX_MILLIS,
  STORE_BACKOFF_MIN_MILLIS,
  STORE_REASON_MAX_LENGTH,
  STORE_TIMEOUT_MILLIS,
} from '../../../src/core/limits.ts'
import { printable } from '../../../src/core/printable.ts'
import { createRig, KEY, keyOf } from '../rig.ts'

/** An isolate that has just read `good: 1`. */
async function warm() {
  const rig = createRig()
  rig.source.put(KEY.text, 'good: 1')
  const cache = rig.isolate()
  expect(await rig.get(cache)).toMatchObject({ kind: 'in_force', value: 'good: 1', stale: false })
  const get = () => rig.get(cache)
  return { rig, cache, get }
}

describe('a copy in memory', () => {
  it('serves as it is while it is fresh', async () => {
    const { rig, get } = await warm()
    rig.source.put(KEY.text, 'good: 2')
    rig.pass(CONFIG_FRESH_MILLIS)
    expect(await get()).toMatchObject({ value: 'good: 1', stale: false })
    expect(rig.source.reads).toHaveLength(1)
    expect(await get()).toMatchObject({ value: 'good: 1' })
  })

  it.each([CONFIG_FRESH_MILLIS + 1, CONFIG_REVALIDATE_MILLIS])(
    'of %i ms serves, and is read again in the background',
    async (age) => {
      const { rig, get } = await warm()
      rig.source.put(KEY.text, 'good: 2')
      rig.pass(age)
      expect(await get()).toMatchObject({ value: 'good: 1', stale: false })
      expect(rig.source.reads).toHaveLength(2)
      expect(await get()).toMatchObject({ value: 'good: 2', stale: false })
    },
  )

  it('that is older is read again before the answer', async () => {
    const { rig, get } = await warm()
    rig.source.put(KEY.text, 'good: 2')
    rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
    expect(await get()).toMatchObject({ value: 'good: 2', stale: false })
  })

  it('is as old as the beginning of its read', async () => {
    const { rig, get } = await warm()
    rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
    rig.source.gate = rig.sleep(STORE_TIMEOUT_MILLIS - 1)
    await get()
    rig.source.gate = undefined
    rig.pass(CONFIG_FRESH_MILLIS - (STORE_TIMEOUT_MILLIS - 1))
    await get()
    expect(rig.source.reads).toHaveLength(2)
    rig.pass(1)
    await get()
    expect(rig.source.reads).toHaveLength(3)
  })

  it('is read again when the clock went back', async () => {
    const { rig, get } = await warm()
    rig.source.put(KEY.text, 'good: 2')
    rig.pass(-CONFIG_STALE_MAX_MILLIS)
    expect(await get()).toMatchObject({ value: 'good: 2', stale: false })
  })

  it('is served for its digest, which is of the stored bytes', async () => {
    const { get } = await warm()
    expect(await get()).toMatchObject({
      digest: 'sha256:51be1df2841ce54cc5fc707d81e883644ecfc43dc59a9f0178dc3e06173b57c1',
    })
  })
})

describe('a store that fails', () => {
  it('while the copy is due in the background leaves it unmarked', async () => {
    const { rig, get } = await warm()
    rig.source.readTrouble = 'error'
    rig.pass(CONFIG_REVALIDATE_MILLIS)
    expect(await get()).toMatchObject({ value: 'good: 1', stale: false })
    expect(await get()).toMatchObject({ value: 'good: 1', stale: false })
  })

  it.each([CONFIG_REVALIDATE_MILLIS + 1, CONFIG_STALE_MAX_MILLIS])(
    'lets a copy of %i ms serve, marked stale',
    async (age) => {
      const { rig, get } = await warm()
      rig.source.readTrouble = 'error'
      rig.pass(age)
      expect(await get()).toMatchObject({ kind: 'in_force', value: 'good: 1', stale: true })
    },
  )

  it('lets no older one serve, and says why and when to try again', async () => {
    const { rig, get } = await warm()
    rig.source.readTrouble = 'error'
    rig.pass(CONFIG_STALE_MAX_MILLIS + 1)
    expect(await get()).toEqual({ kind: 'unavailable', retryAfterSeconds: 1, reason: 'the store is down' })
  })

  it('counts the hour from the last successful read, not from the last answer', async () => {
    const { rig, get } = await warm()
    rig.source.readTrouble = 'error'
    for (let passed = 0; passed < CONFIG_STALE_MAX_MILLIS; passed += CONFIG_STALE_MAX_MILLIS / 10) {
      rig.pass(CONFIG_STALE_MAX_MILLIS / 10)
      expect(await get()).toMatchObject({ kind: 'in_force' })
    }
    rig.pass(1)
    expect(await get()).toMatchObject({ kind: 'unavailable' })
  })

  it('by hanging is given up after the time-out, and then is a store that fails', async () => {
    const { rig, get } = await warm()
    rig.source.readTrouble = 'hang'
    rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
    const before = rig.clock()
    expect(await get()).toMatchObject({ value: 'good: 1', stale: true })
    expect(rig.clock() - before).toBe(STORE_TIMEOUT_MILLIS)
  })

  it('and answers just in time is a store that answers', async () => {
    const { rig, get } = await warm()
    rig.source.put(KEY.text, 'good: 2')
    rig.source.gate = rig.sleep(CONFIG_REVALIDATE_MILLIS + STORE_TIMEOUT_MILLIS)
    rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
    expect(await get()).toMatchObject({ value: 'good: 2', stale: false })
  })

  it('is never taken for absence', async () => {
    const rig = createRig()
    rig.source.readTrouble = 'error'
    const cache = rig.isolate()
    expect(await rig.get(cache)).toMatchObject({ kind: 'unavailable' })
    expect(await rig.exists(cache, 'c-1')).toBe('unavailable')
  })

  it('is asked again after a wait that doubles up to its bound', async () => {
    const rig = createRig()
    rig.source.readTrouble = 'error'
    const cache = rig.isolate()
    let reads = 0
    for (let wait = STORE_BACKOFF_MIN_MILLIS; reads < 8; wait = Math.min(wait * 2, STORE_BACKOFF_MAX_MILLIS)) {
      await rig.get(cache)
      reads++
      expect(rig.source.reads).toHaveLength(reads)
      rig.pass(wait - 1)
      expect(await rig.get(cache)).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 1 })
      expect(rig.source.reads).toHaveLength(reads)
      rig.pass(1)
    }
  })

  it('and works again is forgiven at once', async () => {
    const { rig, get } = await warm()
    rig.source.readTrouble = 'error'
    rig.pass(CONFIG_STALE_MAX_MILLIS + 1)
    await get()
    rig.source.readTrouble = 'none'
    rig.pass(STORE_BACKOFF_MIN_MILLIS)
    expect(await get()).toMatchObject({ value: 'good: 1', stale: false })
    rig.source.readTrouble = 'error'
    rig.pass(CONFIG_STALE_MAX_MILLIS + 1)
    expect(await get()).toMatchObject({ retryAfterSeconds: 1 })
  })

  it('cannot fill the audit record with its message', async () => {
    const rig = createRig()
    for (const length of [STORE_REASON_MAX_LENGTH, STORE_REASON_MAX_LENGTH + 1]) {
      const said = 'x'.repeat(length)
      rig.source.read = async () => Promise.reject(new Error(said))
      expect(await rig.get(rig.isolate())).toMatchObject({ reason: printable(said, STORE_REASON_MAX_LENGTH) })
    }
  })

  it('for one key does not hold back another', async () => {
    const { rig, cache } = await warm()
    rig.source.readTrouble = 'error'
    await rig.get(cache, keyOf('c-2'))
    rig.source.readTrouble = 'none'
    rig.source.put(keyOf('c-3').text, 'good: 3')
    expect(await rig.get(cache, keyOf('c-3'))).toMatchObject({ value: 'good: 3' })
  })
})

describe('absence', () => {
  async function absent() {
    const rig = createRig()
    const cache = rig.isolate()
    expect(await rig.get(cache)).toEqual({ kind: 'absent', stale: false })
    return { rig, cache, get: () => rig.get(cache) }
  }

  it('is remembered, so that an unknown cluster costs no read per request', async () => {
    const { rig, get } = await absent()
    rig.pass(CONFIG_FRESH_MILLIS)
    for (let request = 0; request < 20; request++) expect(await get()).toMatchObject({ kind: 'absent' })
    expect(rig.source.reads).toHaveLength(1)
  })

  it('ends as soon as it is read again: in the background, then before the answer', async () => {
    const { rig, get } = await absent()
    rig.source.put(KEY.text, 'good: 1')
    rig.pass(CONFIG_REVALIDATE_MILLIS)
    expect(await get()).toMatchObject({ kind: 'absent', stale: false })
    expect(await get()).toMatchObject({ value: 'good: 1' })
  })

  it('that is older than that is read again before the answer', async () => {
    const { rig, get } = await absent()
    rig.source.put(KEY.text, 'good: 1')
    rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
    expect(await get()).toMatchObject({ value: 'good: 1' })
  })

  it('outlives a store that fails for as long as a document does', async () => {
    const { rig, get } = await absent()
    rig.source.readTrouble = 'error'
    rig.pass(CONFIG_STALE_MAX_MILLIS)
    expect(await get()).toEqual({ kind: 'absent', stale: true })
    rig.pass(STORE_BACKOFF_MAX_MILLIS)
    expect(await get()).toMatchObject({ kind: 'unavailable' })
  })

  it('by deletion shows within the same bound', async () => {
    const { rig, get } = await warm()
    await rig.source.delete(KEY.text)
    rig.pass(CONFIG_REVALIDATE_MILLIS)
    expect(await get()).toMatchObject({ kind: 'in_force' })
    expect(await get()).toMatchObject({ kind: 'absent' })
  })

  it('by deletion shows at once in a copy that is older', async () => {
    const { rig, get } = await warm()
    await rig.source.delete(KEY.text)
    rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
    expect(await get()).toMatchObject({ kind: 'absent' })
  })
})

describe('clusterExists()', () => {
  it.each(['AgentAttestation', 'Cluster', 'WorkloadAttestation', 'SVIDIssuancePolicy'] as const)(
    'knows a cluster that has %s alone',
    async (section) => {
      const rig = createRig()
      rig.source.put(keyOf('c-1', section).text, 'good: 1')
      expect(await rig.exists(rig.isolate(), 'c-1')).toBe(true)
      expect(await rig.exists(rig.isolate(), 'c-2')).toBe(false)
    },
  )

  it('knows one whose only document is bad', async () => {
    const rig = createRig()
    rig.source.put(keyOf('c-1', 'Cluster').text, 'bad')
    expect(await rig.exists(rig.isolate(), 'c-1')).toBe(true)
  })

  it('reads each section once, then remembers', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    await rig.get(cache)
    for (let request = 0; request < 20; request++) expect(await rig.exists(cache, 'c-1')).toBe(false)
    expect(rig.source.reads).toHaveLength(4)
  })
})

describe('many requests at once', () => {
  it('make one read', async () => {
    const rig = createRig()
    rig.source.put(KEY.text, 'good: 1')
    const cache = rig.isolate()
    rig.source.gate = rig.sleep(LEASE_POLL_MILLIS * 10)
    const reads = await rig.run(Promise.all(Array.from({ length: 40 }, () => cache.get(KEY, rig.background))))
    expect(rig.source.reads).toEqual([KEY.text])
    expect(rig.compiled).toEqual(['good: 1'])
    for (const read of reads) expect(read).toMatchObject({ kind: 'in_force', value: 'good: 1', stale: false })
  })

  it('that find a copy due in the background make one read', async () => {
    const { rig, cache } = await warm()
    rig.pass(CONFIG_FRESH_MILLIS + 1)
    await rig.run(Promise.all(Array.from({ length: 40 }, () => cache.get(KEY, rig.background))))
    await rig.idle()
    expect(rig.source.reads).toHaveLength(2)
  })

  it('all learn of a store that hangs when the one that reads does', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    rig.source.readTrouble = 'hang'
    const before = rig.clock()
    const reads = await rig.run(Promise.all(Array.from({ length: 40 }, () => cache.get(KEY, rig.background))))
    for (const read of reads) expect(read).toMatchObject({ kind: 'unavailable' })
    expect(rig.source.reads).toHaveLength(1)
    expect(rig.clock() - before).toBeLessThan(STORE_TIMEOUT_MILLIS + STORE_BACKOFF_MIN_MILLIS)
  })

  it('do not wait for a request that was cut off for longer than its lease', async () => {
    const rig = createRig()
    rig.source.put(KEY.text, 'good: 1')
    const cache = rig.isolate()
    rig.source.readTrouble = 'hang'
    // Cut off, as Workers do: neither its read nor its time-out ever comes back.
    void cache.get(KEY, rig.background)
    rig.forgetTimers()
    rig.source.readTrouble = 'none'
    const before = rig.clock()
    expect(await rig.get(cache)).toMatchObject({ value: 'good: 1' })
    expect(rig.clock() - before).toBe(LEASE_MILLIS)
  })

  it('believe the read that began later when an earlier one comes back after its lease', async () => {
    const rig = createRig()
    rig.source.put(KEY.text, 'good: 1')
    const cache = rig.isolate()
    let letGo = () => {}
    // Its read lost its time-out, and ends only when it is let go.
    rig.source.gate = new Promise((resolve) => {
      letGo = resolve
    })
    const slow = cache.get(KEY, rig.background)
    await rig.settle()
    rig.forgetTimers()
    rig.source.gate = undefined
    rig.pass(LEASE_MILLIS)
    await rig.source.delete(KEY.text)
    expect(await rig.get(cache)).toMatchObject({ kind: 'absent' })
    rig.source.put(KEY.text, 'good: old')
    letGo()
    expect(await rig.run(slow)).toMatchObject({ kind: 'absent' })
    expect(await rig.get(cache)).toMatchObject({ kind: 'absent' })
  })
})

describe('memory', () => {
  it('is bounded in number, since each counts a kilobyte: the copy longest unused goes, and is read again', async () => {
    const rig = createRig()
    const bytes = new TextEncoder().encode('good: 1')
    const each = CONFIG_ENTRY_BYTES + weighCompiled('good: 1', [], bytes)
    const cache = rig.isolate({ stateless: true, maxBytes: 20 * each })
    for (let id = 0; id <= 20; id++) {
      rig.source.put(keyOf(`c-${id}`).text, 'good: 1')
      await cache.get(keyOf(`c-${id}`), rig.background)
    }
    rig.source.reads.length = 0
    expect(await rig.get(cache, keyOf('c-1'))).toMatchObject({ kind: 'in_force' })
    expect(rig.source.reads).toEqual([])
    expect(await rig.get(cache, keyOf('c-0'))).toMatchObject({ kind: 'in_force' })
    expect(rig.source.reads).toEqual([keyOf('c-0').text])
  })

  it('is bounded by what was compiled', async () => {
    const rig = createRig()
    const cache = rig.isolate({ stateless: true })
    const bytes = new TextEncoder().encode(`good: ${'x'.repeat(1024 * 1024)}`)
    const text = new TextDecoder().decode(bytes)
    const fit = Math.floor(CONFIG_CACHE_MAX_BYTES / (CONFIG_ENTRY_BYTES + weighCompiled(text, [], bytes)))
    for (let id = 0; id <= fit; id++) {
      rig.source.put(keyOf(`c-${id}`).text, text)
      await cache.get(keyOf(`c-${id}`), rig.background)
    }
    rig.source.reads.length = 0
    await rig.get(cache, keyOf('c-1'))
    expect(rig.source.reads).toEqual([])
    await rig.get(cache, keyOf('c-0'))
    expect(rig.source.reads).toEqual([keyOf('c-0').text])
  })

  it('counts the issues of a document that does not compile, and its text, of which they may hold a part', async () => {
    const rig = createRig()
    const cache = rig.isolate({ stateless: true })
    const text = `bad: ${'x'.repeat(1024 * 1024)}`
    const fit = Math.floor(CONFIG_CACHE_MAX_BYTES / (CONFIG_ENTRY_BYTES + text.length))
    for (let id = 0; id <= fit; id++) {
      rig.source.put(keyOf(`c-${id}`).text, text)
      await cache.get(keyOf(`c-${id}`), rig.background)
    }
    rig.source.reads.length = 0
    await rig.get(cache, keyOf('c-0'))
    expect(rig.source.reads).toEqual([keyOf('c-0').text])
  })

  it('that one document alone goes over still holds that document', async () => {
    const rig = createRig()
    const cache = rig.isolate({ stateless: true })
    rig.source.put(KEY.text, `good: ${'x'.repeat(CONFIG_CACHE_MAX_BYTES)}`)
    for (let request = 0; request < 3; request++) expect(await rig.get(cache)).toMatchObject({ kind: 'in_force' })
    expect(rig.compiled).toHaveLength(1)
  })

  describe('with more large documents than fit', () => {
    const MEGABYTE = 1024 * 1024
    const count = Math.ceil((2 * CONFIG_CACHE_MAX_BYTES) / MEGABYTE)
    const keys = Array.from({ length: count }, (_, id) => keyOf(`c-${id}`))

    function crowd() {
      const rig = createRig()
      const cache = rig.isolate({ stateless: true })
      for (const key of keys) rig.source.put(key.text, `good: ${'x'.repeat(MEGABYTE)}`)
      /** Asks for all of them in rotation; yields how often each kind of answer came. */
      async function rotate() {
        const kinds = new Map<string, number>()
        for (const key of keys) {
          const { kind } = await cache.get(key, rig.background)
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
        }
        return kinds
      }
      return { rig, cache, rotate }
    }

    it('compiles each once, and what was evicted within a budget: beyond it a later try is asked for', async () => {
      const { rig, cache, rotate } = crowd()
      expect(await rotate()).toEqual(new Map([['in_force', count]]))
      rig.source.reads.length = 0
      for (let round = 0; round < 3; round++) await rotate()
      const fit = Math.floor((RECOMPILE_BUCKET * RECOMPILE_UNIT_BYTES) / MEGABYTE)
      expect(rig.compiled.length).toBeLessThanOrEqual(count + fit)
      expect(rig.source.reads.length).toBeLessThanOrEqual(fit)
      const unavailable: unknown[] = []
      for (const key of keys) {
        const read = await cache.get(key, rig.background)
        if (read.kind === 'unavailable') unavailable.push(read.retryAfterSeconds > 0 && read.reason.includes('memory'))
      }
      expect(unavailable.length).toBeGreaterThan(count / 3)
      expect(new Set(unavailable)).toEqual(new Set([true]))
    })

    it('keeps what verified callers use, and the documents of the trust domain', async () => {
      const { rig, cache, rotate } = crowd()
      const agents = keyOf('busy')
      rig.source.put(agents.text, `good: ${'y'.repeat(MEGABYTE)}`)
      const ofTrustDomain = trustDomainKey('TrustDomain') as never as typeof agents
      rig.source.put(ofTrustDomain.text, 'good: z')
      await cache.get(agents, rig.background)
      cache.prove(agents)
      await cache.get(ofTrustDomain, rig.background)
      for (let round = 0; round < 2; round++) await rotate()
      rig.source.reads.length = 0
      for (const key of [agents, ofTrustDomain]) expect((await cache.get(key, rig.background)).kind).toBe('in_force')
      expect(rig.source.reads).toEqual([])
    })
  })

  it('for made-up cluster ids is bounded apart, and evicts no configuration', async () => {
    const { rig } = await warm()
    const cache = rig.isolate({ stateless: true, maxBytes: 10_000 })
    await rig.get(cache)
    for (let id = 0; id <= CONFIG_ABSENCES_MIN; id++) await cache.get(keyOf(`x-${id}`), rig.background)
    await rig.idle()
    rig.source.reads.length = 0
    expect(await rig.get(cache)).toMatchObject({ kind: 'in_force' })
    expect(await rig.get(cache, keyOf('x-1'))).toMatchObject({ kind: 'absent' })
    expect(rig.source.reads).toEqual([])
    expect(await rig.get(cache, keyOf('x-0'))).toMatchObject({ kind: 'absent' })
    expect(rig.source.reads).toEqual([keyOf('x-0').text])
  })

  it('is read again after an eviction, never assumed: not even while the store is down', async () => {
    const { rig } = await warm()
    const cache = rig.isolate({ maxBytes: 20 * CONFIG_ENTRY_BYTES })
    await rig.get(cache)
    for (let id = 0; id < 20; id++) {
      rig.source.put(keyOf(`y-${id}`).text, 'good: 1')
      await cache.get(keyOf(`y-${id}`), rig.background)
    }
    await rig.idle()
    rig.source.readTrouble = 'error'
    expect(await rig.get(cache)).toMatchObject({ kind: 'unavailable' })
  })
})

describe('a document that is absent for a moment', () => {
  /** From now on it is absent, and put back as `text` after so many milliseconds, as by a tool that replaces files. */
  function blink(rig: Awaited<ReturnType<typeof warm>>['rig'], millis: number, text = 'good: 1'): void {
    const backAtMillis = rig.clock() + millis
    const { read } = rig.source
    vi.spyOn(rig.source, 'read').mockImplementation((key) => {
      if (key !== KEY.text) return read(key)
      rig.source.reads.push(key)
      return Promise.resolve(rig.clock() < backAtMillis ? undefined : new TextEncoder().encode(text))
    })
  }

  it.each([
    ['at the limit', ABSENCE_RECHECK_MILLIS, 'in_force'],
    ['over the limit', ABSENCE_RECHECK_MILLIS + 1, 'absent'],
  ])('is absent only if it is when it is looked for again: %s', async (_what, millis, kind) => {
    const { rig, get } = await warm()
    rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
    blink(rig, millis)
    expect(await get()).toMatchObject({ kind })
    expect(rig.source.reads).toHaveLength(3)
  })

  it('delays no request while it is read in the background', async () => {
    const { rig, cache, get } = await warm()
    rig.pass(CONFIG_FRESH_MILLIS + 1)
    blink(rig, ABSENCE_RECHECK_MILLIS)
    const before = rig.clock()
    expect(await rig.run(cache.get(KEY, rig.background))).toMatchObject({ kind: 'in_force' })
    expect(rig.clock()).toBe(before)
    await rig.idle()
    rig.pass(CONFIG_FRESH_MILLIS)
    expect(await get()).toMatchObject({ kind: 'in_force' })
  })

  it('is the newer version at once if it is put back as one', async () => {
    const { rig, get } = await warm()
    rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
    blink(rig, ABSENCE_RECHECK_MILLIS, 'good: 2')
    expect(await get()).toMatchObject({ kind: 'in_force', value: 'good: 2' })
  })

  it('is the bad version that it is put back as, with the good one in force', async () => {
    const { rig, get } = await warm()
    rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
    blink(rig, ABSENCE_RECHECK_MILLIS, 'bad: 2')
    expect(await get()).toMatchObject({ kind: 'in_force', value: 'good: 1', issues: [{}] })
  })

  it('is looked for once where this isolate never had it', async () => {
    const rig = createRig()
    blink(rig, ABSENCE_RECHECK_MILLIS)
    expect(await rig.get(rig.isolate())).toMatchObject({ kind: 'absent' })
    expect(rig.source.reads).toHaveLength(1)
  })

  it('is looked for within one time-out of the store, and serves on if that ends first', async () => {
    const { rig, get } = await warm()
    rig.pass(CONFIG_REVALIDATE_MILLIS + 1)
    vi.spyOn(rig.source, 'read').mockResolvedValueOnce(undefined)
    rig.source.readTrouble = 'hang'
    const before = rig.clock()
    expect(await get()).toMatchObject({ kind: 'in_force', stale: true })
    expect(rig.clock() - before).toBe(STORE_TIMEOUT_MILLIS)
  })
})
