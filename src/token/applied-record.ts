// Applied records: what the gateway remembers of a document, HMAC-sealed so that a writer of the store cannot forge
// one. A record is a compact JWS (RFC 7515), HS256 by a key derived from the seal keys; nothing of it is believed
// before its signature, its deployment and its key fit. No store and no clock here.
import { CompactSign, compactVerify } from 'jose'
import { decodeBase64url } from '../core/base64.ts'
import { isDigest } from '../core/digest.ts'
import { formatInstantMillis, parseInstantMillis } from '../core/instant.ts'
import { isJsonObject, type Json, type JsonObject, parseJsonBytes } from '../core/json.ts'
import { CONTESTED_RIVALS_MAX, KID_MAX_BYTES, SEAL_KEY_MIN_BYTES, STORE_VALUE_MAX_BYTES } from '../core/limits.ts'
import { encodeUtf8 } from '../core/utf8.ts'
import { deriveKey, type SealKeys } from './seal-key.ts'

/** What a record says of its document. Times are milliseconds since 1970. */
export type AppliedRecord =
  /** The last version that compiled. */
  | {
      readonly kind: 'applied'
      readonly key: string
      readonly digest: string
      readonly text: string
      readonly appliedAtMillis: number
      /** When a gateway last knew it to be in force: it comes into force only for a stated time after that. */
      readonly confirmedAtMillis: number
      /** When it was last read from the store by the gateway that wrote the record: this orders versions. */
      readonly readAtMillis: number
    }
  /** A tombstone: the document was found to be absent, or the tool deleted it. */
  | { readonly kind: 'deleted'; readonly key: string; readonly atMillis: number }
  /** Versions were read so shortly after each other that their order is unknown. */
  | { readonly kind: 'contested'; readonly key: string; readonly rivals: readonly Rival[] }

/** A version (its digest, or `absent`), and when a gateway last decided by it anew. */
export interface Rival {
  readonly found: string
  readonly atMillis: number
}

/** The deployment of the records: with equal seal keys, a record of staging must not be accepted in production. */
export interface Sealing {
  readonly sealKeys: SealKeys
  readonly trustDomain: string
  /** `ISSUER_URL` */
  readonly issuerUrl: string
}

export interface OpenedRecord {
  readonly record: AppliedRecord
  /** Sealed by the first key. Otherwise it must be sealed again before its key is retired. */
  readonly current: boolean
}

const TYPE = 'postern-applied+jws'
const INFO = 'postern-applied/2'

/**
 * Seals a record as the store keeps it.
 *
 * @throws RangeError if there is no seal key, which the check of the settings rules out.
 */
export async function sealRecord(record: AppliedRecord, sealing: Sealing): Promise<Uint8Array<ArrayBuffer>> {
  const [first] = sealing.sealKeys
  if (first === undefined) throw new RangeError('cannot seal a record: no seal key is configured')
  const { key, kid } = await deriveKey(first, INFO)
  const jws = await new CompactSign(encodeUtf8(JSON.stringify(makePayload(record, sealing))))
    .setProtectedHeader({ alg: 'HS256', typ: TYPE, kid })
    .sign(key)
  return encodeUtf8(jws)
}

/** Opens a record; `undefined` unless one of the keys sealed it for this deployment and for the document `key`. */
export async function openRecord(bytes: Uint8Array, key: string, sealing: Sealing): Promise<OpenedRecord | undefined> {
  if (bytes.length > STORE_VALUE_MAX_BYTES) return undefined
  const jws = new TextDecoder().decode(bytes)
  // jose reads a signature with whitespace or spare bits as well: then one record would have many spellings.
  if (decodeBase64url(jws.slice(jws.lastIndexOf('.') + 1)) === undefined) return undefined
  const kid = readKeyId(jws.slice(0, jws.indexOf('.')))
  for (const [index, secret] of sealing.sealKeys.entries()) {
    const derived = secret.length < SEAL_KEY_MIN_BYTES ? undefined : await deriveKey(secret, INFO)
    if (derived === undefined || derived.kid !== kid) continue
    const payload = await verifyPayload(jws, derived.key)
    const record = payload === undefined ? undefined : readPayload(payload, sealing)
    return record?.key === key ? { record, current: index === 0 } : undefined
  }
  return undefined
}

