// The operations of Workers KV that a store needs, on the development server's KV or the account's.

export interface Kv {
  /** The bytes exactly as they were stored, or `undefined` if the key does not exist. */
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Succeeds if the key does not exist. */
  delete(key: string): Promise<void>
  /** All keys that begin with `prefix`, in no order. */
  list(prefix: string): Promise<readonly string[]>
}
