// The ports to a store. Reading is all that serving needs; the gateway's own records need writing as well.
import type { Sleep } from '../core/clock.ts'

export interface ConfigSource {
  /**
   * The bytes exactly as they were stored, or `undefined` if the store has been read and has no such key. Rejects only
   * if the store cannot be read: an error is never absence. A value too large to be a document may come cut, at a
   * length over the limit, so that it is refused and never read in part.
   */
  read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>
}

/** Where the gateway keeps what it writes itself. A write is whole or not at all. */
export interface StateStore extends ConfigSource {
  write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Deleting what is not there succeeds. */
  delete(key: string): Promise<void>
}

/** That a store failed or hung, told apart from a fault of our own. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

/** What the store answers. Rejects with a {@link StoreError}, at the latest after `millis`: to hang is to fail. */
export async function callStore<T>(ask: () => Promise<T>, millis: number, sleep: Sleep): Promise<T> {
  const timer = new AbortController()
  try {
    return await Promise.race([
      ask(),
      sleep(millis, timer.signal).then((): never => {
        throw new Error(`no answer within ${millis} ms`)
      }),
    ])
  } catch (cause) {
    throw new StoreError(cause instanceof Error ? cause.message : 'the store failed', { cause })
  } finally {
    timer.abort()
  }
}
