// What is reported of one load after another: the first failure, another kind of failure, and the recovery.
import { describe, expect, it } from 'vitest'
import { KEY_SET_STALE_MAX_SECONDS } from '../../../src/core/limits.ts'
import { readKeySet } from '../../../src/token/keys/key-set.ts'
import { describeLoad } from '../../../src/token/keys/key-source-events.ts'
import type { Loaded, LoadFailure } from '../../../src/token/keys/load-outcome.ts'
import { createSource, recordLoad } from '../../../src/token/keys/source-state.ts'
import { createSigningKey } from '../issuer.ts'

const ISSUER = 'https://oidc.example.com/id/1'
const keys = readKeySet({ keys: [(await createSigningKey('key-1')).publicJwk] })
if (keys === undefined) throw new Error('not a key set')
const GOOD: Loaded = { ok: true, keys, bytes: 1, ageMaxSeconds: 300 }
const failing = (
  document: LoadFailure['document'],
  kind: LoadFailure['kind'],
  facts: LoadFailure['facts'],
): Loaded => ({
  ok: false,
  failure: { document, url: `${ISSUER}/x`, kind, facts },
})
const DOWN = failing('discovery', 'answer_timeout', { millis: 1 })
const BROKEN = failing('discovery', 'server_error', { status: 500 })

/** The events of these loads, each at its second. */
function eventsOf(loads: readonly (readonly [atSeconds: number, loaded: Loaded])[]): readonly string[] {
  const state = createSource(0)
  return loads.flatMap(([atSeconds, loaded]) => {
    const before = { failures: state.failures, failure: state.lastFailure?.failure }
    recordLoad(state, loaded, atSeconds * 1000)
    const event = describeLoad({ kind: 'discovery', issuer: ISSUER }, before, state, atSeconds * 1000)
    if (event === undefined) return []
    const facts = event.event === 'issuer_fetch_failed' ? event.cause : `after ${event.failures}`
    return [`${event.event} ${facts}, ${event.keysInHand} in hand`]
  })
}

describe('the events of an issuer', () => {
  it.each<[string, readonly (readonly [number, Loaded])[], readonly string[]]>([
    [
      'none while all is well',
      [
        [0, GOOD],
        [1, GOOD],
      ],
      [],
    ],
    [
      'one for failures of one kind',
      [
        [0, DOWN],
        [1, DOWN],
        [2, DOWN],
      ],
      ['issuer_fetch_failed answer_timeout, 0 in hand'],
    ],
    [
      'one for each kind of failure',
      [
        [0, DOWN],
        [1, BROKEN],
        [2, BROKEN],
      ],
      ['issuer_fetch_failed answer_timeout, 0 in hand', 'issuer_fetch_failed server_error, 0 in hand'],
    ],
    [
      'one for the same failure of the other document',
      [
        [0, BROKEN],
        [1, failing('keys', 'server_error', { status: 500 })],
      ],
      ['issuer_fetch_failed server_error, 0 in hand', 'issuer_fetch_failed server_error, 0 in hand'],
    ],
    [
      'one for the recovery, with what had failed',
      [
        [0, DOWN],
        [1, DOWN],
        [2, GOOD],
        [3, GOOD],
      ],
      ['issuer_fetch_failed answer_timeout, 0 in hand', 'issuer_fetch_recovered after 2, 1 in hand'],
    ],
    [
      'one for the same failure after a recovery',
      [
        [0, GOOD],
        [1, DOWN],
        [2, GOOD],
        [3, DOWN],
      ],
      [
        'issuer_fetch_failed answer_timeout, 1 in hand',
        'issuer_fetch_recovered after 1, 1 in hand',
        'issuer_fetch_failed answer_timeout, 1 in hand',
      ],
    ],
    [
      'with the keys as long as they serve',
      [
        [0, GOOD],
        [KEY_SET_STALE_MAX_SECONDS, DOWN],
      ],
      ['issuer_fetch_failed answer_timeout, 1 in hand'],
    ],
    [
      'without the keys that are too old to serve',
      [
        [0, GOOD],
        [KEY_SET_STALE_MAX_SECONDS + 1, DOWN],
      ],
      ['issuer_fetch_failed answer_timeout, 0 in hand'],
    ],
  ])('are %s', (_what, loads, events) => {
    expect(eventsOf(loads)).toEqual(events)
  })
})
