// `--state`: where a gateway on Node or Deno writes its applied records, if it is not the store.
import type { Io } from '../command.ts'
import type { Options } from '../define-command.ts'
import { openStoreAddress } from './open-address.ts'
import type { OperatorStore } from './operator-store.ts'

export const STATE_OPTIONS = {
  state: {
    value: 'dir|url',
    help: 'where the applied records of the gateway are, in the same forms; default: the store',
  },
} as const satisfies Options

export async function openStateStore(
  { state }: { readonly state?: string | undefined },
  store: OperatorStore,
  io: Io,
): Promise<OperatorStore> {
  return state === undefined ? store : openStoreAddress('--state', state, io)
}
