// The built playground of this package, for Node and Deno.
import { readFile } from 'node:fs/promises'
import { readErrorCode } from '../../core/thrown.ts'
import { VERSION } from '../../core/version.ts'
import type { ReadPlaygroundFile } from '../../gateway/playground-files.ts'
import { readPlaygroundVersion } from './playground-version.ts'

const FOLDER = new URL('../../../dist/playground/', import.meta.url)

/**
 * Opens the folder.
 * @param folder - default that of the package
 * @returns a reader of its files, or a line for the operator if it is missing or of another version
 */
export async function openPlayground(folder: URL = FOLDER): Promise<ReadPlaygroundFile | string> {
  const read: ReadPlaygroundFile = (name) => readIfPresent(new URL(name, folder))
  const version = await readPlaygroundVersion(read)
  if (version === VERSION) return read
  return version === undefined
    ? 'PLAYGROUND: the page is not built here: run npm run build, or remove the setting'
    : `PLAYGROUND: the page was built from another version than ${VERSION}: run npm run build`
}

async function readIfPresent(place: URL): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(place))
  } catch (error) {
    if (readErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
