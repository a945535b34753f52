// A store as its operator uses it: what a gateway needs of it, and lists, and writing with nobody in between.
import type { StateStore } from '../../config/source.ts'

export interface OperatorStore extends StateStore {
  /** As messages name it: `the store DIR`. */
  readonly name: string
  /** Whether {@link exclusively} keeps every other `postern` out; Workers KV offers nothing that could. */
  readonly exact: boolean
  /** The keys below `folder`, whole, in no order. */
  list(folder: string): Promise<readonly string[]>
  /** The values below `folder`, by whole key. */
  readAll(folder: string): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>>
  exclusively<T>(work: () => Promise<T>): Promise<T>
}
