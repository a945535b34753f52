// Whether a built playground is of this version. A page whose engine drifts from the gateway's gives verdicts that are not the
// gateway's, so it is not served.
import { isJsonObject, parseJsonBytes } from '../core/json.ts'
import { JSON_DEPTH_MAX } from '../core/limits.ts'
import { VERSION } from '../core/version.ts'
import type { ReadPlaygroundFile } from '../gateway/playground-files.ts'

/** Why a playground cannot be served, as a problem of the setting; `undefined` if it can. */
export async function findPlaygroundFault(read: ReadPlaygroundFile): Promise<string | undefined> {
  const bytes = await read('engine.json')
  if (bytes === undefined) return 'PLAYGROUND: the page is not built here: run npm run build, or remove the setting'
  const json = parseJsonBytes(bytes, JSON_DEPTH_MAX)
  const version = json.ok && isJsonObject(json.value) ? json.value['version'] : undefined
  if (version === VERSION) return undefined
  return `PLAYGROUND: the page was built from another version than ${VERSION}: run npm run build`
}
