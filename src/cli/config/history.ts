// The history that this tool writes: one record per change under `history/<key>/<UTC time>-<digest>`, written before the
// change itself, so that no version is lost. A record is untrusted input like everything in a store: it is parsed
// strictly, and its document is compiled again before a rollback.
import type { DocumentKey } from '../../config/document-key.ts'
import { computeDigest, isDigest } from '../../core/digest.ts'
import { parseInstantMillis } from '../../core/instant.ts'
import { isJsonObject, parseJsonBytes } from '../../core/json.ts'
import { STORE_VALUE_MAX_BYTES } from '../../core/limits.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import type { OperatorStore } from '../store/operator-store.ts'

/** `found`: a version that was written by other means, recorded when this tool replaced or deleted it. */
const ACTIONS = ['set', 'rollback', 'delete', 'found'] as const
export type Action = (typeof ACTIONS)[number]

export interface HistoryRecord {
  readonly action: Action
  readonly key: string
  /** RFC 3339, in UTC. */
  readonly time: string
  readonly actor: string
  /** Of what was replaced or deleted. */
  readonly previousDigest?: string
  /** The document; a deletion has none. */
  readonly version?: { readonly digest: string; readonly text: string }
}

/** A record by its name alone, which contains its time and digest, so that listing needs no further reads. */
export interface HistoryEntry {
  readonly name: string
  readonly time: string
  /** `undefined` for a deletion. */
  readonly digest: string | undefined
}

/** The time is separated by its fixed length, because both it and a digest may contain digits and dashes. */
const NAME = /^(.{24})-(.+)$/

function makeFolder(key: DocumentKey): string {
  return `history/${key.text}`
}

export async function writeHistory(store: OperatorStore, key: DocumentKey, record: HistoryRecord): Promise<void> {
  const { version, ...facts } = record
  const name = `${record.time}-${version?.digest ?? 'deleted'}`
  const json = JSON.stringify({ v: 1, ...facts, ...version }, undefined, 2)
  await store.write(`${makeFolder(key)}/${name}`, encodeUtf8(json))
}

/** Newest first. */
export async function listHistory(store: OperatorStore, key: DocumentKey): Promise<readonly HistoryEntry[]> {
  const names = (await store.list(makeFolder(key))).map((whole) => whole.slice(makeFolder(key).length + 1))
  return names
    .flatMap((name): readonly HistoryEntry[] => {
      const [, time = '', digest] = NAME.exec(name) ?? []
      if (parseInstantMillis(time) === undefined) return []
      if (digest === 'deleted') return [{ name, time, digest: undefined }]
      return isDigest(digest) ? [{ name, time, digest }] : []
    })
    .sort((a, b) => (a.name < b.name ? 1 : -1))
}

/** The record; `undefined` if it is missing, damaged, or does not match its name. */
export async function readHistory(
  store: OperatorStore,
  key: DocumentKey,
  { name, time, digest }: HistoryEntry,
): Promise<HistoryRecord | undefined> {
  const bytes = await store.read(`${makeFolder(key)}/${name}`)
  const record = bytes === undefined ? undefined : await parseHistory(bytes)
  const isPromised = record?.key === key.text && record.time === time && record.version?.digest === digest
  return isPromised ? record : undefined
}

/** Parses a record; `undefined` if it is malformed, or its document does not have its digest. */
export async function parseHistory(bytes: Uint8Array): Promise<HistoryRecord | undefined> {
  const parsed = bytes.length > STORE_VALUE_MAX_BYTES ? undefined : parseJsonBytes(bytes, 1)
  if (parsed?.ok !== true || !isJsonObject(parsed.value) || parsed.value['v'] !== 1) return undefined
  const { action: given, key, time, actor, previousDigest, digest, text } = parsed.value
  const action = ACTIONS.find((known) => known === given)
  if (action === undefined || typeof key !== 'string' || typeof time !== 'string' || typeof actor !== 'string') {
    return undefined
  }
  if (previousDigest !== undefined && !isDigest(previousDigest)) return undefined
  const facts = { action, key, time, actor, ...(previousDigest === undefined ? {} : { previousDigest }) }
  if (action === 'delete') return digest === undefined && text === undefined ? facts : undefined
  if (typeof text !== 'string' || !isDigest(digest) || (await computeDigest(encodeUtf8(text))) !== digest)
    return undefined
  return { ...facts, version: { digest, text } }
}
