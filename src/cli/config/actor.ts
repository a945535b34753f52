// Who makes a change, and over which version: the flags that all changes share.
import { type Io, usageStop } from '../command.ts'
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

/** For the history, where other people read it: one line, and short. It is not verified. */
export function readActor(given: string | undefined, io: Io): string {
  const actor = given ?? io.environment['USER'] ?? io.environment['USERNAME'] ?? 'unknown'
  if (/^[^\p{C}\p{Z}]([^\p{C}\p{Zl}\p{Zp}]{0,126}[^\p{C}\p{Z}])?$/u.test(actor)) return actor
  throw usageStop('--actor takes 1 to 128 printable characters')
}
