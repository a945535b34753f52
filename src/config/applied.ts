// The gateway's own records under `applied/`: the last version of each document that compiled, so that an isolate that
// starts while the stored one is bad has something good to serve. Consulted for nothing else. Sealed, so that none can
// be planted; buried when the document is deleted, so that none comes back to life.
import type { Clock } from '../core/clock.ts'
import { digestOf } from '../core/digest.ts'
import { APPLIED_SETTLE_MILLIS, STORE_TIMEOUT_MILLIS } from '../core/limits.ts'
import { decodeUtf8, encodeUtf8 } from '../core/utf8.ts'
import { type AppliedRecord, openRecord, type SealKeys, sealRecord } from '../token/applied-record.ts'
import { appliedKey, type DocumentKey } from './document-key.ts'
import { type Sleep, type StateStore, within } from './source.ts'

export interface AppliedVersion {
  readonly digest: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly appliedAtMillis: number
}

/** What the record of a document says of it: the last version that is known to have compiled, or its deletion. */
export type Recalled =
  | { readonly kind: 'applied'; readonly version: AppliedVersion; readonly atMillis: number }
  | { readonly kind: 'deleted'; readonly atMillis: number }

/** What a record tells of its document: the digest of a version, or its absence. */
export type Told = string
export const TOLD_ABSENT: Told = 'absent'

export interface AppliedRecords {
  /** The record; one whose signature, key or digest does not fit counts as absent. Rejects with a `StoreError`. */
  recall(key: DocumentKey): Promise<Recalled | undefined>
  /**
   * Records that a version compiled; `displaced` is what this isolate knew before. Answers with the time since when the
   * version is on record, or `undefined`: the record there may tell of something newer, try again later. Rejects
   * with a `StoreError`.
   */
  keep(key: DocumentKey, version: AppliedVersion, displaced: Told | undefined): Promise<number | undefined>
  /** Puts a tombstone in the place of a record, if there is one. Rejects with a `StoreError`. */
  bury(key: DocumentKey): Promise<void>
}

export function createAppliedRecords({
  state,
  sealKeys,
  clock,
  sleep,
}: {
  readonly state: StateStore
  readonly sealKeys: SealKeys
  readonly clock: Clock
  readonly sleep: Sleep
}): AppliedRecords {
  async function open(key: DocumentKey) {
    const bytes = await within(() => state.read(appliedKey(key)), STORE_TIMEOUT_MILLIS, sleep)
    return bytes === undefined ? undefined : openRecord(bytes, key.text, sealKeys)
  }

  async function write(key: DocumentKey, record: AppliedRecord): Promise<void> {
    const sealed = await sealRecord(record, sealKeys)
    await within(() => state.write(appliedKey(key), sealed), STORE_TIMEOUT_MILLIS, sleep)
  }

  return {
    async recall(key) {
      const record = (await open(key))?.record
      if (record === undefined) return undefined
      if (record.kind === 'deleted') return { kind: 'deleted', atMillis: record.deletedAtMillis }
      const { digest, appliedAtMillis } = record
      const bytes = encodeUtf8(record.text)
      if ((await digestOf(bytes)) !== digest) return undefined
      return { kind: 'applied', version: { digest, bytes, appliedAtMillis }, atMillis: appliedAtMillis }
    },

    async keep(key, version, displaced) {
      const there = await open(key)
      if (there !== undefined) {
        const { record, current } = there
        const isSame = record.kind === 'applied' && record.digest === version.digest
        if (isSame && current) return record.appliedAtMillis
        // Stores are eventually consistent: this isolate may just have read what others have left behind. To put an
        // older version, or a deleted one, over a young record would bring it back; so the young record stays for now.
        if (!isSame && told(record) !== displaced && isYoung(record, clock())) return undefined
      }
      const text = decodeUtf8(version.bytes)
      if (text === undefined) throw new TypeError('a document that compiled is UTF-8')
      // Sealed again by a new first key, it has been applied since the same time.
      const appliedAtMillis = sinceOf(there?.record, version)
      await write(key, { kind: 'applied', key: key.text, digest: version.digest, text, appliedAtMillis })
      return appliedAtMillis
    },

    async bury(key) {
      const there = await open(key)
      // Where there is nothing to bury nothing is written: else made-up cluster ids would fill the store.
      if (there?.record.kind === 'applied')
        await write(key, { kind: 'deleted', key: key.text, deletedAtMillis: clock() })
    },
  }
}

function sinceOf(record: AppliedRecord | undefined, version: AppliedVersion): number {
  const isSame = record?.kind === 'applied' && record.digest === version.digest
  return isSame ? record.appliedAtMillis : version.appliedAtMillis
}

function told(record: AppliedRecord): Told {
  return record.kind === 'applied' ? record.digest : TOLD_ABSENT
}

function isYoung(record: AppliedRecord, nowMillis: number): boolean {
  const atMillis = record.kind === 'applied' ? record.appliedAtMillis : record.deletedAtMillis
  return Math.abs(nowMillis - atMillis) < APPLIED_SETTLE_MILLIS
}
