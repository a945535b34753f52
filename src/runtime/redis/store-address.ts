// What `--store` and `--state` name: a directory, or a Redis or Valkey. The URL may hold a password, and arguments are visible
// to every user of a machine, so it can be taken from a variable or a file. No message holds it.
import { resolve } from 'node:path'
import { OPERATOR_FILE_MAX_BYTES } from '../../core/limits.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import { readFileCapped } from '../read-file-capped.ts'
import { describeRedisUrl, isRedisUrl, REDIS_URL_WORDS } from './redis-url.ts'

export type StoreAddress =
  | { readonly kind: 'directory'; readonly directory: string }
  | { readonly kind: 'redis'; readonly url: string; readonly name: string }

/** For the help: the forms of an address, beside a directory. */
export const STORE_ADDRESS_WORDS = 'redis://..., rediss://..., env:NAME or file:PATH with such a URL'

const VARIABLE = /^env:(?=[A-Za-z_])(\w+)$/
/** Other schemes too: a directory of that name was not meant, and its name would be printed. */
const URL_LIKE = /^[a-z][a-z0-9+.-]*:\/\/|^(redis|valkey)s?:/i

/** Whether an address is that of a directory, and not of a server or of a place that names one. */
export function isDirectoryAddress(text: string): boolean {
  return !VARIABLE.test(text) && !isFile(text) && !URL_LIKE.test(text)
}

/** Makes the paths in an address absolute, and leaves it an address. */
export function resolveStoreAddress(text: string, directory: string): string {
  if (isFile(text)) return `file:${resolve(directory, text.slice('file:'.length))}`
  return VARIABLE.test(text) || URL_LIKE.test(text) ? text : resolve(directory, text)
}

function isFile(text: string): boolean {
  return text.startsWith('file:') && !text.startsWith('file://')
}

export interface AddressPlace {
  /** Relative paths resolve against it. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Reads an address.
 * @param flag the flag, for messages
 * @returns the address, or a message
 */
export async function readStoreAddress(
  flag: string,
  text: string,
  place: AddressPlace,
): Promise<StoreAddress | string> {
  if (VARIABLE.test(text)) {
    const name = text.slice('env:'.length)
    const value = place.environment[name]
    return value === undefined
      ? `${flag}: the variable ${name} is not set`
      : readUrl(`${flag}: the variable ${name}`, value)
  }
  if (isFile(text)) {
    const path = resolve(place.directory, text.slice('file:'.length))
    const value = await readFileCapped(path, OPERATOR_FILE_MAX_BYTES).then(
      ({ bytes }) => decodeUtf8(bytes) ?? '',
      (error: unknown) => error,
    )
    if (typeof value !== 'string') return `${flag}: cannot read ${path}: ${(value as Error).message}`
    return readUrl(`${flag}: the file ${path}`, value.trim())
  }
  return URL_LIKE.test(text) ? readUrl(flag, text) : { kind: 'directory', directory: resolve(place.directory, text) }
}

function readUrl(what: string, url: string): StoreAddress | string {
  if (!isRedisUrl(url)) return `${what} must hold ${REDIS_URL_WORDS}`
  return { kind: 'redis', url, name: describeRedisUrl(url) }
}
