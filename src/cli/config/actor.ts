// Who makes a change, and over which version: the flags that all changes share.
import { ACTOR_MAX_LENGTH } from '../../core/limits.ts'
import { type Io, makeUsageStop } from '../command.ts'
import type { Options } from '../define-command.ts'

export const CHANGE_OPTIONS = {
  'expected-digest': {
    value: 'digest',
    help: 'refuse, with status 3, if another version is stored; "absent" if none may be',
  },
  actor: { value: 'name', help: 'who changes it, for the history; default $USER' },
} as const satisfies Options

export const VALIDATE_ONLY_OPTION = {
  'validate-only': { help: 'check everything and write nothing' },
} as const satisfies Options

/** Nothing that is not seen, and no space at either end. */
const ONE_LINE = /^[^\p{C}\p{Z}](?:[^\p{C}\p{Zl}\p{Zp}]*[^\p{C}\p{Z}])?$/u

/** For the history, where other people read it: one line, and short. It is not verified. */
export function readActor(given: string | undefined, io: Io): string {
  const actor = given ?? io.environment['USER'] ?? io.environment['USERNAME'] ?? 'unknown'
  if ([...actor].length <= ACTOR_MAX_LENGTH && ONE_LINE.test(actor)) return actor
  throw makeUsageStop(`--actor takes 1 to ${ACTOR_MAX_LENGTH} printable characters`)
}
