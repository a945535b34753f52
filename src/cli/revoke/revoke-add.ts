// `postern revoke add`: revokes a pod, an account, a node, an attribute, a token or a session, until a stated time.
import { formatInstantSeconds } from '../../core/instant.ts'
import { REVOCATION_REASON_MAX_LENGTH } from '../../core/limits.ts'
import { readTarget, SCOPE, TARGET_OPTIONS } from '../arguments.ts'
import { EXIT, makeUsageStop, Stop } from '../command.ts'
import { CHANGE_OPTIONS, readActor } from '../config/actor.ts'
import { defineCommand } from '../define-command.ts'
import { openStore, STORE_OPTIONS } from '../store/store-option.ts'
import { changeRevocations } from './change-revocations.ts'
import { describeBound, describeRace, formatEntry } from './describe-effect.ts'
import { addEntry } from './edit-revocations.ts'
import { FACT_OPTIONS, readFact, readUntil, UNTIL_OPTIONS } from './fact-options.ts'
import { revocationsKey } from './revocations-key.ts'
import { findSame } from './same-fact.ts'
import { warnUnproved } from './warn-unproved.ts'

export const revokeAdd = defineCommand({
  name: 'add',
  summary: 'Revoke a pod, an account, a node, an attribute, a token or a session',
  arguments: [SCOPE],
  options: {
    ...TARGET_OPTIONS,
    ...FACT_OPTIONS,
    ...UNTIL_OPTIONS,
    reason: { value: 'text', required: true, help: 'why: audit records repeat it, callers never read it' },
    ...STORE_OPTIONS,
    actor: CHANGE_OPTIONS.actor,
  },
  async run([scope], values, io) {
    const key = revocationsKey(readTarget(scope, values.id))
    const fact = readFact(values)
    const { reason } = values
    if (reason.length > REVOCATION_REASON_MAX_LENGTH)
      throw makeUsageStop(`--reason must have at most ${REVOCATION_REASON_MAX_LENGTH} characters`)
    const entry = { fact, untilSeconds: readUntil(values, io.clock()), reason }
    const actor = readActor(values.actor, io)
    const opened = await openStore(values, io)

    const { exitCode, written } = await changeRevocations(
      key,
      {
        actor,
        edit(stored) {
          const holds = findSame(stored?.set, fact).some(({ untilSeconds }) => untilSeconds >= entry.untilSeconds)
          if (holds) return { kind: 'unchanged' }
          const text = addEntry(stored?.text, entry)
          if (text !== undefined) return { kind: 'text', text }
          throw new Stop(EXIT.refused, `${key.text} cannot be edited: add the entry with \`config set\``)
        },
      },
      opened,
      io,
    )
    if (exitCode !== EXIT.done) return exitCode
    const until = formatInstantSeconds(entry.untilSeconds)
    io.out(
      written ? `Revoked: ${formatEntry(entry)}\n` : `Already revoked until ${until} or later; nothing was written\n`,
    )
    io.out(`${describeBound(opened.store)}\n`)
    await warnUnproved(key, fact, opened, io)
    const race = written ? describeRace(opened.store) : undefined
    if (race !== undefined) io.err(`${race}\n`)
    return EXIT.done
  },
})