/** The `kid` of a header that has exactly our members: the `typ` keeps other things sealed by these keys apart. */
function readKeyId(encoded: string): string | undefined {
  const header = encoded.length > 2 * KID_MAX_BYTES ? undefined : decodeBase64url(encoded)
  const parsed = header === undefined ? undefined : readObject(header)
  if (parsed === undefined || !hasExactly(parsed, ['alg', 'typ', 'kid'])) return undefined
  if (parsed['alg'] !== 'HS256' || parsed['typ'] !== TYPE) return undefined
  return typeof parsed['kid'] === 'string' ? parsed['kid'] : undefined
}

async function verifyPayload(jws: string, key: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return (await compactVerify(jws, key, { algorithms: ['HS256'] })).payload
  } catch {
    // Edited, truncated, or not sealed by us: all are refused alike.
    return undefined
  }
}

const COMMON = ['v', 'trustDomain', 'issuer', 'key']
const SHAPES = [['digest', 'text', 'appliedAt', 'confirmedAt', 'readAt'], ['deletedAt'], ['contested']]

function makePayload(record: AppliedRecord, { trustDomain, issuerUrl }: Sealing): Readonly<Record<string, unknown>> {
  const common = { v: 2, trustDomain, issuer: issuerUrl, key: record.key }
  switch (record.kind) {
    case 'deleted':
      return { ...common, deletedAt: formatInstantMillis(record.atMillis) }
    case 'contested':
      return {
        ...common,
        contested: record.rivals.map(({ found, atMillis }) => ({ version: found, at: formatInstantMillis(atMillis) })),
      }
    case 'applied': {
      const { digest, text, appliedAtMillis, confirmedAtMillis, readAtMillis } = record
      return {
        ...common,
        digest,
        text,
        appliedAt: formatInstantMillis(appliedAtMillis),
        confirmedAt: formatInstantMillis(confirmedAtMillis),
        readAt: formatInstantMillis(readAtMillis),
      }
    }
  }
}

function readPayload(bytes: Uint8Array, { trustDomain, issuerUrl }: Sealing): AppliedRecord | undefined {
  const payload = readObject(bytes)
  const isOurs = payload !== undefined && SHAPES.some((members) => hasExactly(payload, [...COMMON, ...members]))
  if (!isOurs || payload['v'] !== 2) return undefined
  const { key } = payload
  if (typeof key !== 'string') return undefined
  if (payload['trustDomain'] !== trustDomain || payload['issuer'] !== issuerUrl) return undefined

  const deletedAt = readTime(payload['deletedAt'])
  if (deletedAt !== undefined) return { kind: 'deleted', key, atMillis: deletedAt }
  if (payload['contested'] !== undefined) {
    const rivals = readRivals(payload['contested'])
    return rivals === undefined ? undefined : { kind: 'contested', key, rivals }
  }
  const { digest, text } = payload
  const appliedAtMillis = readTime(payload['appliedAt'])
  const confirmedAtMillis = readTime(payload['confirmedAt'])
  const readAtMillis = readTime(payload['readAt'])
  if (appliedAtMillis === undefined || confirmedAtMillis === undefined || readAtMillis === undefined) return undefined
  if (typeof text !== 'string' || !isDigest(digest)) return undefined
  return { kind: 'applied', key, digest, text, appliedAtMillis, confirmedAtMillis, readAtMillis }
}

function readObject(bytes: Uint8Array): JsonObject | undefined {
  const parsed = parseJsonBytes(bytes, 3)
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined
}

function hasExactly(object: JsonObject, names: readonly string[]): boolean {
  const found = Object.keys(object)
  return found.length === names.length && names.every((name) => found.includes(name))
}

function readRivals(value: Json): readonly Rival[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > CONTESTED_RIVALS_MAX) return undefined
  const rivals: Rival[] = []
  for (const item of value) {
    if (!isJsonObject(item) || !hasExactly(item, ['version', 'at'])) return undefined
    const { version, at } = item
    const atMillis = readTime(at)
    if (atMillis === undefined || !(version === 'absent' || isDigest(version))) return undefined
    rivals.push({ found: version, atMillis })
  }
  return rivals
}

/** Accepts only the spelling that we write. */
function readTime(value: unknown): number | undefined {
  return typeof value === 'string' ? parseInstantMillis(value) : undefined
}
