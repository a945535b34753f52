// The store that the operator's commands use: the gateway's port, plus lists and exclusive writing.
import type { StateStore } from '../../config/source.ts'

export interface OperatorStore extends StateStore {
  /** How messages name it: `the store DIR`. */
  readonly name: string
  /** Whether {@link exclusively} excludes every other `postern`. Workers KV has no lock. */
  readonly exact: boolean
  /** The full keys below `folder`, in no particular order. */
  list(folder: string): Promise<readonly string[]>
  /** The values below `folder`, by full key. */
  readAll(folder: string): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>>
  /** Runs `work` while other `postern` processes wait, if the store is {@link exact}. Rejects as `work` does. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
}
