// The last version that compiled: kept on record, brought back only while the stored one is bad, never planted, never
// revived after a deletion.
import { describe, expect, it } from 'vitest'
import {
  APPLIED_BACKOFF_MAX_MILLIS,
  APPLIED_BACKOFF_MIN_MILLIS,
  APPLIED_SETTLE_MILLIS,
  CONFIG_FRESH_MILLIS,
  CONFIG_REVALIDATE_MILLIS,
  CONFIG_STALE_MAX_MILLIS,
  CONTESTED_MARK_MILLIS,
  STORE_BACKOFF_MAX_MILLIS,
  STORE_TIMEOUT_MILLIS,
} from '../../src/core/limits.ts'
import { openRecord, sealRecord } from '../../src/token/applied-record.ts'
import { createRig, KEY, keyOf, RECORD, type Rig, sealedBy, sealKey } from './rig.ts'

const DUE = CONFIG_REVALIDATE_MILLIS + 1

/** Replaces the stored document; the next get reads it. */
function put(rig: Rig, text: string | undefined): void {
  if (text === undefined) rig.source.values.delete(KEY.text)
  else rig.source.put(KEY.text, text)
  rig.pass(DUE)
}

/** A store in which `good: 1` was applied, was replaced by a bad document, and every isolate is gone. */
async function goodThenBad() {
  const rig = createRig()
  put(rig, 'good: 1')
  await rig.get(rig.isolate())
  put(rig, 'bad: 2')
  return rig
}

async function recordIn(rig: Rig, key = KEY) {
  const bytes = rig.state.values.get(`applied/${key.text}`)
  return bytes === undefined ? undefined : (await openRecord(bytes, key.text, sealedBy(sealKey(1))))?.record
}

describe('a document that does not compile', () => {
  it('leaves the previous one in force, and its issues show', async () => {
    const rig = createRig()
    const cache = rig.isolate({ stateless: true })
    put(rig, 'good: 1')
    const before = await rig.get(cache)
    put(rig, 'bad: 2')
    const after = await rig.get(cache)
    expect(after).toMatchObject({ kind: 'in_force', value: 'good: 1', stale: false, issues: [{ code: 'yaml_syntax' }] })
    if (before.kind !== 'in_force' || after.kind !== 'in_force') throw new Error('both are in force')
    expect(after.digest).toBe(before.digest)
    expect(after.desiredDigest).not.toBe(before.digest)
    expect(after.appliedAtMillis).toBe(before.appliedAtMillis)
    expect(after.attemptedAtMillis).toBe(rig.clock())
  })

  it('leaves it in force for as long as the store can be read', async () => {
    const rig = await goodThenBad()
    const cache = rig.isolate()
    for (let hours = 0; hours < 50; hours++) {
      rig.pass(CONFIG_STALE_MAX_MILLIS)
      expect(await rig.get(cache)).toMatchObject({ value: 'good: 1', stale: false })
    }
  })

  it('leaves it in force in an isolate that starts cold', async () => {
    const rig = await goodThenBad()
    const read = await rig.get(rig.isolate())
    expect(read).toMatchObject({ kind: 'in_force', value: 'good: 1', stale: false, issues: [{ code: 'yaml_syntax' }] })
  })

  it('is invalid, with its issues, when none has ever compiled', async () => {
    const rig = createRig()
    put(rig, 'bad: 1')
    expect(await rig.get(rig.isolate())).toMatchObject({ kind: 'invalid', stale: false, issues: [{ line: 3 }] })
  })

  it('is invalid to a cold isolate that keeps no records', async () => {
    const rig = await goodThenBad()
    expect(await rig.get(rig.isolate({ stateless: true }))).toMatchObject({ kind: 'invalid' })
    expect(await rig.get(rig.isolate({ sealKeys: [] }))).toMatchObject({ kind: 'invalid' })
  })

  it('gives way to one that does, and is gone from the issues', async () => {
    const rig = await goodThenBad()
    const cache = rig.isolate()
    await rig.get(cache)
    put(rig, 'good: 3')
    expect(await rig.get(cache)).toMatchObject({ value: 'good: 3', issues: [] })
    put(rig, 'bad: 4')
    expect(await rig.get(rig.isolate())).toMatchObject({ value: 'good: 3' })
  })

  it('is compiled once, however often it is read', async () => {
    const rig = await goodThenBad()
    const cache = rig.isolate()
    rig.compiled.length = 0
    for (let reads = 0; reads < 10; reads++) {
      await rig.get(cache)
      rig.pass(DUE)
    }
    expect(rig.compiled).toEqual(['bad: 2', 'good: 1'])
  })

  it('and on which the compiler throws is bad as well', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    put(rig, 'throw: 1')
    expect(await rig.get(cache)).toMatchObject({ kind: 'invalid', issues: [{ code: 'value_invalid' }] })
    put(rig, 'good: 2')
    await rig.get(cache)
    put(rig, 'throw: 3')
    expect(await rig.get(cache)).toMatchObject({ value: 'good: 2' })
  })
})

