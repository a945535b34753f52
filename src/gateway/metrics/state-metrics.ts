// Gauges of what goes on in the background, from the events that tell each change of it once.
import { countSecondsSince } from '../../core/duration.ts'
import { floorToSeconds, parseInstantMillis } from '../../core/instant.ts'
import type { KeySetAges } from '../../token/keys/source-status.ts'
import type { AuditRecord } from '../audit/audit.ts'
import type { Gauges } from './metrics.ts'

/** How a document's last version ended, by the event that told it. */
const STATES = {
  config_applied: 'applied',
  config_refused: 'refused',
  config_contested: 'contested',
  config_deleted: 'deleted',
} as const
type State = (typeof STATES)[keyof typeof STATES]

export interface StateMetrics {
  /** Takes note of an event; other records are nothing to it. */
  readonly note: (record: AuditRecord) => void
  readonly read: () => Gauges
}

/** @param ages of the key sets in memory */
export function createStateMetrics(ages: () => KeySetAges, clock: () => number): StateMetrics {
  const documents = new Map<string, { readonly state: State; readonly sinceSeconds: number }>()
  let appliedSeconds = 0
  let storeUp = 1
  let replayUp = 1

  function note(record: AuditRecord): void {
    switch (record.event) {
      case 'config_applied':
      case 'config_refused':
      case 'config_contested':
      case 'config_deleted': {
        const seconds = floorToSeconds(parseInstantMillis(record.time) ?? 0)
        const state = STATES[record.event]
        const known = documents.get(record.key)
        documents.set(record.key, { state, sinceSeconds: known?.state === state ? known.sinceSeconds : seconds })
        if (state === 'applied') appliedSeconds = seconds
        return
      }
      case 'store_failed':
        storeUp = 0
        return
      case 'store_recovered':
        storeUp = 1
        return
      case 'replay_store_failed':
        replayUp = 0
        return
      case 'replay_store_recovered':
        replayUp = 1
        return
      default:
    }
  }

  return {
    note,
    read() {
      const { count, stale, oldestMillis } = ages()
      const held = [...documents.values()]
      const unapplied = held.filter(({ state }) => state === 'refused' || state === 'contested')
      return [
        ['postern_key_sets', {}, count],
        ['postern_key_sets_stale', {}, stale],
        ['postern_key_set_age_seconds', {}, oldestMillis === undefined ? 0 : countSecondsSince(oldestMillis, clock())],
        ...Object.values(STATES).map(
          (state) => ['postern_config_sections', { state }, held.filter((one) => one.state === state).length] as const,
        ),
        ['postern_config_applied_timestamp_seconds', {}, appliedSeconds],
        [
          'postern_config_unapplied_since_timestamp_seconds',
          {},
          unapplied.length === 0 ? 0 : Math.min(...unapplied.map(({ sinceSeconds }) => sinceSeconds)),
        ],
        ['postern_store_up', {}, storeUp],
        ['postern_replay_store_up', {}, replayUp],
      ]
    },
  }
}
