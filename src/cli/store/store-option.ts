// The store that a command works on: exactly one of `--store DIR`, `--local` and `--remote`. There is no default, since a
// document in the wrong store either does not protect or causes an outage.
import { join, resolve } from 'node:path'
import type { HostName } from '../../attest/host-features.ts'
import { STORE_ADDRESS_WORDS } from '../../runtime/redis/store-address.ts'
import { type Io, makeUsageStop } from '../command.ts'
import type { Options } from '../define-command.ts'
import { DEVELOPMENT_FOLDER } from '../keys/dev-environment.ts'
import { type OperatorSettings, readOperatorSettings } from '../operator-settings.ts'
import { openKvStore } from './kv-store.ts'
import { openLocalKv } from './local-kv.ts'
import { openStoreAddress } from './open-address.ts'
import type { OperatorStore } from './operator-store.ts'
import { openRemoteKv } from './remote-kv.ts'

export const STORE_OPTIONS = {
  store: {
    value: 'dir|url',
    help: `documents as Node and Deno serve them: a directory, or ${STORE_ADDRESS_WORDS}; or --local, or --remote`,
  },
  local: { help: "the development server's KV; the server need not run" },
  'persist-to': { value: 'dir', help: `the directory of that KV; default ${join(DEVELOPMENT_FOLDER, 'state')}` },
  remote: { help: "the account's Workers KV, through wrangler and its login" },
  'env-file': {
    value: 'file',
    help: `settings that are not in the environment; with --local default ${DEVELOPMENT_FOLDER}/dev.env`,
  },
} as const satisfies Options

export interface StoreFlags {
  readonly store?: string | undefined
  readonly local?: boolean | undefined
  readonly 'persist-to'?: string | undefined
  readonly remote?: boolean | undefined
  readonly 'env-file'?: string | undefined
}

export interface OpenedStore {
  readonly store: OperatorStore
  readonly settings: OperatorSettings
}

/**
 * Opens the store that the flags select.
 * @throws a usage {@link Stop} unless exactly one store is selected
 */
export async function openStore(flags: StoreFlags, io: Io): Promise<OpenedStore> {
  const chosen = [flags.store !== undefined, flags.local === true, flags.remote === true].filter(Boolean).length
  if (chosen !== 1) throw makeUsageStop('Expected exactly one store: --store DIR, --local or --remote')
  const isLocal = flags.local === true
  if (flags['persist-to'] !== undefined && !isLocal)
    throw makeUsageStop('--persist-to applies to --local only: remove it, or use --local')
  const settings = await readSettingsFor(flags, io)
  if (flags.store !== undefined) return { store: await openStoreAddress('--store', flags.store, io), settings }
  if (!isLocal) return { store: openKvStore('Workers KV', openRemoteKv()), settings }
  const persistTo = resolve(io.directory, flags['persist-to'] ?? join(DEVELOPMENT_FOLDER, 'state'))
  const kv = openLocalKv(persistTo)
  io.atEnd(kv.close)
  return { store: openKvStore(`local KV in ${persistTo}`, kv), settings }
}

/** Reads the settings alone, for commands without a store. */
export function readSettingsFor(flags: StoreFlags, io: Io, host?: HostName): Promise<OperatorSettings> {
  const named = flags['env-file']
  if (named !== undefined) return readOperatorSettings(io, { path: named, asked: true }, host)
  if (flags.local !== true) return readOperatorSettings(io, undefined, host)
  return readOperatorSettings(io, { path: join(DEVELOPMENT_FOLDER, 'dev.env'), asked: false }, host)
}
