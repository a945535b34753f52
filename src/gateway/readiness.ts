// Reports whether a balancer should send requests here, and what is degraded. It reads the store itself: copies in
// memory serve for up to an hour without it, and a balancer must know sooner.

import type { CacheCounts } from '../config/live/cache-counts.ts'
import { type ConfigSource, callStore } from '../config/source.ts'
import type { Clock, Sleep } from '../core/clock.ts'
import { countSecondsSince } from '../core/duration.ts'
import { READY_CACHE_MILLIS, READY_STORE_TIMEOUT_MILLIS } from '../core/limits.ts'
import type { ReplayStore } from '../policy/single-use/replay-store.ts'
import type { SingleUse } from '../policy/single-use/single-use.ts'
import type { KeySetAges } from '../token/keys/source-status.ts'
import type { Checks } from './answers/health-answers.ts'

/** State that only the host knows. */
export interface HostState {
  readonly isDraining: boolean
  /** Since when the audit stream accepts no records, in milliseconds since the epoch; absent if it accepts them. */
  readonly auditRefusingSinceMillis?: number
}

/** Codes of `503`. */
export type Unready = 'gateway_draining' | 'store_unavailable' | 'audit_unavailable'

export interface Readiness {
  /** Why it is not ready; absent if it is. */
  readonly code?: Unready
  readonly checks: Checks
}

interface ReadinessOptions {
  readonly source: ConfigSource
  readonly clock: Clock
  readonly sleep: Sleep
  readonly isSealing: boolean
  readonly replay: Pick<ReplayStore, 'kind' | 'scope'> | undefined
  readonly singleUse: Pick<SingleUse, 'failingSinceMillis' | 'probe'> | undefined
  readonly countDocuments: () => CacheCounts
  readonly countKeys: () => Pick<KeySetAges, 'failing' | 'stale'>
  readonly hostState: (() => HostState) | undefined
}

/** No document has this key: a readable store answers that it is absent. */
const PROBE_KEY = 'trust-domain/Readiness'

interface StoreState {
  readonly readable: boolean
  readonly sinceMillis: number
  readonly checkedMillis: number
  readonly documents: CacheCounts
  readonly keys: Pick<KeySetAges, 'failing' | 'stale'>
}

export function createReadiness(options: ReadinessOptions): () => Promise<Readiness> {
  const { source, clock, sleep, isSealing, replay, singleUse, countDocuments, countKeys, hostState } = options
  let last: StoreState | undefined
  let askedMillis: number | undefined

  /**
   * Reads at most once per `READY_CACHE_MILLIS`. During a read other requests get the last result: a promise must not
   * outlive its request.
   */
  async function checkStore(): Promise<StoreState> {
    const nowMillis = clock()
    if (last !== undefined) {
      if (isYounger(last.checkedMillis, READY_CACHE_MILLIS, nowMillis)) return last
      if (askedMillis !== undefined && isYounger(askedMillis, READY_STORE_TIMEOUT_MILLIS, nowMillis)) return last
    }
    askedMillis = nowMillis
    const reading = callStore(() => source.read(PROBE_KEY), READY_STORE_TIMEOUT_MILLIS, sleep).then(
      () => true,
      () => false,
    )
    const [readable] = await Promise.all([reading, singleUse?.probe()])
    const checkedMillis = clock()
    const sinceMillis = last?.readable === readable ? last.sinceMillis : checkedMillis
    last = { readable, sinceMillis, checkedMillis, documents: countDocuments(), keys: countKeys() }
    askedMillis = undefined
    return last
  }

  return async () => {
    const store = await checkStore()
    const { isDraining, auditRefusingSinceMillis } = hostState?.() ?? { isDraining: false }
    const nowMillis = clock()
    const replaySinceMillis = singleUse?.failingSinceMillis()
    const { refused, unreadable, recordsFailingSinceMillis } = store.documents
    const { failing, stale } = store.keys
    const states: readonly (readonly [Checks['degraded'][number], boolean, Unready | undefined])[] = [
      ['draining', isDraining, 'gateway_draining'],
      ['store_unreadable', !store.readable, 'store_unavailable'],
      ['audit_failing', auditRefusingSinceMillis !== undefined, 'audit_unavailable'],
      ['sealing_off', !isSealing, undefined],
      // The last good versions serve, as before the change.
      ['documents_refused', refused > 0, undefined],
      ['documents_unreadable', unreadable > 0, undefined],
      ['records_failing', recordsFailingSinceMillis !== undefined, undefined],
      // Every instance meets the same issuers: one that is taken out of service for them mends nothing.
      ['keys_failing', failing > 0, undefined],
      // Policies without `singleUse` do not depend on it.
      ['replay_failing', replaySinceMillis !== undefined, undefined],
    ]
    const degraded = states.filter(([, holds]) => holds)
    const code = degraded.find(([, , refused]) => refused !== undefined)?.[2]
    return {
      ...(code === undefined ? {} : { code }),
      checks: {
        store: {
          readable: store.readable,
          forSeconds: countSecondsSince(store.sinceMillis, nowMillis),
          checkedSecondsAgo: countSecondsSince(store.checkedMillis, nowMillis),
        },
        documents: { refused, unreadable },
        keys: { failing, stale },
        audit:
          auditRefusingSinceMillis === undefined
            ? { taking: true }
            : { taking: false, failingForSeconds: countSecondsSince(auditRefusingSinceMillis, nowMillis) },
        sealing: isSealing,
        ...(recordsFailingSinceMillis === undefined
          ? {}
          : { recordsFailingForSeconds: countSecondsSince(recordsFailingSinceMillis, nowMillis) }),
        replay: {
          store: replay?.kind ?? 'none',
          ...(replay === undefined ? {} : { scope: replay.scope }),
          ...(replaySinceMillis === undefined
            ? {}
            : { failingForSeconds: countSecondsSince(replaySinceMillis, nowMillis) }),
        },
        draining: isDraining,
        degraded: degraded.map(([name]) => name),
      },
    }
  }
}

/** False if the clock was set back to before `millis`. */
function isYounger(millis: number, maxMillis: number, nowMillis: number): boolean {
  return nowMillis >= millis && nowMillis - millis < maxMillis
}
