// `postern revoke prune`: removes the entries that have expired.
import { floorToSeconds } from '../../core/instant.ts'
import { readTarget, SCOPE, TARGET_OPTIONS } from '../arguments.ts'
import { EXIT, Stop } from '../command.ts'
import { CHANGE_OPTIONS, readActor } from '../config/actor.ts'
import { defineCommand } from '../define-command.ts'
import { openStore, STORE_OPTIONS } from '../store/store-option.ts'
import { formatCount } from '../terminal.ts'
import { changeRevocations } from './change-revocations.ts'
import { describeRace } from './describe-effect.ts'
import { removeEntries } from './edit-revocations.ts'
import { revocationsKey } from './revocations-key.ts'

export const revokePrune = defineCommand({
  name: 'prune',
  summary: 'Remove the entries that have expired',
  arguments: [SCOPE],
  options: { ...TARGET_OPTIONS, ...STORE_OPTIONS, actor: CHANGE_OPTIONS.actor },
  async run([scope], values, io) {
    const key = revocationsKey(readTarget(scope, values.id))
    const actor = readActor(values.actor, io)
    const opened = await openStore(values, io)
    const nowSeconds = floorToSeconds(io.clock())
    let removed = 0
    const { exitCode } = await changeRevocations(
      key,
      {
        actor,
        edit(stored) {
          const indexes =
            stored?.set.entries.filter(({ untilSeconds }) => untilSeconds <= nowSeconds).map(({ index }) => index) ?? []
          if (stored === undefined || indexes.length === 0) return { kind: 'unchanged' }
          removed += indexes.length
          const text = removeEntries(stored.text, indexes)
          if (text !== undefined) return { kind: 'text', text }
          throw new Stop(EXIT.refused, `${key.text} cannot be edited: remove the entries with \`config set\``)
        },
      },
      opened,
      io,
    )
    if (exitCode !== EXIT.done) return exitCode
    io.out(`${key.text}: ${formatCount(removed, 'entry').replace('entrys', 'entries')} removed\n`)
    const race = removed > 0 ? describeRace(opened.store) : undefined
    if (race !== undefined) io.err(`${race}\n`)
    return EXIT.done
  },
})
