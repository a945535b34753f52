// After a deletion by the tool: the gateway's record of the document must not bring it back once a bad one is stored.

import { appliedKey, type DocumentKey } from '../../config/document-key.ts'
import { createAppliedRecord, createAppliedRecords } from '../../config/live/applied-records.ts'
import { ABSENT, chooseMark, extendTrail } from '../../config/live/version-order.ts'
import type { Io } from '../command.ts'
import type { OperatorSettings } from '../operator-settings.ts'
import type { OperatorStore } from '../store/operator-store.ts'

/**
 * Does to the record what a gateway does that finds the document absent: a tombstone takes its place. Without the settings
 * to seal one, the record is removed: less, since a gateway that has not seen the deletion yet may write it again.
 */
export async function buryRecord(
  key: DocumentKey,
  state: OperatorStore,
  { sealing }: OperatorSettings,
  io: Io,
): Promise<void> {
  if (!('missing' in sealing)) {
    const records = createAppliedRecords(state, sealing)
    const mark = chooseMark(await records.read(key), extendTrail([], ABSENT, io.clock()))
    if (mark !== undefined) await records.write(key, createAppliedRecord(key, mark, undefined))
    return
  }
  if ((await state.read(appliedKey(key))) === undefined) return
  await state.delete(appliedKey(key))
  io.err(
    `${appliedKey(key)} is removed, and no tombstone is written: not set: ${sealing.missing.join(', ')}. ` +
      'A gateway that has not seen the deletion yet may write the record again; run this again in two minutes\n',
  )
}