describe('a document that compiles', () => {
  it('is compiled once per digest', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    for (const text of ['good: 1', 'good: 1', 'bad: 2', 'good: 1', 'good: 1']) {
      put(rig, text)
      await rig.get(cache)
    }
    expect(rig.compiled).toEqual(['good: 1', 'bad: 2'])
  })

  it('displaces the previous one even if it denies all, and becomes the last good version', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    put(rig, 'good: 1')
    await rig.get(cache)
    put(rig, 'good: deny')
    expect(await rig.get(cache)).toMatchObject({ value: 'good: deny', warnings: [{ code: 'deny_all' }], issues: [] })
    put(rig, 'bad: 3')
    expect(await rig.get(rig.isolate())).toMatchObject({ value: 'good: deny' })
  })

  it('is not looked for on record', async () => {
    const rig = createRig()
    put(rig, 'good: 1')
    await rig.get(rig.isolate())
    rig.state.readTrouble = 'error'
    put(rig, 'good: 2')
    expect(await rig.get(rig.isolate())).toMatchObject({ value: 'good: 2', stale: false })
  })
})

describe('a version that an isolate slept through', () => {
  it('is in force rather than the older one in its memory', async () => {
    const rig = createRig()
    const sleeper = rig.isolate()
    put(rig, 'good: 1')
    await rig.get(sleeper)
    put(rig, 'good: 2')
    rig.pass(APPLIED_SETTLE_MILLIS)
    await rig.get(rig.isolate())
    put(rig, 'bad: 3')
    expect(await rig.get(sleeper)).toMatchObject({ value: 'good: 2' })
  })

  it('does not hide behind a record from before what is in memory', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    put(rig, 'good: 1')
    await rig.get(cache)
    rig.state.writeTrouble = 'error'
    put(rig, 'good: 2')
    await rig.get(cache)
    expect(await recordIn(rig)).toMatchObject({ text: 'good: 1' })
    put(rig, 'bad: 3')
    expect(await rig.get(cache)).toMatchObject({ value: 'good: 2' })
  })

  it('counts for nothing once its author went back to what the isolate has in memory', async () => {
    const rig = createRig()
    const sleeper = rig.isolate()
    put(rig, 'good: 1')
    await rig.get(sleeper)
    rig.pass(APPLIED_SETTLE_MILLIS)
    put(rig, 'good: 2')
    await rig.get(rig.isolate())
    expect(await recordIn(rig)).toMatchObject({ text: 'good: 2' })
    put(rig, 'good: 1')
    rig.pass(APPLIED_SETTLE_MILLIS - DUE)
    await rig.get(sleeper)
    put(rig, 'bad: 3')
    expect(await rig.get(sleeper)).toMatchObject({ value: 'good: 1' })
  })

  it('leaves nothing in force where the isolate may have read what was before it', async () => {
    const rig = createRig()
    const sleeper = rig.isolate()
    put(rig, 'good: 1')
    await rig.get(sleeper)
    rig.pass(APPLIED_SETTLE_MILLIS)
    rig.source.put(KEY.text, 'good: 2')
    await rig.get(rig.isolate())
    // Elsewhere the store still shows the version before, or its author went back to it: a read cannot tell.
    rig.source.put(KEY.text, 'good: 1')
    rig.pass(APPLIED_SETTLE_MILLIS - 1)
    await rig.get(sleeper)
    put(rig, 'bad: 3')
    expect(await rig.get(sleeper)).toMatchObject({ kind: 'invalid', contested: true })
    expect(await recordIn(rig)).toMatchObject({ kind: 'contested' })
    expect(await rig.get(rig.isolate())).toMatchObject({ kind: 'invalid', contested: true })
  })

  it('or a deletion that it slept through, ends what is in its memory', async () => {
    const rig = createRig()
    const sleeper = rig.isolate()
    put(rig, 'good: 1')
    await rig.get(sleeper)
    put(rig, undefined)
    await rig.get(rig.isolate())
    put(rig, 'bad: 2')
    expect(await rig.get(sleeper)).toMatchObject({ kind: 'invalid' })
  })
})

