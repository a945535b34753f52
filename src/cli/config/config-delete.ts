// `postern config delete`: deletes a document from a store; its last version stays in the history.
import { readExpected, readSection, readTarget, SCOPE, SECTION, TARGET_OPTIONS } from '../arguments.ts'
import { EXIT } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { openStateStore, STATE_OPTIONS } from '../store/state-option.ts'
import { openStore, STORE_OPTIONS } from '../store/store-option.ts'
import { CHANGE_OPTIONS, readActor } from './actor.ts'
import { buryRecord } from './bury-record.ts'
import { makeChanges } from './change.ts'

export const configDelete = defineCommand({
  name: 'delete',
  summary: 'Delete a document; its last version stays in the history',
  arguments: [SCOPE, SECTION],
  options: { ...TARGET_OPTIONS, ...STORE_OPTIONS, ...STATE_OPTIONS, ...CHANGE_OPTIONS },
  async run([scope, section], values, io) {
    const target = readTarget(scope, values.id)
    const key = target.keyOf(readSection(target, section))
    const expected = readExpected(values['expected-digest'])
    const actor = readActor(values.actor, io)
    const change = { key, name: key.text, bytes: undefined }
    const opened = await openStore(values, io)
    const state = await openStateStore(values, opened.store, io)
    const done = await makeChanges([change], { action: 'delete', actor, expected, validateOnly: false }, opened, io)
    if (done === EXIT.done) await buryRecord(key, state, opened.settings, io)
    return done
  },
})
