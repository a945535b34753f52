// `--state DIR`: the directory where a gateway on Node or Deno writes its applied records, if it is not the store.
import { resolve } from 'node:path'
import type { Io } from '../command.ts'
import type { Options } from '../define-command.ts'
import { openDirectoryStore } from './directory-store.ts'
import type { OperatorStore } from './operator-store.ts'

export const STATE_OPTIONS = {
  state: { value: 'dir', help: 'the directory with the applied records of the gateway; default: the store' },
} as const satisfies Options

export async function openStateStore(
  { state }: { readonly state?: string | undefined },
  store: OperatorStore,
  io: Io,
): Promise<OperatorStore> {
  return state === undefined ? store : openDirectoryStore(resolve(io.directory, state))
}
