// The gateway's own records under `applied/`: the last version of each document that compiled, so an isolate that
// starts while the stored document is invalid has a valid version to serve. version-order.ts decides what a record must
// hold.
import { computeDigest } from '../../core/digest.ts'
import { decodeUtf8, encodeUtf8 } from '../../core/utf8.ts'
import {
  type AppliedRecord,
  type OpenedRecord,
  openRecord,
  type Sealing,
  sealRecord,
} from '../../token/applied-record.ts'
import { appliedKey, type DocumentKey } from '../document-key.ts'
import type { StateStore } from '../source.ts'
import type { Mark } from './version-order.ts'

export interface AppliedRecords {
  /** A record with a wrong seal, deployment, key or digest counts as absent. @throws if the store cannot be read */
  read(key: DocumentKey): Promise<OpenedRecord | undefined>
  /** @throws if the store cannot be written */
  write(key: DocumentKey, record: AppliedRecord): Promise<void>
}

export function createAppliedRecords(state: StateStore, sealing: Sealing): AppliedRecords {
  return {
    async read(key) {
      const bytes = await state.read(appliedKey(key))
      const opened = bytes === undefined ? undefined : await openRecord(bytes, key.text, sealing)
      if (opened?.record.kind !== 'applied') return opened
      const { digest, text } = opened.record
      return (await computeDigest(encodeUtf8(text))) === digest ? opened : undefined
    },
    async write(key, record) {
      await state.write(appliedKey(key), await sealRecord(record, sealing))
    },
  }
}

/**
 * Makes the record that a mark requires.
 *
 * @param version the version that compiled, so its bytes are UTF-8; needed for a mark `applied` only
 */
export function createAppliedRecord(
  key: DocumentKey,
  mark: Mark,
  version: { readonly digest: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined,
): AppliedRecord {
  if (mark.kind !== 'applied') return { ...mark, key: key.text }
  const text = version === undefined ? undefined : decodeUtf8(version.bytes)
  if (version === undefined || text === undefined)
    throw new TypeError('a version that compiled must be present and UTF-8')
  return { ...mark, key: key.text, digest: version.digest, text, confirmedAtMillis: mark.readAtMillis }
}
