// Workers KV as an operator's store. It has no lock, since KV has no compare-and-swap.
import type { Kv } from './kv.ts'
import type { OperatorStore } from './operator-store.ts'

/** Opens a KV as a store. `name` is how messages name it. */
export function openKvStore(name: string, kv: Kv): OperatorStore {
  const list = (folder: string) => kv.list(`${folder}/`)
  return {
    name,
    exact: false,
    list,
    async readAll(folder) {
      const values = new Map<string, Uint8Array<ArrayBuffer>>()
      for (const key of await list(folder)) {
        const bytes = await kv.get(key)
        if (bytes !== undefined) values.set(key, bytes)
      }
      return values
    },
    read: kv.get,
    write: kv.put,
    delete: kv.delete,
    exclusively: (work) => work(),
  }
}
