// `postern keys new`: writes the secrets of a new gateway to a file with mode 600. It never replaces an existing file.
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { printable } from '../../core/printable.ts'
import { readErrorCode } from '../../core/thrown.ts'
import { makeSessionSigningKeys } from '../../token/session/make-session-keys.ts'
import { EXIT, Stop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { formatEnvFile, makeSealKey } from './dev-environment.ts'

export const keysNew = defineCommand({
  name: 'new',
  summary: 'Make the secrets of a new gateway: SESSION_SIGNING_KEYS and SEAL_KEYS, as an env file',
  arguments: [],
  options: {
    out: {
      value: 'file',
      required: true,
      help: 'a file that must not exist yet; only its owner will be able to read it',
    },
  },
  async run(_words, values, io) {
    const path = resolve(io.directory, values.out)
    const text = formatEnvFile({ SESSION_SIGNING_KEYS: await makeSessionSigningKeys(), SEAL_KEYS: makeSealKey() })
    try {
      await writeFile(path, text, { mode: 0o600, flag: 'wx' })
    } catch (error) {
      if (readErrorCode(error) !== 'EEXIST') throw error
      throw new Stop(
        EXIT.refused,
        `${values.out} exists and its keys may be in use: name another file, or rotate the keys with "keys rotate"`,
      )
    }
    io.err(`Wrote ${printable(values.out)}. Keep it out of version control; load it with: set -a; . FILE; set +a\n`)
    return EXIT.done
  },
})
