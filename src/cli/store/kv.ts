// What a store asks of Workers KV, be it the development server's or the account's.

export interface Kv {
  /** The bytes exactly as they were stored, or `undefined` where KV has no such key. */
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Deleting what is not there succeeds. */
  delete(key: string): Promise<void>
  /** All keys that begin with `prefix`, in no order. */
  list(prefix: string): Promise<readonly string[]>
}
