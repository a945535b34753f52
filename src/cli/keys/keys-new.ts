// `postern keys new`: the secrets of a new gateway, into a file that its owner alone may read and that is never replaced.
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { printable } from '../../core/printable.ts'
import { readErrorCode } from '../../core/thrown.ts'
import { makeSessionSigningKeys } from '../../token/session/make-session-keys.ts'
import { readFlags } from '../arguments.ts'
import { type Command, EXIT, type ExitCode, type Io, Stop, usageStop } from '../command.ts'
import { envFileText, makeSealKey } from './dev-environment.ts'

export const keysNew: Command = {
  name: 'keys new',
  usage: ['keys new --out FILE'],
  summary: 'Make the secrets of a new gateway: SESSION_SIGNING_KEYS and SEAL_KEYS, as an env file',
  options: [['--out FILE', 'a file that does not exist yet; only its owner will be able to read it']],
  run: makeKeys,
}

async function makeKeys(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, { out: { type: 'string' } })
  if (positionals.length > 0) throw usageStop(`Unexpected word "${positionals[0]}": the file is named by --out`)
  if (!values.out) throw usageStop('Missing --out FILE')
  const path = resolve(io.directory, values.out)
  const text = envFileText({ SESSION_SIGNING_KEYS: await makeSessionSigningKeys(), SEAL_KEYS: makeSealKey() })
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (readErrorCode(error) !== 'EEXIST') throw error
    throw new Stop(
      EXIT.refused,
      `${values.out} exists, and its keys may be in use: name another file, or rotate them with "keys rotate"`,
    )
  }
  io.err(`Wrote ${printable(values.out)}. Keep it out of version control; load it with: set -a; . FILE; set +a\n`)
  return EXIT.done
}
