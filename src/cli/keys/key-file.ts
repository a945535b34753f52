// An env file with session keys. A comment in it records the progress of a key rotation; all other lines are preserved.
import { stat } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { formatInstantMillis } from '../../core/instant.ts'
import { isJsonObject, type JsonObject, parseJson } from '../../core/json.ts'
import { OPERATOR_FILE_MAX_BYTES, TOKEN_DEPTH_MAX } from '../../core/limits.ts'
import { readTextCapped } from '../../runtime/read-file-capped.ts'
import { replaceFile } from '../../runtime/replace-file.ts'
import { readSessionKeys } from '../../token/session/session-keys.ts'
import { EXIT, Stop } from '../command.ts'

/** The last completed step: the new key is published (`appended`), or it signs (`promoted`). */
export interface Rotation {
  readonly step: 'appended' | 'promoted'
  readonly newKid: string
  /** The key that signed before. */
  readonly oldKid: string
  readonly atMillis: number
}

export interface KeyFile {
  readonly keys: readonly JsonObject[]
  readonly rotation: Rotation | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly text: string
}

const NAME = 'SESSION_SIGNING_KEYS'
const LINE = new RegExp(`^(?:export )?${NAME}=.*$`, 'm')
const MARK = /^# postern keys rotate: (appended|promoted) new=([\x21-\x7e]+) old=([\x21-\x7e]+) at=(\S+)\n/m

/**
 * Reads the session keys and the progress of a rotation.
 * @throws {@link Stop} if the file does not have exactly one line SESSION_SIGNING_KEYS, or its value is invalid. The
 *   problems never quote a key
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await readTextCapped(path, OPERATOR_FILE_MAX_BYTES)
  const environment = parseEnv(text)
  const value = environment[NAME]
  if (value === undefined || text.match(new RegExp(LINE, 'gm'))?.length !== 1)
    throw new Stop(EXIT.refused, `${path} must have one line ${NAME}='{"keys": [...]}'`)
  const read = readSessionKeys(value)
  if (!read.ok)
    throw new Stop(EXIT.refused, `Invalid ${NAME} in ${path}:`, {
      lines: read.problems.map((problem) => `  - ${problem}`),
    })
  const json = parseJson(value, TOKEN_DEPTH_MAX)
  const keys = json.ok && isJsonObject(json.value) ? (json.value['keys'] as readonly JsonObject[]) : []
  return { keys, rotation: readMark(text), environment, text }
}

function readMark(text: string): Rotation | undefined {
  const [, step, newKid, oldKid, at] = MARK.exec(text) ?? []
  if (step === undefined || newKid === undefined || oldKid === undefined || at === undefined) return undefined
  const atMillis = Date.parse(at)
  if (Number.isNaN(atMillis)) return undefined
  return { step: step === 'appended' ? 'appended' : 'promoted', newKid, oldKid, atMillis }
}

/** Replaces the file atomically, readable by its owner alone. */
export async function writeKeyFile(
  path: string,
  { text }: KeyFile,
  keys: readonly JsonObject[],
  rotation: Rotation | undefined,
): Promise<void> {
  const line = `${NAME}='${JSON.stringify({ keys })}'`
  const mark =
    rotation === undefined
      ? ''
      : `# postern keys rotate: ${rotation.step} new=${rotation.newKid} old=${rotation.oldKid} at=${formatInstantMillis(rotation.atMillis)}\n`
  const changed = text.replace(MARK, '').replace(LINE, () => `${mark}${line}`)
  const { uid, gid } = await stat(path)
  // If root rotates the keys, the gateway's user must still be able to read them.
  await replaceFile(path, `${path}.new`, changed, (file) => file.chown(uid, gid).catch(() => undefined))
}
