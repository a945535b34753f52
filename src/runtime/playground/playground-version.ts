// Which version a built playground is of. A page whose engine drifts from the gateway's gives verdicts that are not the gateway's,
// so it is not served.
import { isJsonObject, parseJsonBytes } from '../../core/json.ts'
import { JSON_DEPTH_MAX } from '../../core/limits.ts'
import type { ReadPlaygroundFile } from '../../gateway/playground-files.ts'

/** Reads the version that the build wrote down; `undefined` if the page is not built, and empty if it cannot be read. */
export async function readPlaygroundVersion(read: ReadPlaygroundFile): Promise<unknown> {
  const bytes = await read('engine.json')
  const json = bytes && parseJsonBytes(bytes, JSON_DEPTH_MAX)
  if (json === undefined) return undefined
  return (json.ok && isJsonObject(json.value) && json.value['version']) || ''
}
