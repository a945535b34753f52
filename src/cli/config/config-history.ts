// `postern config history`: lists the versions of a document with author and time, newest first.

import { computeDigest, SHORT_DIGEST_LENGTH, shortenDigest } from '../../core/digest.ts'
import { printable } from '../../core/printable.ts'
import { JSON_OPTION, readSection, readTarget, SCOPE, SECTION, TARGET_OPTIONS } from '../arguments.ts'
import { EXIT, type Io, makeUsageStop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { openStore, STORE_OPTIONS } from '../store/store-option.ts'
import { formatCount, paint } from '../terminal.ts'
import { type HistoryEntry, type HistoryRecord, listHistory, readHistory } from './history.ts'

export const configHistory = defineCommand({
  name: 'history',
  summary: 'List the versions of a document with author and time, newest first',
  arguments: [SCOPE, SECTION],
  options: {
    ...TARGET_OPTIONS,
    ...STORE_OPTIONS,
    limit: { value: 'n', help: 'the number of versions to list', default: '20' },
    ...JSON_OPTION,
  },
  async run([scope, section], values, io) {
    const target = readTarget(scope, values.id)
    const key = target.keyOf(readSection(target, section))
    if (!/^[1-9][0-9]{0,4}$/.test(values.limit)) throw makeUsageStop('--limit must be a number from 1 to 99999')
    const { store } = await openStore(values, io)
    const entries = await listHistory(store, key)
    const shown = entries.slice(0, Number(values.limit))
    const records: Listed[] = []
    for (const entry of shown) records.push({ entry, record: await readHistory(store, key, entry) })
    const stored = await store.read(key.text)
    const current = stored === undefined ? undefined : await computeDigest(stored)

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
    io.out(records.map((listed) => formatEntry(listed, current, io)).join(''))
    const more = entries.length - records.length
    if (more > 0) io.err(`${formatCount(more, 'older record')} not listed: raise --limit\n`)
    return EXIT.done
  },
})

interface Listed {
  readonly entry: HistoryEntry
  /** `undefined` if the record is damaged. */
  readonly record: HistoryRecord | undefined
}

function formatEntry({ entry, record }: Listed, current: string | undefined, io: Io): string {
  const { time, digest } = entry
  const version = digest === undefined ? '-'.padEnd(SHORT_DIGEST_LENGTH) : shortenDigest(digest)
  const what =
    record === undefined ? paint('damaged', 'red', io) : `${record.action.padEnd(8)}  ${printable(record.actor)}`
  const mark = digest !== undefined && digest === current ? paint('  stored now', 'green', io) : ''
  return `${time}  ${version}  ${what}${mark}\n`
}
