// After a deletion by this tool: replaces the gateway's applied record by a tombstone. Otherwise the gateway would restore
// the deleted document from its record as soon as an invalid one is stored.

import { appliedKey, type DocumentKey } from '../../config/document-key.ts'
import { createAppliedRecord, createAppliedRecords } from '../../config/live/applied-records.ts'
import { ABSENT, chooseMark, extendTrail } from '../../config/live/version-order.ts'
import type { Io } from '../command.ts'
import type { OperatorSettings } from '../operator-settings.ts'
import type { OperatorStore } from '../store/operator-store.ts'

/**
 * Replaces the record by a tombstone, as a gateway does that finds the document absent. Without the settings that seal a
 * record, the record is only removed, which is weaker: a gateway that has not read the deletion yet may write it again.
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
    `${appliedKey(key)} is removed without a tombstone, because these settings are missing: ${sealing.missing.join(', ')}. ` +
      'A gateway that has not read the deletion yet may write the record again: set them, or run this again in two minutes\n',
  )
}
