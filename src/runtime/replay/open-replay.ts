// Chooses the store of used evidence on Node and Deno: `REPLAY_URL`, or else a file in the state directory.
import type { Clock, Sleep } from '../../core/clock.ts'
import type { ReplayStore } from '../../policy/single-use/replay-store.ts'
import { openRedisReplay } from './redis-replay.ts'
import { openSqliteReplay } from './sqlite-replay.ts'

export interface OpenedReplay {
  /** Absent: there is none, and a policy with `singleUse` admits no login. */
  readonly store?: ReplayStore
  /** What the operator reads at the start, for a store that is missing or does not answer yet. */
  readonly notice?: string
}

/**
 * Opens the store.
 *
 * @param state the state directory, if the state is in one
 * @returns the store, or a message if the start must stop: a store that was asked for must not be used
 */
export async function openReplay(
  { state, replayUrl }: { readonly state: string | undefined; readonly replayUrl: string | undefined },
  host: { readonly clock: Clock; readonly sleep: Sleep },
): Promise<OpenedReplay | string> {
  if (replayUrl !== undefined) {
    const opened = await openRedisReplay(replayUrl, host.sleep)
    if (typeof opened === 'string') return `Cannot use the server of REPLAY_URL: ${opened}`
    const { store, notYet } = opened
    if (notYet === undefined) return { store }
    return {
      store,
      notice: `The server of REPLAY_URL does not answer, and evidence cannot be claimed until it does: ${notYet}`,
    }
  }
  // Documents may be kept with less care than claims, so their server does not take claims without being asked to.
  const opened = state === undefined ? 'the state is in no directory' : await openSqliteReplay(state, host)
  if (typeof opened !== 'string') return { store: opened }
  return {
    notice: `There is no store of used evidence, so policies with singleUse admit no login: ${opened}; or set REPLAY_URL`,
  }
}
