// The built playground on Workers: static assets behind the binding `PLAYGROUND_PAGE`, which only the Worker reads, so that
// every file has the gateway's headers.
import { VERSION } from '../../core/version.ts'
import type { ReadPlaygroundFile } from '../../gateway/playground-files.ts'
import { readPlaygroundVersion } from './playground-version.ts'

/** As far as it is used here, a binding of static assets. */
export interface AssetsBinding {
  readonly fetch: (address: string) => Promise<Response>
}

/** Reads files of the assets. Assets of another version count as missing; they are looked at once per isolate. */
export function createPlaygroundAssets(binding: AssetsBinding): ReadPlaygroundFile {
  let isOfThisVersion: boolean | undefined
  const read: ReadPlaygroundFile = async (name) => {
    // Assets know paths alone: the host of the address is never resolved.
    const answer = await binding.fetch(`https://assets.invalid/${name}`)
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined
  }
  return async (name) => {
    isOfThisVersion ??= (await readPlaygroundVersion(read)) === VERSION
    return isOfThisVersion ? read(name) : undefined
  }
}
