// Opens what `--store` or `--state` names: a directory, or a Redis or Valkey.
import { readStoreAddress } from '../../runtime/redis/store-address.ts'
import { EXIT, type Io, Stop } from '../command.ts'
import { openDirectoryStore } from './directory-store.ts'
import type { OperatorStore } from './operator-store.ts'
import { openRedisStore } from './redis-store.ts'

/** @throws {@link Stop} if the address is malformed, the directory does not exist, or the server cannot be used */
export async function openStoreAddress(flag: '--store' | '--state', text: string, io: Io): Promise<OperatorStore> {
  const address = await readStoreAddress(flag, text, io)
  if (typeof address === 'string') throw new Stop(EXIT.usage, address)
  return address.kind === 'directory' ? openDirectoryStore(address.directory) : openRedisStore(address, io)
}
