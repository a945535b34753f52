// The built playground of this package, for Node and Deno.
import { readFile } from 'node:fs/promises'
import { readErrorCode } from '../core/thrown.ts'
import type { ReadPlaygroundFile } from '../gateway/playground-files.ts'
import { findPlaygroundFault } from './playground-version.ts'

const FOLDER = new URL('../../dist/playground/', import.meta.url)

/**
 * Opens the folder.
 * @param folder - default that of the package
 * @returns a reader of its files, or a line for the operator if it is missing or of another version
 */
export async function openPlayground(folder: URL = FOLDER): Promise<ReadPlaygroundFile | string> {
  const read: ReadPlaygroundFile = (name) => readIfPresent(new URL(name, folder))
  return (await findPlaygroundFault(read)) ?? read
}

async function readIfPresent(place: URL): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(place))
  } catch (error) {
    if (readErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
