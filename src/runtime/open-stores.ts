// The stores of documents and of applied records that `--store` and `--state` name, on Node and Deno.
import { stat } from 'node:fs/promises'
import process from 'node:process'
import type { ConfigSource, StateStore } from '../config/source.ts'
import type { Clock, Sleep } from '../core/clock.ts'
import { readErrorCode } from '../core/thrown.ts'
import { createDirectorySource } from './directory-source.ts'
import { connectRedis, isRedisRefusal, waitForRedis } from './redis/redis-client.ts'
import { createRedisSource, findForgetfulPolicy } from './redis/redis-source.ts'
import { readStoreAddress, type StoreAddress } from './redis/store-address.ts'
import type { Environment } from './settings.ts'

/** Addresses of stores, with absolute paths: see `resolveStoreAddress`. */
export interface StoreAddresses {
  readonly store: string
  readonly state: string
}

export interface OpenedStores {
  readonly source: ConfigSource
  readonly state: StateStore
  /** Where a file of the gateway's own may be; absent if the state is in Redis. */
  readonly stateDirectory?: string
  /** What the operator reads at the start: servers that do not answer yet. */
  readonly notices: readonly string[]
}

interface Host {
  readonly clock: Clock
  readonly sleep: Sleep
}

/**
 * Opens both stores. A server that does not answer does not stop the start: the gateway is not ready until it does. One that
 * refuses the gateway stops it, since waiting does not help.
 *
 * @returns the stores, or a message if the start must stop
 */
export async function openStores(
  { store, state }: StoreAddresses,
  environment: Environment,
  host: Host,
): Promise<OpenedStores | string> {
  const notices: string[] = []
  const documents = await openStore('--store', store, environment)
  if (typeof documents === 'string') return documents
  if (state === store) return { ...documents, source: documents.source, notices }
  const records = await openStore('--state', state, environment)
  if (typeof records === 'string') return records
  const { stateDirectory } = records
  return {
    source: documents.source,
    state: records.state,
    ...(stateDirectory === undefined ? {} : { stateDirectory }),
    notices,
  }

  async function openStore(flag: Flag, text: string, places: Environment): Promise<Opened | string> {
    const address = await readAddress(flag, text, places)
    if (typeof address === 'string') return address
    if (address.kind === 'directory') {
      const { directory } = address
      return {
        source: createDirectorySource(directory, host),
        state: createDirectorySource(directory),
        stateDirectory: directory,
      }
    }
    const connection = await connectRedis(address.url, findForgetfulPolicy)
    if (typeof connection === 'string') return `${flag}: cannot use ${address.name}: ${connection}`
    const notYet = await waitForRedis(connection.fault, host.sleep)
    if (notYet !== undefined && isRedisRefusal(notYet)) {
      connection.client.destroy()
      return `${flag}: cannot use ${address.name}: ${notYet}`
    }
    if (notYet !== undefined)
      notices.push(`${flag}: ${address.name} does not answer yet, and is tried again until it does: ${notYet}`)
    return {
      source: createRedisSource(connection),
      // Records are written before there are documents, and tell nothing of what is in force when there are none.
      state: createRedisSource(connection, { mustHoldDocuments: false }),
    }
  }
}

type Flag = '--store' | '--state'

interface Opened {
  readonly source: ConfigSource
  readonly state: StateStore
  readonly stateDirectory?: string
}

function readAddress(flag: Flag, text: string, environment: Environment): Promise<StoreAddress | string> {
  // Paths are absolute by now.
  return readStoreAddress(flag, text, { directory: process.cwd(), environment: readStrings(environment) })
}

/** On Workers an environment also holds bindings. */
function readStrings(environment: Environment): Readonly<Record<string, string | undefined>> {
  const strings = Object.entries(environment).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return Object.fromEntries(strings)
}

/**
 * Checks the addresses, and that directories exist. A missing one is not created: with a typo in its name, the gateway would be
 * ready over an empty store and refuse every login.
 * @returns a message that names the flag, the thing and the next step, or `undefined`
 */
export async function findStoreFault(
  { store, state }: StoreAddresses,
  environment: Environment,
): Promise<string | undefined> {
  for (const [flag, text] of [['--store', store] as const, ...(state === store ? [] : [['--state', state] as const])]) {
    const address = await readAddress(flag, text, environment)
    if (typeof address === 'string') return address
    const fault = address.kind === 'directory' ? await findDirectoryFault(flag, address.directory) : undefined
    if (fault !== undefined) return fault
  }
  return undefined
}

async function findDirectoryFault(flag: Flag, directory: string): Promise<string | undefined> {
  const facts = await stat(directory).catch((error: unknown) => error)
  if (facts instanceof Error) {
    if (readErrorCode(facts) !== 'ENOENT') return `${flag}: cannot use ${directory}: ${facts.message}`
    return `${flag}: the directory ${directory} does not exist: create it with \`mkdir -p ${directory}\`, or correct the name`
  }
  if (!(facts as { isDirectory(): boolean }).isDirectory()) return `${flag}: ${directory} is not a directory`
  return undefined
}
