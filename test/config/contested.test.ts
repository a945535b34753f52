// Versions that follow each other faster than a store shows them: what was superseded or deleted does not come back,
// neither in an isolate that starts cold nor in one that is warm.
import { describe, expect, it } from 'vitest'
import {
  APPLIED_CONFIRM_MILLIS,
  APPLIED_SETTLE_MILLIS,
  APPLIED_TRUST_MAX_MILLIS,
  CONFIG_FRESH_MILLIS,
  CONFIG_REVALIDATE_MILLIS,
  CONTESTED_MARK_MILLIS,
} from '../../src/core/limits.ts'
import { openRecord } from '../../src/token/applied-record.ts'
import { createRig, KEY, RECORD, type Rig, sealedBy, sealKey } from './rig.ts'

const DUE = CONFIG_REVALIDATE_MILLIS + 1
const SETTLED = APPLIED_SETTLE_MILLIS + CONTESTED_MARK_MILLIS

async function recordIn(rig: Rig) {
  const bytes = rig.state.values.get(RECORD)
  return bytes === undefined ? undefined : (await openRecord(bytes, KEY.text, sealedBy(sealKey(1))))?.record
}

/** An open version is in force in one isolate; within the settle time another one reads the pinned version first. */
async function openThenPinned(afterMillis: number) {
  const rig = createRig()
  const warm = rig.isolate()
  rig.source.put(KEY.text, 'good: open')
  await rig.get(warm)
  rig.pass(afterMillis)
  rig.source.put(KEY.text, 'good: pinned')
  const other = rig.isolate()
  expect(await rig.get(other)).toMatchObject({ value: 'good: pinned' })
  rig.source.put(KEY.text, 'bad: typo')
  rig.pass(DUE)
  return { rig, warm, other }
}

describe('a version that another isolate reads shortly after the one before it', () => {
  it.each([
    ['a cold isolate', 'cold'],
    ['the isolate that holds the version before', 'warm'],
    ['the isolate that read it', 'other'],
  ] as const)('is not undone by a bad document in %s', async (_which, which) => {
    const { rig, warm, other } = await openThenPinned(APPLIED_SETTLE_MILLIS - 1)
    const isolate = { cold: rig.isolate(), warm, other }[which]
    expect(await rig.get(isolate)).toMatchObject({ kind: 'invalid', contested: true })
  })

  it.each(['cold', 'warm', 'other'] as const)('goes on once the settle time is over: %s', async (which) => {
    const { rig, warm, other } = await openThenPinned(APPLIED_SETTLE_MILLIS)
    const isolate = { cold: rig.isolate(), warm, other }[which]
    expect(await rig.get(isolate)).toMatchObject({ value: 'good: pinned' })
  })

  it('goes on in an isolate that has read it long enough after the contest', async () => {
    const rig = createRig()
    rig.source.put(KEY.text, 'good: open')
    await rig.get(rig.isolate())
    rig.source.put(KEY.text, 'good: pinned')
    const other = rig.isolate()
    await rig.get(other)
    for (let passed = 0; passed < SETTLED; passed += CONFIG_FRESH_MILLIS + 1) {
      rig.pass(CONFIG_FRESH_MILLIS + 1)
      await rig.get(other)
    }
    rig.source.put(KEY.text, 'bad: typo')
    rig.pass(DUE)
    expect(await rig.get(other)).toMatchObject({ value: 'good: pinned' })
    expect(await rig.get(rig.isolate())).toMatchObject({ value: 'good: pinned' })
  })

  it('is followed by a third one, which is contested as well', async () => {
    const rig = createRig()
    for (const text of ['good: 1', 'good: 2', 'good: 3']) {
      rig.source.put(KEY.text, text)
      await rig.get(rig.isolate())
      rig.pass(APPLIED_SETTLE_MILLIS / 2)
    }
    const record = await recordIn(rig)
    expect(record?.kind === 'contested' && record.rivals).toHaveLength(3)
  })

  it('costs few writes when cold isolates read what is contested already, and none once it is settled', async () => {
    const rig = createRig()
    for (const text of ['good: 1', 'good: 2']) {
      rig.source.put(KEY.text, text)
      await rig.get(rig.isolate())
    }
    rig.state.writes.length = 0
    const isolates = 1000
    for (let isolate = 0; isolate < isolates; isolate++) {
      rig.pass((2 * APPLIED_SETTLE_MILLIS) / isolates)
      await rig.get(rig.isolate())
    }
    expect(rig.state.writes.length).toBeLessThanOrEqual(APPLIED_SETTLE_MILLIS / CONTESTED_MARK_MILLIS + 1)
    expect(await recordIn(rig)).toMatchObject({ text: 'good: 2' })
  })
})