describe('a deletion', () => {
  it('denies, whatever is on record, and does not ask the record first', async () => {
    const rig = await goodThenBad()
    put(rig, undefined)
    rig.state.readTrouble = 'error'
    expect(await rig.get(rig.isolate())).toEqual({ kind: 'absent', stale: false })
  })

  it.each([
    ['the isolate that saw it', 0],
    ['one that starts cold afterwards', 1],
  ])('followed by a bad document brings nothing back in %s', async (_which, cold) => {
    const rig = await goodThenBad()
    const cache = rig.isolate()
    expect(await rig.get(cache)).toMatchObject({ value: 'good: 1' })
    put(rig, undefined)
    expect(await rig.get(cache)).toMatchObject({ kind: 'absent' })
    expect(await recordIn(rig)).toEqual({ kind: 'deleted', key: KEY.text, atMillis: rig.clock() })
    put(rig, 'bad: 3')
    expect(await rig.get(cold === 1 ? rig.isolate() : cache)).toMatchObject({ kind: 'invalid' })
  })

  it('seen by an isolate holds there against the old record, should somebody put it back', async () => {
    const rig = await goodThenBad()
    const old = rig.state.values.get(RECORD) ?? new Uint8Array()
    const cache = rig.isolate()
    put(rig, undefined)
    await rig.get(cache)
    rig.state.values.set(RECORD, old)
    put(rig, 'bad: 3')
    expect(await rig.get(cache)).toMatchObject({ kind: 'invalid' })
  })

  it('is buried again if an isolate that had not seen it yet put the record back', async () => {
    const rig = await goodThenBad()
    const old = rig.state.values.get(RECORD) ?? new Uint8Array()
    const cache = rig.isolate()
    put(rig, undefined)
    await rig.get(cache)
    rig.state.values.set(RECORD, old)
    rig.pass(APPLIED_SETTLE_MILLIS)
    await rig.get(cache)
    expect(await recordIn(rig)).toMatchObject({ kind: 'deleted' })
  })

  it('writes one tombstone, however often it is read', async () => {
    const rig = await goodThenBad()
    put(rig, undefined)
    rig.state.writes.length = 0
    for (let isolate = 0; isolate < 3; isolate++) {
      const cache = rig.isolate()
      for (let reads = 0; reads < 5; reads++) {
        await rig.get(cache)
        rig.pass(DUE)
      }
    }
    expect(rig.state.writes).toEqual([RECORD])
  })

  it('of what never was writes nothing: made-up cluster ids do not fill the store', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    for (let id = 0; id < 100; id++) await rig.get(cache, keyOf(`x-${id}`))
    expect(rig.state.writes).toEqual([])
  })

  it('whose tombstone cannot be written is tried again', async () => {
    const rig = await goodThenBad()
    const cache = rig.isolate()
    rig.state.writeTrouble = 'error'
    put(rig, undefined)
    await rig.get(cache)
    rig.state.writeTrouble = 'none'
    rig.pass(DUE)
    await rig.get(cache)
    expect(await recordIn(rig)).toMatchObject({ kind: 'deleted' })
  })

  it('that is undone makes a new record', async () => {
    const rig = await goodThenBad()
    const cache = rig.isolate()
    put(rig, undefined)
    await rig.get(cache)
    put(rig, 'good: 1')
    await rig.get(cache)
    put(rig, 'bad: 2')
    expect(await rig.get(rig.isolate())).toMatchObject({ value: 'good: 1' })
  })
})

