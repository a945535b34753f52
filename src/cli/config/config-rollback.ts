// `postern config rollback`: stores an older version again, checked like a new one.
import { parseDigestStart, shortenDigest } from '../../core/digest.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import { readExpected, readSection, readTarget, SCOPE, SECTION, TARGET_OPTIONS } from '../arguments.ts'
import { EXIT, makeUsageStop, Stop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { openStore, STORE_OPTIONS } from '../store/store-option.ts'
import { CHANGE_OPTIONS, readActor, VALIDATE_ONLY_OPTION } from './actor.ts'
import { makeChanges } from './change.ts'
import { type HistoryEntry, listHistory, readHistory } from './history.ts'

export const configRollback = defineCommand({
  name: 'rollback',
  summary: 'Store an older version again, checked like a new one',
  arguments: [SCOPE, SECTION],
  options: {
    ...TARGET_OPTIONS,
    ...STORE_OPTIONS,
    to: {
      value: 'digest',
      required: true,
      help: 'the version, as `config history` lists it; its first digits are enough',
    },
    ...VALIDATE_ONLY_OPTION,
    ...CHANGE_OPTIONS,
  },
  async run([scope, section], values, io) {
    const target = readTarget(scope, values.id)
    const key = target.keyOf(readSection(target, section))
    const expected = readExpected(values['expected-digest'])
    const actor = readActor(values.actor, io)
    const start = parseDigestStart(values.to)
    if (start === undefined) throw makeUsageStop('--to must be the first digits of a digest, at least 4')

    const opened = await openStore(values, io)
    const entry = selectVersion(await listHistory(opened.store, key), start, key.text)
    const version = (await readHistory(opened.store, key, entry))?.version
    if (version === undefined) {
      throw new Stop(
        EXIT.refused,
        `The record of ${entry.time} is damaged: its content does not match the digest in its name. Choose another version with --to`,
      )
    }
    const name = `${key.text} of ${entry.time}`
    const options = { action: 'rollback', actor, expected, validateOnly: values['validate-only'] === true } as const
    return makeChanges([{ key, name, bytes: encodeUtf8(version.text) }], options, opened, io)
  },
})

/**
 * Finds the newest record of the one version whose digest begins with `prefix`.
 * @throws {@link Stop} if no version or more than one begins with it
 */
function selectVersion(entries: readonly HistoryEntry[], prefix: string, key: string): HistoryEntry {
  const fitting = entries.filter(({ digest }) => digest?.startsWith(prefix) === true)
  const [newest] = fitting
  if (newest === undefined) {
    throw new Stop(
      EXIT.refused,
      `The history of ${key} has no version ${prefix}: list the versions with \`config history\``,
    )
  }
  const other = fitting.find(({ digest }) => digest !== newest.digest)
  if (other === undefined) return newest
  const names = `${shortenDigest(newest.digest ?? '')} and ${shortenDigest(other.digest ?? '')}`
  throw makeUsageStop(
    `Ambiguous --to: more than one version begins with ${prefix}, among them ${names}. Give more digits`,
  )
}