describe('a deletion that an isolate has not noticed', () => {
  it('is not undone by a record that this isolate writes shortly after it', async () => {
    const rig = createRig()
    const behind = rig.isolate()
    await rig.get(behind)
    rig.pass(1)
    rig.source.put(KEY.text, 'good: 1')
    await rig.get(rig.isolate())
    rig.source.values.delete(KEY.text)
    await rig.get(rig.isolate())
    // To this isolate the store shows the document for a while yet.
    rig.source.put(KEY.text, 'good: 1')
    rig.pass(CONFIG_FRESH_MILLIS + 1)
    await rig.get(behind)
    rig.pass(DUE)
    rig.source.put(KEY.text, 'bad: 2')
    expect(await rig.get(rig.isolate())).toMatchObject({ kind: 'invalid' })
    expect(await rig.get(behind)).toMatchObject({ kind: 'invalid' })
  })
})

describe('a version of the record that no longer compiles', () => {
  it('leaves nothing in force, and not the one before it that is in memory', async () => {
    const rig = createRig()
    const sleeper = rig.isolate()
    rig.source.put(KEY.text, 'good: 1')
    await rig.get(sleeper)
    rig.pass(APPLIED_SETTLE_MILLIS)
    rig.source.put(KEY.text, 'good: 2')
    await rig.get(rig.isolate())
    rig.rejected.add('good: 2')
    rig.source.put(KEY.text, 'bad: 3')
    rig.pass(DUE)
    for (let reads = 0; reads < 3; reads++) {
      expect(await rig.get(sleeper)).toMatchObject({ kind: 'invalid', contested: false })
      rig.pass(DUE)
    }
  })
})

describe('a contest that an isolate finds by a bad document', () => {
  it('is on record before that isolate answers', async () => {
    const rig = createRig()
    const behind = rig.isolate()
    rig.source.put(KEY.text, 'good: 1')
    await rig.get(behind)
    rig.pass(APPLIED_SETTLE_MILLIS)
    rig.source.put(KEY.text, 'good: 2')
    await rig.get(rig.isolate())
    rig.source.put(KEY.text, 'good: 1')
    rig.pass(DUE)
    await rig.get(behind)
    rig.source.put(KEY.text, 'bad: 3')
    rig.pass(DUE)
    await rig.run(behind.get(KEY, rig.background))
    expect(await recordIn(rig)).toMatchObject({ kind: 'contested' })
  })

  it('is looked at again as soon as it can be settled', async () => {
    const rig = createRig()
    rig.source.put(KEY.text, 'good: 1')
    await rig.get(rig.isolate())
    rig.source.put(KEY.text, 'good: 2')
    const other = rig.isolate()
    await rig.get(other)
    expect(await recordIn(rig)).toMatchObject({ kind: 'contested' })
    rig.pass(SETTLED)
    await rig.get(other)
    expect(await recordIn(rig)).toMatchObject({ text: 'good: 2' })
  })
})

describe('a record', () => {
  it.each([
    [APPLIED_TRUST_MAX_MILLIS, 'in_force'],
    [APPLIED_TRUST_MAX_MILLIS + 1, 'invalid'],
  ])('confirmed %i ms ago leaves a cold isolate with: %s', async (millis, kind) => {
    const rig = createRig()
    rig.source.put(KEY.text, 'good: 1')
    await rig.get(rig.isolate())
    rig.pass(millis)
    rig.source.put(KEY.text, 'bad: 2')
    expect(await rig.get(rig.isolate())).toMatchObject({ kind })
  })

  it('is confirmed once a day while its version is in force, and holds after a year', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    rig.source.put(KEY.text, 'good: 1')
    const hours = 365 * 24
    for (let hour = 0; hour < hours; hour++) {
      await rig.get(cache)
      rig.pass(3_600_000)
      await rig.get(cache)
    }
    expect(rig.state.writes.length).toBeLessThanOrEqual(hours / 24 + 1)
    expect(rig.state.writes.length).toBeGreaterThan(hours / 26)
    rig.source.put(KEY.text, 'bad: 2')
    rig.pass(DUE)
    expect(await rig.get(cache)).toMatchObject({ value: 'good: 1' })
    expect(await rig.get(rig.isolate())).toMatchObject({ value: 'good: 1' })
    expect(await recordIn(rig)).toMatchObject({ appliedAtMillis: expect.any(Number), text: 'good: 1' })
  })

  it('is confirmed while a bad document leaves its version in force', async () => {
    const rig = createRig()
    rig.source.put(KEY.text, 'good: 1')
    await rig.get(rig.isolate())
    rig.source.put(KEY.text, 'bad: 2')
    const cache = rig.isolate()
    for (let passed = 0; passed < 3 * APPLIED_TRUST_MAX_MILLIS; passed += APPLIED_CONFIRM_MILLIS) {
      rig.pass(APPLIED_CONFIRM_MILLIS)
      expect(await rig.get(cache)).toMatchObject({ value: 'good: 1' })
    }
    expect(await rig.get(rig.isolate())).toMatchObject({ value: 'good: 1' })
  })
})
