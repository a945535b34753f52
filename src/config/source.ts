// The ports to a store. Serving needs reads only; the gateway's own records need writes and deletes as well.
import type { Sleep } from '../core/clock.ts'

/**
 * A store of section documents. A host implements it.
 *
 * @example
 * const documents = new Map([['clusters/prod/Cluster', new TextEncoder().encode(yaml)]])
 * const source: ConfigSource = { read: async (key) => documents.get(key) }
 */
export interface ConfigSource {
  /**
   * Reads one document.
   *
   * @param key `clusters/<id>/<Section>` or `trust-domain/<Section>`
   * @returns the bytes exactly as stored, or `undefined` if the store was read and has no such key. A value over
   *   `STORE_VALUE_MAX_BYTES` may be truncated to any length over that limit: it is refused and never parsed.
   * @throws if the store cannot be read. An error must never be reported as absence: that would delete the document.
   */
  read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  /**
   * Optional: lists the ids of clusters that may have documents. Without it the status of one cluster can be asked for,
   * and not that of all.
   *
   * @param cursor that of the page before, as this store gave it; absent for the first page
   * @returns a page of ids in the order of their keys ({@link compareClusterIds}), each after those of the pages before;
   *   the last id of a page may come again as the first of the next one. Names that are no ids are ignored. Without a
   *   cursor it is the last page
   * @throws if the store cannot be read; a `RangeError` if the cursor is not one of this store
   */
  listClusters?(cursor?: string): Promise<ClusterPage>
}

export interface ClusterPage {
  readonly ids: readonly string[]
  readonly cursor?: string
}

/** Compares ids in the order of the keys below `clusters/<id>/`, which differs from that of the ids: `a-b/` is before `a/`. */
export function compareClusterIds(a: string, b: string): number {
  return `${a}/` < `${b}/` ? -1 : Number(a !== b)
}

/**
 * A store of the gateway's own records, under `applied/`. Writes are atomic: a reader sees the old value or the new
 * one.
 */
export interface StateStore extends ConfigSource {
  /** @throws if the value was not stored */
  write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Also succeeds for a missing key. @throws if the value could not be deleted */
  delete(key: string): Promise<void>
}

/** A store failed or timed out; any other error is a fault of the gateway. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

/** Made once: an abort without a reason creates a `DOMException` with a stack, which no code reads. */
const DONE = 'done'

/**
 * Calls a store with a timeout.
 *
 * @param ask the call
 * @param millis the timeout, in milliseconds
 * @param sleep the host's timer, cancelled when the call settles
 * @throws {StoreError} if the call rejects or exceeds the timeout
 * @example await callStore(() => source.read(key.text), STORE_TIMEOUT_MILLIS, sleep)
 */
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
    timer.abort(DONE)
  }
}
