// The store that `--store` or `--state` names: a directory, or a server.
import { resolve } from 'node:path'
import { isRedisUrl } from '../../runtime/redis/redis-url.ts'
import type { Io } from '../command.ts'
import { openDirectoryStore } from './directory-store.ts'
import type { OperatorStore } from './operator-store.ts'

/** @throws {@link Stop} if it cannot be used */
export async function openPlace(place: string, io: Io): Promise<OperatorStore> {
  if (!isRedisUrl(place)) return openDirectoryStore(resolve(io.directory, place))
  const { openRedisStore } = await import('./redis-store.ts')
  const store = await openRedisStore(place, io.environment['STORE_PASSWORD'] || undefined)
  io.atEnd(store.close)
  return store
}
