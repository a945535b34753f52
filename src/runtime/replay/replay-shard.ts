// Used evidence on Workers: one Durable Object with SQLite for each of 256 parts of the keys. An object handles one event at
// a time, so that of two claims one is first, wherever the requests arrive.
import { DurableObject } from 'cloudflare:workers'
import { REPLAY_PURGE_ROWS } from '../../core/limits.ts'
import type { Claim } from '../../policy/single-use/replay-store.ts'
import { CLAIM, CREATE_CLAIMS, NEXT_END, PURGE } from './claim-statements.ts'

/** A class, because the platform makes its objects. */
export class ReplayShard extends DurableObject {
  /** @see ReplayStore.claim */
  async claim(key: string, forSeconds: number): Promise<Claim> {
    const { sql } = this.ctx.storage
    const nowSeconds = Math.floor(Date.now() / 1000)
    for (const statement of CREATE_CLAIMS) sql.exec(statement)
    const written = sql.exec(CLAIM, key, nowSeconds + forSeconds, nowSeconds)
    written.toArray()
    if (written.rowsWritten === 0) return 'seen'
    if ((await this.ctx.storage.getAlarm()) === null) await this.#wakeAt(nowSeconds + forSeconds)
    return 'first'
  }

  /** Deletes what has expired, and an object that holds nothing wakes no more. */
  override async alarm(): Promise<void> {
    const { sql } = this.ctx.storage
    const nowSeconds = Math.floor(Date.now() / 1000)
    sql.exec(PURGE, nowSeconds, REPLAY_PURGE_ROWS).toArray()
    const [{ left } = { left: 0 }] = sql.exec<{ left: number }>(COUNT_ENDED, nowSeconds).toArray()
    if (left > 0) return this.#wakeAt(nowSeconds + 1)
    const [{ next } = { next: null }] = sql.exec<{ next: number | null }>(NEXT_END, nowSeconds).toArray()
    if (next !== null) await this.#wakeAt(next + PURGE_DELAY_SECONDS)
  }

  #wakeAt(seconds: number): Promise<void> {
    return this.ctx.storage.setAlarm(seconds * 1000)
  }
}

/** Each wake costs a request: what ends within this time is deleted by one. */
const PURGE_DELAY_SECONDS = 60
const COUNT_ENDED = 'SELECT COUNT(*) AS left FROM claims WHERE expires <= ?'
