// `--state DIR`: where a gateway on Node or Deno writes its applied records, if not in the store itself.
import { resolve } from 'node:path'
import type { Io } from '../command.ts'
import type { Options } from '../define-command.ts'
import { openDirectoryStore } from './directory-store.ts'
import type { OperatorStore } from './operator-store.ts'

export const STATE_OPTIONS = {
  state: { value: 'dir', help: 'where the gateway keeps what it applied; default the store itself' },
} as const satisfies Options

export async function openStateStore(
  { state }: { readonly state?: string | undefined },
  store: OperatorStore,
  io: Io,
): Promise<OperatorStore> {
  return state === undefined ? store : openDirectoryStore(resolve(io.directory, state))
}
