// The flags that all changes of documents share: the actor and the expected version.
import { ACTOR_MAX_LENGTH } from '../../core/limits.ts'
import { type Io, makeUsageStop } from '../command.ts'
import type { Options } from '../define-command.ts'

export const CHANGE_OPTIONS = {
  'expected-digest': {
    value: 'digest',
    help: 'refuse, with status 3, if another version is stored; "absent" expects none',
  },
  actor: { value: 'name', help: 'the author of the change, for the history; default $USER' },
} as const satisfies Options

export const VALIDATE_ONLY_OPTION = {
  'validate-only': { help: 'check everything and write nothing' },
} as const satisfies Options

/** Visible characters and inner spaces only: no control or format characters, no space at either end. */
const ONE_LINE = /^[^\p{C}\p{Z}](?:[^\p{C}\p{Zl}\p{Zp}]*[^\p{C}\p{Z}])?$/u

/**
 * Reads the actor of a change for the history: `--actor`, else `$USER`. The name is not verified.
 * @throws a usage {@link Stop} for an empty or overlong name, or one with control characters, which would corrupt the
 *   history that other people read
 */
export function readActor(given: string | undefined, io: Io): string {
  const actor = given ?? io.environment['USER'] ?? io.environment['USERNAME'] ?? 'unknown'
  if ([...actor].length <= ACTOR_MAX_LENGTH && ONE_LINE.test(actor)) return actor
  throw makeUsageStop(`--actor must be 1 to ${ACTOR_MAX_LENGTH} printable characters`)
}
