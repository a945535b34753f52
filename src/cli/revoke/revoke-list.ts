// `postern revoke list`: the entries of a scope and its lock.
import { floorToSeconds, formatInstantSeconds } from '../../core/instant.ts'
import { printable } from '../../core/printable.ts'
import { describeFact } from '../../policy/revocation/revocation.ts'
import { JSON_OPTION, readTarget, SCOPE, TARGET_OPTIONS } from '../arguments.ts'
import { EXIT } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { openStore, STORE_OPTIONS } from '../store/store-option.ts'
import { formatCount, paint } from '../terminal.ts'
import { readStored } from './change-revocations.ts'
import { formatEntry } from './describe-effect.ts'
import { revocationsKey } from './revocations-key.ts'

export const revokeList = defineCommand({
  name: 'list',
  summary: 'List what is revoked, until when and why',
  arguments: [SCOPE],
  options: { ...TARGET_OPTIONS, ...STORE_OPTIONS, ...JSON_OPTION },
  async run([scope], values, io) {
    const key = revocationsKey(readTarget(scope, values.id))
    const opened = await openStore(values, io)
    const stored = await readStored(key, await opened.store.read(key.text), opened, io)
    const nowSeconds = floorToSeconds(io.clock())
    const { entries = [], lock } = stored?.set ?? {}
    const active = entries.filter(({ untilSeconds }) => nowSeconds < untilSeconds)
    if (values.json === true) {
      const list = entries.map(({ fact, untilSeconds, reason }) => ({
        revoked: describeFact(fact),
        fact,
        until: formatInstantSeconds(untilSeconds),
        reason,
        active: nowSeconds < untilSeconds,
      }))
      const locked =
        lock === undefined ? {} : { lock: { until: formatInstantSeconds(lock.untilSeconds), reason: lock.reason } }
      io.out(`${JSON.stringify({ key: key.text, ...locked, entries: list }, undefined, 2)}\n`)
      return EXIT.done
    }
    if (lock !== undefined) {
      const isOver = nowSeconds >= lock.untilSeconds
      const until = formatInstantSeconds(lock.untilSeconds)
      io.out(
        `${paint(isOver ? 'was locked' : 'locked', isOver ? 'dim' : 'red', io)} until ${until}: ${printable(lock.reason)}\n`,
      )
    }
    for (const entry of entries) {
      const isOver = nowSeconds >= entry.untilSeconds
      io.out(`${isOver ? paint('expired', 'dim', io) : paint('revoked', 'red', io)} ${formatEntry(entry)}\n`)
    }
    const rest = entries.length - active.length
    const expired = rest === 0 ? '' : `, ${rest} expired: remove with \`revoke prune\``
    io.out(`${key.text}: ${formatCount(active.length, 'entry').replace('entrys', 'entries')} in force${expired}\n`)
    return EXIT.done
  },
})
