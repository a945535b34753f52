import { describe, expect, it } from 'vitest'
import {
  COMPARED_SECTIONS,
  type ComparedDigests,
  createFindingsMemo,
} from '../../../src/config/compile/findings-memo.ts'
import { FINDINGS_MEMO_MAX, FINDINGS_MEMO_MAX_BYTES } from '../../../src/core/limits.ts'

/** A memo whose findings say how often they were computed before. */
function createCounting(size = 0) {
  const memo = createFindingsMemo<{ readonly nth: number; readonly text: string }>()
  let computed = 0
  return {
    ask: (digests: ComparedDigests) => memo(digests, () => ({ nth: ++computed, text: 'x'.repeat(size) })).nth,
    computed: () => computed,
  }
}

const ALL: ComparedDigests = Object.fromEntries(COMPARED_SECTIONS.map((section) => [section, `sha256:${section}`]))
const named = (name: string): ComparedDigests => ({ ...ALL, Cluster: name })

describe('findings across sections', () => {
  it('are computed once for the same versions', () => {
    const { ask } = createCounting()
    expect([ask(ALL), ask({ ...ALL }), ask(ALL)]).toEqual([1, 1, 1])
  })

  it.each(COMPARED_SECTIONS)(
    'are computed again for another version of %s, or none, or the one of another section',
    (section) => {
      const { ask } = createCounting()
      const { [section]: digest, ...others } = ALL
      const moved = Object.fromEntries(COMPARED_SECTIONS.map((name) => [name, name === section ? undefined : digest]))
      const versions = [ALL, { ...ALL, [section]: 'sha256:other' }, others, { [section]: digest }, moved, {}]
      expect(versions.map(ask)).toEqual([1, 2, 3, 4, 5, 6])
      expect(versions.map(ask)).toEqual([1, 2, 3, 4, 5, 6])
    },
  )

  it('of the versions asked for longest ago are forgotten once there are more than the bound', () => {
    const { ask, computed } = createCounting()
    for (let n = 0; n < FINDINGS_MEMO_MAX; n++) ask(named(`${n}`))
    expect(ask(named('0'))).toBe(1)
    ask(named('one more'))
    expect(ask(named('0'))).toBe(1)
    expect(ask(named('1'))).toBe(computed())
  })

  it('take no more memory than the bound', () => {
    const { ask, computed } = createCounting(FINDINGS_MEMO_MAX_BYTES / 2)
    ask(named('a'))
    ask(named('b'))
    expect(ask(named('b'))).toBe(2)
    expect(ask(named('a'))).toBe(computed())
  })

  it('that are over the bound by themselves are computed each time, and push nothing out', () => {
    const memo = createFindingsMemo<string>()
    let computed = 0
    const ask = (name: string, size: number) => memo(named(name), () => `${++computed}${'x'.repeat(size)}`)[0]
    expect([ask('small', 1), ask('large', FINDINGS_MEMO_MAX_BYTES), ask('large', FINDINGS_MEMO_MAX_BYTES)]).toEqual([
      '1',
      '2',
      '3',
    ])
    expect(ask('small', 1)).toBe('1')
    expect(ask('large', 1)).toBe('4')
  })
})
