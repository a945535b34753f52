// `postern config history`: who stored which version, and when, newest first.

import { digestOf, SHORT_DIGEST_LENGTH, shortDigest } from '../../core/digest.ts'
import { printable } from '../../core/printable.ts'
import { readFlags, readSection, readTarget, TARGET_HELP, TARGET_OPTIONS } from '../arguments.ts'
import { type Command, EXIT, type ExitCode, type Io, usageStop } from '../command.ts'
import { openStore, STORE_HELP, STORE_OPTIONS, STORE_USAGE } from '../store/store-option.ts'
import { count, paint } from '../terminal.ts'
import { type HistoryEntry, type HistoryRecord, listHistory, readHistory } from './history.ts'

export const configHistory: Command = {
  name: 'config history',
  usage: [
    `config history cluster --id ID ${STORE_USAGE} [--limit N] [--json] SECTION`,
    `config history trust-domain ${STORE_USAGE} [--limit N] [--json] SECTION`,
  ],
  summary: 'List who stored which version of a document, newest first',
  options: [
    ...TARGET_HELP,
    ...STORE_HELP,
    ['--limit N', 'how many; default 20'],
    ['--json', 'print one JSON object, for programs'],
  ],
  run: history,
}

interface Listed {
  readonly entry: HistoryEntry
  /** `undefined`: damaged. */
  readonly record: HistoryRecord | undefined
}

async function history(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, {
    ...TARGET_OPTIONS,
    ...STORE_OPTIONS,
    limit: { type: 'string', default: '20' },
    json: { type: 'boolean' },
  })
  const { target, rest } = readTarget(positionals, values.id)
  const key = target.keyOf(readSection(target, rest))
  if (!/^[1-9][0-9]{0,4}$/.test(values.limit)) throw usageStop('--limit takes a number from 1 to 99999')
  const { store } = await openStore(values, io)
  const entries = await listHistory(store, key)
  const shown = entries.slice(0, Number(values.limit))
  const records: Listed[] = []
  for (const entry of shown) records.push({ entry, record: await readHistory(store, key, entry) })
  const stored = await store.read(key.text)
  const current = stored === undefined ? undefined : await digestOf(stored)

  if (values.json === true) {
    const listed = records.map(({ entry, record }) => {
      const { time, digest } = entry
      if (record === undefined) return { time, digest, damaged: true }
      const { action, actor, previousDigest } = record
      return { time, digest, action, actor, previousDigest }
    })
    io.out(`${JSON.stringify({ key: key.text, storedDigest: current, records: listed }, undefined, 2)}\n`)
    return EXIT.done
  }
  if (records.length === 0) io.err(`${key.text} has no history in ${printable(store.name)}\n`)
  io.out(records.map((listed) => lineOf(listed, current, io)).join(''))
  const more = entries.length - records.length
  if (more > 0) io.err(`${count(more, 'older record')} not listed: see --limit\n`)
  return EXIT.done
}

function lineOf({ entry, record }: Listed, current: string | undefined, io: Io): string {
  const { time, digest } = entry
  const version = digest === undefined ? '-'.padEnd(SHORT_DIGEST_LENGTH) : shortDigest(digest)
  const what =
    record === undefined ? paint('damaged', 'red', io) : `${record.action.padEnd(8)}  ${printable(record.actor)}`
  const mark = digest !== undefined && digest === current ? paint('  stored now', 'green', io) : ''
  return `${time}  ${version}  ${what}${mark}\n`
}
