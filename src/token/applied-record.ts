// Applied records: what the gateway remembers of the documents that compiled, sealed so that whoever can write to the
// store cannot plant one. A record is a compact JWS (RFC 7515), HS256 by the seal keys; nothing of it is believed
// before its signature and its key fit. No store and no clock here.
import { CompactSign, compactVerify } from 'jose'
import { decodeBase64url, encodeBase64url } from '../core/base64.ts'
import { isJsonObject, type JsonObject, parseJsonBytes } from '../core/json.ts'
import { KID_MAX_BYTES, SEAL_KEY_MIN_BYTES, STORE_VALUE_MAX_BYTES } from '../core/limits.ts'
import { encodeUtf8 } from '../core/utf8.ts'

/** Symmetric keys: the first seals, all open. */
export type SealKeys = readonly Uint8Array<ArrayBuffer>[]

/** That a version of a document was applied, or (a tombstone) that the document was found to be absent. */
export type AppliedRecord =
  | {
      readonly kind: 'applied'
      readonly key: string
      readonly digest: string
      readonly text: string
      readonly appliedAtMillis: number
    }
  | { readonly kind: 'deleted'; readonly key: string; readonly deletedAtMillis: number }

export interface OpenedRecord {
  readonly record: AppliedRecord
  /** Sealed by the first key; else it is due to be sealed again, before its key is retired. */
  readonly current: boolean
}

const TYPE = 'postern-applied+jws'
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** The record as the store keeps it. Throws without a key, and with one that is too short: settings are checked before. */
export async function sealRecord(record: AppliedRecord, keys: SealKeys): Promise<Uint8Array<ArrayBuffer>> {
  const [first] = keys
  if (first === undefined) throw new RangeError('there is no key to seal with')
  if (first.length < SEAL_KEY_MIN_BYTES) throw new RangeError(`a seal key needs ${SEAL_KEY_MIN_BYTES} bytes`)
  const jws = await new CompactSign(encodeUtf8(JSON.stringify(payloadOf(record))))
    .setProtectedHeader({ alg: 'HS256', typ: TYPE, kid: await keyIdOf(first) })
    .sign(first)
  return encodeUtf8(jws)
}

/** The record, if it is one, is sealed by one of the keys, and is of the document `key`; else it counts as absent. */
export async function openRecord(bytes: Uint8Array, key: string, keys: SealKeys): Promise<OpenedRecord | undefined> {
  if (bytes.length > STORE_VALUE_MAX_BYTES) return undefined
  const jws = new TextDecoder().decode(bytes)
  // jose reads a signature with whitespace or spare bits as well: then one record would have many spellings.
  if (decodeBase64url(jws.slice(jws.lastIndexOf('.') + 1)) === undefined) return undefined
  const kid = readKeyId(jws.slice(0, jws.indexOf('.')))
  for (const [index, sealKey] of keys.entries()) {
    if (sealKey.length < SEAL_KEY_MIN_BYTES || (await keyIdOf(sealKey)) !== kid) continue
    const payload = await verifiedPayload(jws, sealKey)
    const record = payload === undefined ? undefined : readPayload(payload)
    return record?.key === key ? { record, current: index === 0 } : undefined
  }
  return undefined
}

/** Names a key without giving it away: by a MAC of a fixed text. */
async function keyIdOf(sealKey: Uint8Array<ArrayBuffer>): Promise<string> {
  const key = await crypto.subtle.importKey('raw', sealKey, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const mac = await crypto.subtle.sign('HMAC', key, encodeUtf8('postern seal key id'))
  return encodeBase64url(new Uint8Array(mac).subarray(0, 12))
}

/** The `kid` of a header that has exactly our members: the `typ` keeps other things sealed by these keys apart. */
function readKeyId(encoded: string): string | undefined {
  const header = encoded.length > 2 * KID_MAX_BYTES ? undefined : decodeBase64url(encoded)
  const parsed = header === undefined ? undefined : readMembers(header, ['alg', 'typ', 'kid'])
  if (parsed?.['alg'] !== 'HS256' || parsed['typ'] !== TYPE) return undefined
  return typeof parsed['kid'] === 'string' ? parsed['kid'] : undefined
}

async function verifiedPayload(jws: string, sealKey: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return (await compactVerify(jws, sealKey, { algorithms: ['HS256'] })).payload
  } catch {
    // Edited, cut short, or never ours: jose says which, and it makes no difference.
    return undefined
  }
}

function payloadOf(record: AppliedRecord): Record<string, string | number> {
  if (record.kind === 'deleted') {
    return { v: 1, key: record.key, deletedAt: new Date(record.deletedAtMillis).toISOString() }
  }
  const { key, digest, text } = record
  return { v: 1, key, digest, text, appliedAt: new Date(record.appliedAtMillis).toISOString() }
}

function readPayload(bytes: Uint8Array): AppliedRecord | undefined {
  const applied = readMembers(bytes, ['v', 'key', 'digest', 'text', 'appliedAt'])
  if (applied?.['v'] === 1) {
    const { key, digest, text, appliedAt } = applied
    const appliedAtMillis = readTime(appliedAt)
    if (typeof key !== 'string' || typeof text !== 'string' || appliedAtMillis === undefined) return undefined
    if (typeof digest !== 'string' || !DIGEST.test(digest)) return undefined
    return { kind: 'applied', key, digest, text, appliedAtMillis }
  }
  const deleted = readMembers(bytes, ['v', 'key', 'deletedAt'])
  const deletedAtMillis = readTime(deleted?.['deletedAt'])
  const key = deleted?.['key']
  if (deleted?.['v'] !== 1 || typeof key !== 'string' || deletedAtMillis === undefined) return undefined
  return { kind: 'deleted', key, deletedAtMillis }
}

/** A flat object with exactly these members. */
function readMembers<Name extends string>(bytes: Uint8Array, names: readonly Name[]): JsonObject | undefined {
  const parsed = parseJsonBytes(bytes, 1)
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined
  const found = Object.keys(parsed.value)
  return found.length === names.length && names.every((name) => found.includes(name)) ? parsed.value : undefined
}

/** Only the one spelling that we write. */
function readTime(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  const millis = Date.parse(value)
  return Number.isFinite(millis) && new Date(millis).toISOString() === value ? millis : undefined
}
