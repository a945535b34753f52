// Who makes a change, and over which version: the flags that all changes share.
import type { ParseArgsConfig } from 'node:util'
import { ACTOR_MAX_LENGTH } from '../../core/limits.ts'
import { type Io, usageStop } from '../command.ts'

export const ACTOR_OPTIONS = {
  actor: { type: 'string' },
  'expected-digest': { type: 'string' },
} as const satisfies ParseArgsConfig['options']

export const CHANGE_HELP = [
  ['--expected-digest DIGEST', 'refuse, with status 3, if another version is stored; "absent" if none may be'],
  ['--actor NAME', 'who changes it, for the history; default $USER'],
] as const

/** Nothing that is not seen, and no space at either end. */
const ONE_LINE = /^[^\p{C}\p{Z}](?:[^\p{C}\p{Zl}\p{Zp}]*[^\p{C}\p{Z}])?$/u

/** For the history, where other people read it: one line of text, and short. Nobody vouches for it. */
export function readActor(given: string | undefined, io: Io): string {
  const actor = given ?? io.environment['USER'] ?? io.environment['USERNAME'] ?? 'unknown'
  if ([...actor].length <= ACTOR_MAX_LENGTH && ONE_LINE.test(actor)) return actor
  throw usageStop(`--actor takes 1 to ${ACTOR_MAX_LENGTH} printable characters`)
}
