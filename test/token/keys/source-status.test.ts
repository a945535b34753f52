import { describe, expect, it } from 'vitest'
import { describeFailure } from '../../../src/token/keys/key-refusals.ts'
import type { LoadFailure } from '../../../src/token/keys/load-outcome.ts'
import { createSource, recordLoad, type SourceState } from '../../../src/token/keys/source-state.ts'
import { describeAges, describeSource } from '../../../src/token/keys/source-status.ts'

const START = 1_760_000_000_000
const FAILURE: LoadFailure = {
  document: 'keys',
  url: 'https://oidc.example.com/keys',
  kind: 'connection_refused',
  facts: {},
}

/** Keys that were loaded at the start, for 60 seconds. */
function loaded(atMillis = START): SourceState {
  const state = createSource(atMillis)
  recordLoad(state, { ok: true, keys: { keys: [], skipped: [], count: 0 }, bytes: 11, ageMaxSeconds: 60 }, atMillis)
  return state
}

function failed(state = createSource(START)): SourceState {
  recordLoad(state, { ok: false, failure: FAILURE }, START)
  return state
}

describe('describeSource()', () => {
  it('says of a source that is not in memory that nothing is known', () => {
    expect(describeSource('id', undefined, START)).toEqual({
      id: 'id',
      loaded: false,
      keyCount: 0,
      skipped: [],
      stale: false,
      consecutiveFailures: 0,
    })
  })

  it('says how old keys are, and that they are stale from their age on', () => {
    const at = (millis: number) => describeSource('id', loaded(), START + millis)
    expect(at(59_999)).toMatchObject({ loaded: true, lastSuccessMillis: START, ageSeconds: 59, stale: false })
    expect(at(60_000)).toMatchObject({ ageSeconds: 60, stale: true })
    expect(at(0)).not.toHaveProperty('lastFailure')
  })

  it('says what failed, and when the next attempt is', () => {
    expect(describeSource('id', failed(), START)).toMatchObject({
      loaded: false,
      stale: false,
      consecutiveFailures: 1,
      lastFailure: { atMillis: START, cause: 'connection_refused' },
      nextAttemptMillis: START + 1000,
    })
  })
})

describe('describeAges()', () => {
  it.each<[string, readonly SourceState[], object]>([
    ['none', [], { count: 0, stale: 0, failing: 0, oldestMillis: undefined }],
    ['one that never loaded', [createSource(START)], { count: 0, stale: 0, failing: 0, oldestMillis: undefined }],
    ['one that failed', [failed()], { count: 0, stale: 0, failing: 1, oldestMillis: undefined }],
    ['keys whose issuer fails now', [failed(loaded())], { count: 1, stale: 1, failing: 1, oldestMillis: START }],
    [
      'some, of which the first is stale',
      [loaded(), loaded(START + 1), loaded(START + 2)],
      { count: 3, stale: 1, failing: 0, oldestMillis: START },
    ],
    [
      'some in another order',
      [loaded(START + 2), loaded(START + 1)],
      { count: 2, stale: 0, failing: 0, oldestMillis: START + 1 },
    ],
  ])('counts %s', (_what, states, expected) => {
    expect(describeAges(states, START + 60_000)).toEqual(expected)
  })
})

describe('describeFailure()', () => {
  it.each<[string, Partial<LoadFailure>, boolean]>([
    ['where a connection failed and a proxy is set', { unusedProxy: 'HTTPS_PROXY' }, true],
    ['where no proxy is set', {}, false],
    ['where there was an answer', { unusedProxy: 'HTTPS_PROXY', kind: 'not_found', facts: { status: 404 } }, false],
  ])('speaks of a proxy that is not used %s: %j', (_what, change, isNamed) => {
    expect(describeFailure({ ...FAILURE, ...change }).reason.includes('HTTPS_PROXY')).toBe(isNamed)
  })
})
