// The flags of `serve`, and what is checked of them before anything runs.
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { readErrorCode } from '../core/thrown.ts'
import { PORT_MAX, readPort } from '../net/port.ts'
import type { TlsFiles } from './http/tls-files.ts'

export interface ServeOptions {
  readonly store: string
  readonly state: string
  readonly hostname: string
  readonly port: number
  readonly tls?: TlsFiles
}

/** By the name of the flag; `value` is what follows it. */
export const SERVE_FLAGS = {
  store: {
    value: 'dir',
    required: true,
    help: 'documents: <dir>/clusters/<clusterId>/<Section>.yaml, <dir>/trust-domain/<Section>.yaml',
  },
  state: { value: 'dir', help: 'where the gateway writes applied records; default: the store' },
  host: { value: 'addr', help: 'address to listen on; default 127.0.0.1' },
  port: { value: 'n', help: 'port to listen on; default 8787, 0 takes a free one' },
  'tls-cert': {
    value: 'file',
    help: 'serve https: the certificate with its chain, as PEM; read again when it changes',
  },
  'tls-key': { value: 'file', help: 'its private key, as PEM; without both, plain http for a proxy in front' },
} as const

type ServeFlags = { readonly [Flag in keyof typeof SERVE_FLAGS]?: string | undefined }

/** The options that the flags mean; a string is what is wrong with them. Paths are relative to `directory`. */
export function checkServeFlags(flags: ServeFlags, directory: string): ServeOptions | string {
  const { store, state = store, host, port: digits = '8787', 'tls-cert': cert, 'tls-key': key } = flags
  if (!store || !state) return '--store is required'
  const port = readPort(digits)
  if (port === undefined) return `--port must be a number from 0 to ${PORT_MAX}`
  if ((cert === undefined) !== (key === undefined)) return '--tls-cert and --tls-key go together'
  return {
    store: resolve(directory, store),
    state: resolve(directory, state),
    hostname: host ?? '127.0.0.1',
    port,
    ...(cert && key ? { tls: { cert: resolve(directory, cert), key: resolve(directory, key) } } : {}),
  }
}

/**
 * Why the directories cannot be served. A mistyped one must not be made: an empty store is ready, and refuses every login.
 */
export async function findDirectoryFault({ store, state }: ServeOptions): Promise<string | undefined> {
  for (const [flag, directory] of [
    ['--store', store] as const,
    ...(state === store ? [] : [['--state', state] as const]),
  ]) {
    const facts = await stat(directory).catch((error: unknown) => error)
    if (facts instanceof Error) {
      if (readErrorCode(facts) !== 'ENOENT') return `${flag}: cannot use ${directory}: ${facts.message}`
      return `${flag}: there is no directory ${directory}: make it with \`mkdir -p ${directory}\`, or correct the name`
    }
    if (!(facts as { isDirectory(): boolean }).isDirectory()) return `${flag}: ${directory} is not a directory`
  }
  return undefined
}