describe('a record that does not fit', () => {
  it.each<[string, (rig: Rig, record: string) => Promise<string> | string]>([
    ['is nothing but the document', () => 'good: 1'],
    ['is empty', () => ''],
    ['was edited', (_rig, record) => record.replace(/.(?=\.[^.]*$)/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['lost its signature', (_rig, record) => record.slice(0, record.lastIndexOf('.') + 1)],
    [
      'is of another key of the store',
      async (rig) => {
        rig.source.put(keyOf('c-2').text, 'good: planted')
        await rig.get(rig.isolate(), keyOf('c-2'))
        return new TextDecoder().decode(rig.state.values.get(`applied/${keyOf('c-2').text}`))
      },
    ],
    [
      'is sealed by a key that is not ours',
      async () => {
        const other = createRig()
        put(other, 'good: planted')
        await other.get(other.isolate({ sealKeys: [sealKey(9)] }))
        return new TextDecoder().decode(other.state.values.get(RECORD))
      },
    ],
    [
      'has a digest that is not of its text',
      async (rig) => {
        const digest = `sha256:${'0'.repeat(64)}`
        const record = { key: KEY.text, digest, text: 'good: planted' }
        const times = { appliedAtMillis: rig.clock(), confirmedAtMillis: rig.clock(), readAtMillis: rig.clock() }
        return new TextDecoder().decode(
          await sealRecord({ kind: 'applied', ...record, ...times }, sealedBy(sealKey(1))),
        )
      },
    ],
  ])('because it %s counts as absent', async (_why, plant) => {
    const rig = await goodThenBad()
    rig.state.put(RECORD, await plant(rig, new TextDecoder().decode(rig.state.values.get(RECORD))))
    expect(await rig.get(rig.isolate())).toMatchObject({ kind: 'invalid' })
  })

  it('because its text no longer compiles counts as absent, and is compiled once', async () => {
    const rig = createRig()
    put(rig, 'good: 1')
    await rig.get(rig.isolate())
    put(rig, 'bad: 2')
    rig.rejected.add('good: 1')
    const cache = rig.isolate()
    for (let reads = 0; reads < 5; reads++) {
      expect(await rig.get(cache)).toMatchObject({ kind: 'invalid' })
      rig.pass(DUE)
    }
    expect(rig.compiled).toEqual(['good: 1', 'bad: 2', 'good: 1'])
  })

  it('is replaced by the next version that compiles', async () => {
    const rig = createRig()
    rig.state.put(RECORD, 'planted')
    put(rig, 'good: 1')
    await rig.get(rig.isolate())
    expect(await recordIn(rig)).toMatchObject({ text: 'good: 1' })
  })
})

describe('seal keys', () => {
  it('that were first once open what they sealed', async () => {
    const rig = await goodThenBad()
    expect(await rig.get(rig.isolate({ sealKeys: [sealKey(2), sealKey(1)] }))).toMatchObject({ value: 'good: 1' })
  })

  it('that are gone do not', async () => {
    const rig = await goodThenBad()
    expect(await rig.get(rig.isolate({ sealKeys: [sealKey(2)] }))).toMatchObject({ kind: 'invalid' })
  })

  it('that are new seal the record again, with the time from which it holds', async () => {
    const rig = createRig()
    put(rig, 'good: 1')
    await rig.get(rig.isolate())
    const before = await recordIn(rig)
    rig.pass(DUE)
    await rig.get(rig.isolate({ sealKeys: [sealKey(2), sealKey(1)] }))
    const bytes = rig.state.values.get(RECORD) ?? new Uint8Array()
    const now = { confirmedAtMillis: rig.clock(), readAtMillis: rig.clock() }
    expect(await openRecord(bytes, KEY.text, sealedBy(sealKey(2)))).toEqual({
      record: { ...before, ...now },
      current: true,
    })
  })

  it('that are new leave the record as it is while the document is bad', async () => {
    const rig = await goodThenBad()
    const cache = rig.isolate({ sealKeys: [sealKey(2), sealKey(1)] })
    await rig.get(cache)
    rig.pass(DUE)
    await rig.get(cache)
    expect(await recordIn(rig)).toMatchObject({ text: 'good: 1' })
    expect(await rig.get(rig.isolate())).toMatchObject({ value: 'good: 1' })
  })
})

describe('the store of records', () => {
  it('that fails while the document is bad lets what is in memory serve, stale, for an hour', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    put(rig, 'good: 1')
    await rig.get(cache)
    rig.state.readTrouble = 'error'
    put(rig, 'bad: 2')
    expect(await rig.get(cache)).toMatchObject({ value: 'good: 1', stale: true })
    rig.pass(CONFIG_STALE_MAX_MILLIS)
    expect(await rig.get(cache)).toMatchObject({ kind: 'unavailable' })
  })

  it.each(['error', 'hang'] as const)('by %s makes a cold isolate unavailable, never "never compiled"', async (how) => {
    const rig = await goodThenBad()
    const cache = rig.isolate()
    rig.state.readTrouble = how
    expect(await rig.get(cache)).toMatchObject({ kind: 'unavailable' })
    rig.state.readTrouble = 'none'
    rig.pass(STORE_BACKOFF_MAX_MILLIS)
    expect(await rig.get(cache)).toMatchObject({ value: 'good: 1' })
  })

  it.each([
    ['read', 'error', 0],
    ['read', 'hang', STORE_TIMEOUT_MILLIS],
    ['write', 'error', 0],
    ['write', 'hang', STORE_TIMEOUT_MILLIS],
  ] as const)('whose %s ends in %s delays a first decision by %i ms, and is told once', async (what, how, millis) => {
    const rig = createRig()
    const cache = rig.isolate()
    rig.state[what === 'read' ? 'readTrouble' : 'writeTrouble'] = how
    put(rig, 'good: 1')
    const before = rig.clock()
    const first = await rig.run(cache.get(KEY, rig.background))
    expect(first).toMatchObject({ value: 'good: 1' })
    expect(rig.clock()).toBe(before + millis)
    for (let reads = 0; reads < 5; reads++) {
      rig.pass(DUE)
      const asked = rig.clock()
      await rig.run(cache.get(KEY, rig.background))
      expect(rig.clock()).toBe(asked)
      await rig.idle()
    }
    if (first.kind !== 'in_force') throw new Error('it is in force')
    expect(rig.told).toEqual([
      { event: 'state_write_failed', key: KEY.text, digest: first.digest, reason: expect.any(String) },
    ])
  })

  it('is written once per version, looked at once more, and never per request', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    rig.source.put(KEY.text, 'good: 1')
    for (let request = 0; request < 100; request++) {
      await rig.get(cache)
      rig.pass(CONFIG_FRESH_MILLIS)
    }
    expect(rig.state.writes).toEqual([RECORD])
    expect(rig.state.reads).toEqual([RECORD, RECORD])
  })

  it('is not written by an isolate that finds the version on record', async () => {
    const rig = createRig()
    put(rig, 'good: 1')
    const first = await rig.get(rig.isolate())
    for (let isolate = 0; isolate < 40; isolate++) {
      const cache = rig.isolate()
      rig.pass(1000)
      await rig.get(cache)
      // Since when it is applied is what the record says, not when this isolate started.
      if (first.kind !== 'in_force') throw new Error('the first is in force')
      expect(await rig.get(cache)).toMatchObject({ appliedAtMillis: first.appliedAtMillis })
    }
    expect(rig.state.writes).toEqual([RECORD])
  })

  it('that refuses a write is asked again, after a wait that doubles up to its bound', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    rig.source.put(KEY.text, 'good: 1')
    rig.state.writeTrouble = 'error'
    await rig.get(cache)
    let writes = 1
    let waited = 0
    for (let wait = APPLIED_BACKOFF_MIN_MILLIS; writes < 10; wait = Math.min(wait * 2, APPLIED_BACKOFF_MAX_MILLIS)) {
      waited = 0
      // Only a read of the document looks after its record, so no sooner than the wait, and soon after.
      for (const failed = writes; writes === failed; writes = rig.state.writes.length) {
        rig.pass(CONFIG_FRESH_MILLIS + 1)
        waited += CONFIG_FRESH_MILLIS + 1
        await rig.get(cache)
      }
      expect(waited).toBeGreaterThanOrEqual(wait)
      expect(waited).toBeLessThan(wait + 2 * (CONFIG_FRESH_MILLIS + 1))
    }
    rig.state.writeTrouble = 'none'
    rig.pass(APPLIED_BACKOFF_MAX_MILLIS)
    await rig.get(cache)
    expect(await recordIn(rig)).toMatchObject({ text: 'good: 1' })
  })

  it('names neither of two versions that were read shortly after each other, until one has been read for long', async () => {
    const rig = createRig()
    put(rig, 'good: 2')
    await rig.get(rig.isolate())
    // A cold isolate elsewhere still reads the version before, or its author went back to it.
    rig.source.put(KEY.text, 'good: 1')
    const other = rig.isolate()
    rig.pass(APPLIED_SETTLE_MILLIS - 1)
    expect(await rig.get(other)).toMatchObject({ value: 'good: 1' })
    expect(await recordIn(rig)).toMatchObject({ kind: 'contested' })
    rig.pass(CONTESTED_MARK_MILLIS)
    await rig.get(rig.isolate())
    expect(await recordIn(rig)).toMatchObject({ kind: 'contested' })
    rig.pass(1)
    await rig.get(rig.isolate())
    expect(await recordIn(rig)).toMatchObject({ text: 'good: 1' })
  })

  it('that refused one version for long is asked for the next one at once', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    rig.state.writeTrouble = 'error'
    rig.source.put(KEY.text, 'good: 1')
    for (let reads = 0; reads < 20; reads++) {
      await rig.get(cache)
      rig.pass(DUE)
    }
    rig.source.put(KEY.text, 'good: 2')
    await rig.get(cache)
    rig.state.writeTrouble = 'none'
    rig.pass(CONFIG_FRESH_MILLIS + 1)
    await rig.get(cache)
    rig.pass(CONFIG_FRESH_MILLIS + 1)
    await rig.get(cache)
    expect(await recordIn(rig)).toMatchObject({ text: 'good: 2' })
    expect(rig.told).toHaveLength(2)
  })

  it('takes a version over a record that is no longer young', async () => {
    const rig = createRig()
    put(rig, 'good: 1')
    await rig.get(rig.isolate())
    rig.source.put(KEY.text, 'good: 2')
    rig.pass(APPLIED_SETTLE_MILLIS)
    await rig.get(rig.isolate())
    expect(await recordIn(rig)).toMatchObject({ text: 'good: 2' })
  })

  it('takes a version at once from the isolate that saw it displace the other', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    for (const text of ['good: 1', 'good: 2', 'good: 3']) {
      rig.source.put(KEY.text, text)
      await rig.get(cache)
      rig.pass(CONFIG_FRESH_MILLIS + 1)
      await rig.get(cache)
    }
    expect(await recordIn(rig)).toMatchObject({ text: 'good: 3' })
  })
})
