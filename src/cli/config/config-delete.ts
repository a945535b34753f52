// `postern config delete`: a document out of a store; its last version stays in the history.

import { readExpected, readFlags, readSection, readTarget, TARGET_HELP, TARGET_OPTIONS } from '../arguments.ts'
import { type Command, EXIT, type ExitCode, type Io } from '../command.ts'
import { openStateStore, STATE_HELP, STATE_OPTIONS } from '../store/state-option.ts'
import { openStore, STORE_HELP, STORE_OPTIONS, STORE_USAGE } from '../store/store-option.ts'
import { ACTOR_OPTIONS, CHANGE_HELP, readActor } from './actor.ts'
import { buryRecord } from './bury-record.ts'
import { makeChanges } from './change.ts'

export const configDelete: Command = {
  name: 'config delete',
  usage: [
    `config delete cluster --id ID ${STORE_USAGE} [--expected-digest DIGEST] SECTION`,
    `config delete trust-domain ${STORE_USAGE} [--expected-digest DIGEST] SECTION`,
  ],
  summary: 'Delete a document; its last version stays in the history',
  options: [...TARGET_HELP, ...STORE_HELP, ...STATE_HELP, ...CHANGE_HELP],
  run: remove,
}

async function remove(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, {
    ...TARGET_OPTIONS,
    ...STORE_OPTIONS,
    ...STATE_OPTIONS,
    ...ACTOR_OPTIONS,
  })
  const { target, rest } = readTarget(positionals, values.id)
  const key = target.keyOf(readSection(target, rest))
  const expected = readExpected(values['expected-digest'])
  const actor = readActor(values.actor, io)
  const change = { key, name: key.text, bytes: undefined }
  const opened = await openStore(values, io)
  const state = await openStateStore(values, opened.store, io)
  const done = await makeChanges([change], { action: 'delete', actor, expected, validateOnly: false }, opened, io)
  if (done === EXIT.done) await buryRecord(key, state, opened.settings, io)
  return done
}
