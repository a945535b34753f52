// `postern revoke expire`: ends an entry now; what it named is admitted again.
import { floorToSeconds } from '../../core/instant.ts'
import { printable } from '../../core/printable.ts'
import { describeFact } from '../../policy/revocation/revocation.ts'
import { readTarget, SCOPE, TARGET_OPTIONS } from '../arguments.ts'
import { EXIT, Stop } from '../command.ts'
import { CHANGE_OPTIONS, readActor } from '../config/actor.ts'
import { defineCommand } from '../define-command.ts'
import { openStore, STORE_OPTIONS } from '../store/store-option.ts'
import { changeRevocations } from './change-revocations.ts'
import { describeBound, describeRace } from './describe-effect.ts'
import { setUntil } from './edit-revocations.ts'
import { FACT_OPTIONS, readFact } from './fact-options.ts'
import { revocationsKey } from './revocations-key.ts'
import { findSame } from './same-fact.ts'

export const revokeExpire = defineCommand({
  name: 'expire',
  summary: 'End an entry now: what it names is admitted again',
  arguments: [SCOPE],
  options: { ...TARGET_OPTIONS, ...FACT_OPTIONS, ...STORE_OPTIONS, actor: CHANGE_OPTIONS.actor },
  async run([scope], values, io) {
    const key = revocationsKey(readTarget(scope, values.id))
    const fact = readFact(values)
    const actor = readActor(values.actor, io)
    const opened = await openStore(values, io)
    const nowSeconds = floorToSeconds(io.clock())
    const { exitCode, written } = await changeRevocations(
      key,
      {
        actor,
        edit(stored) {
          const indexes = findSame(stored?.set, fact)
            .filter(({ untilSeconds }) => untilSeconds > nowSeconds)
            .map(({ index }) => index)
          if (stored === undefined || indexes.length === 0) return { kind: 'unchanged' }
          const text = setUntil(stored.text, indexes, nowSeconds)
          if (text !== undefined) return { kind: 'text', text }
          throw new Stop(EXIT.refused, `${key.text} cannot be edited: change the entry with \`config set\``)
        },
      },
      opened,
      io,
    )
    if (exitCode !== EXIT.done) return exitCode
    if (!written) throw new Stop(EXIT.refused, `${key.text} has no entry in force for ${printable(describeFact(fact))}`)
    io.out(`Ended: ${printable(describeFact(fact))}\n${describeBound(opened.store)}\n`)
    const race = describeRace(opened.store)
    if (race !== undefined) io.err(`${race}\n`)
    return EXIT.done
  },
})
