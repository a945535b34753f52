// `postern config rollback`: an older version back into the store, checked as if it were new.
import { parseDigestStart, shortDigest } from '../../core/digest.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import { readExpected, readFlags, readSection, readTarget, TARGET_HELP, TARGET_OPTIONS } from '../arguments.ts'
import { type Command, EXIT, type ExitCode, type Io, Stop, usageStop } from '../command.ts'
import { openStore, STORE_HELP, STORE_OPTIONS, STORE_USAGE } from '../store/store-option.ts'
import { ACTOR_OPTIONS, CHANGE_HELP, readActor } from './actor.ts'
import { makeChanges } from './change.ts'
import { type HistoryEntry, listHistory, readHistory } from './history.ts'

export const configRollback: Command = {
  name: 'config rollback',
  usage: [
    `config rollback cluster --id ID ${STORE_USAGE} --to DIGEST [--validate-only] SECTION`,
    `config rollback trust-domain ${STORE_USAGE} --to DIGEST [--validate-only] SECTION`,
  ],
  summary: 'Store an older version again, checked as if it were new',
  options: [
    ...TARGET_HELP,
    ...STORE_HELP,
    ['--to DIGEST', 'which, as `config history` lists them; its first digits are enough'],
    ['--validate-only', 'check everything and write nothing'],
    ...CHANGE_HELP,
  ],
  run: rollback,
}

async function rollback(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, {
    ...TARGET_OPTIONS,
    ...STORE_OPTIONS,
    ...ACTOR_OPTIONS,
    to: { type: 'string' },
    'validate-only': { type: 'boolean' },
  })
  const { target, rest } = readTarget(positionals, values.id)
  const key = target.keyOf(readSection(target, rest))
  const expected = readExpected(values['expected-digest'])
  const actor = readActor(values.actor, io)
  const start = parseDigestStart(values.to ?? '')
  if (start === undefined) throw usageStop('Say which version: --to takes the first digits of its digest, at least 4')

  const opened = await openStore(values, io)
  const entry = selectVersion(await listHistory(opened.store, key), start, key.text)
  const version = (await readHistory(opened.store, key, entry))?.version
  if (version === undefined) {
    throw new Stop(EXIT.refused, `The record of ${entry.time} is damaged: it does not hold the version of its name`)
  }
  const name = `${key.text} of ${entry.time}`
  const options = { action: 'rollback', actor, expected, validateOnly: values['validate-only'] === true } as const
  return makeChanges([{ key, name, bytes: encodeUtf8(version.text) }], options, opened, io)
}

/** The newest record of the one version whose digest begins so. */
function selectVersion(entries: readonly HistoryEntry[], prefix: string, key: string): HistoryEntry {
  const fitting = entries.filter(({ digest }) => digest?.startsWith(prefix) === true)
  const [newest] = fitting
  if (newest === undefined) {
    throw new Stop(EXIT.refused, `The history of ${key} has no version ${prefix}: see \`config history\``)
  }
  const other = fitting.find(({ digest }) => digest !== newest.digest)
  if (other === undefined) return newest
  const names = `${shortDigest(newest.digest ?? '')} and ${shortDigest(other.digest ?? '')}`
  throw usageStop(`More than one version begins with ${prefix}, ${names} among them: give more digits`)
}
