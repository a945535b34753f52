// A link with the state of the page in its fragment, which browsers never send. What comes out of a link is input: bounded,
// parsed strictly, and refused with a reason.
import { hasScope, isSectionName } from '../../src/config/sections/table.ts'
import { decodeBase64url, encodeBase64url } from '../../src/core/base64.ts'
import { isNumericDate } from '../../src/core/instant.ts'
import { isJsonObject, type Json, type JsonObject, parseJsonBytes } from '../../src/core/json.ts'
import { JSON_DEPTH_MAX, SHARED_LINK_MAX_LENGTH, SHARED_STATE_MAX_BYTES } from '../../src/core/limits.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import type { SituationSettings } from '../engine/situation.ts'

/** What a link holds. Its members are those of the page's state. */
export interface SharedState {
  readonly settings: SituationSettings
  readonly documents: readonly PlacedDocument[]
  readonly baseline: readonly PlacedDocument[] | undefined
  /** A file of policy tests. Links of before there were any have none. */
  readonly tests: string | undefined
  readonly role: 'agent' | 'issuer'
  readonly evidence: string
  readonly keys: string
  readonly workload: string
  readonly container: string
  readonly atSeconds: number | undefined
}

/** The version of the form, with the mark that ends it. */
const PREFIX = '#v1.'

export type Packed = { readonly fragment: string } | { readonly fault: string }

/** Packs a state into a fragment, with its `#`. */
export async function packState(state: SharedState): Promise<Packed> {
  const bytes = encodeUtf8(JSON.stringify(state))
  const tooLarge = {
    fault: `It is too large for a link (${SHARED_LINK_MAX_LENGTH} characters): leave a part of it out`,
  }
  if (bytes.length > SHARED_STATE_MAX_BYTES) return tooLarge
  const packed = await readAll(new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw')))
  const fragment = PREFIX + encodeBase64url(packed ?? bytes)
  return packed === undefined || fragment.length > SHARED_LINK_MAX_LENGTH ? tooLarge : { fragment }
}

export type Unpacked = { readonly state: SharedState } | { readonly fault: string }

/** Unpacks a fragment; `undefined` if it is none of ours, such as an empty one. */
export async function unpackState(fragment: string): Promise<Unpacked | undefined> {
  if (!/^#v\d+\./.test(fragment)) return undefined
  if (!fragment.startsWith(PREFIX)) return { fault: 'The link was made by another version of the playground' }
  if (fragment.length > SHARED_LINK_MAX_LENGTH) return { fault: 'The link is longer than the playground makes any' }
  const packed = decodeBase64url(fragment.slice(PREFIX.length))
  if (packed === undefined) return DAMAGED
  const bytes = await inflate(packed)
  if (bytes === undefined) return DAMAGED
  const json = parseJsonBytes(bytes, JSON_DEPTH_MAX)
  const state = json.ok ? parseState(json.value) : undefined
  return state === undefined ? DAMAGED : { state }
}

const DAMAGED = { fault: 'The link is damaged, or was not made by the playground: ask for it again' }

async function inflate(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array | undefined> {
  try {
    return await readAll(new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw')))
  } catch {
    return undefined
  }
}

/** `undefined` beyond {@link SHARED_STATE_MAX_BYTES}; the rest is not read. */
async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array | undefined> {
  const reader = stream.getReader()
  const parts: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.length
    if (length > SHARED_STATE_MAX_BYTES) {
      await reader.cancel()
      return undefined
    }
    parts.push(new Uint8Array(read.value))
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}

const MEMBERS = [
  'settings',
  'documents',
  'baseline',
  'tests',
  'role',
  'evidence',
  'keys',
  'workload',
  'container',
  'atSeconds',
]

function parseState(json: Json): SharedState | undefined {
  if (!isJsonObject(json) || Object.keys(json).some((name) => !MEMBERS.includes(name))) return undefined
  const { tests, role, evidence, keys, workload, container, atSeconds } = json
  const settings = parseSettings(json['settings'])
  const documents = parseDocuments(json['documents'])
  const baseline = json['baseline'] === undefined ? [] : parseDocuments(json['baseline'])
  if (settings === undefined || documents === undefined || baseline === undefined) return undefined
  if (role !== 'agent' && role !== 'issuer') return undefined
  if (tests !== undefined && typeof tests !== 'string') return undefined
  if (typeof evidence !== 'string' || typeof keys !== 'string') return undefined
  if (typeof workload !== 'string' || typeof container !== 'string') return undefined
  if (atSeconds !== undefined && !isNumericDate(atSeconds)) return undefined
  const aside = json['baseline'] === undefined ? undefined : baseline
  return { settings, documents, baseline: aside, tests, role, evidence, keys, workload, container, atSeconds }
}

function parseSettings(json: Json | undefined): SituationSettings | undefined {
  if (!isJsonObject(json) || Object.keys(json).length !== 7) return undefined
  const { trustDomain, clusterId, issuerUrl, audience, privateIssuers, clockSkewSeconds, allowLoopbackIssuers } = json
  if (typeof trustDomain !== 'string' || typeof clusterId !== 'string' || typeof issuerUrl !== 'string')
    return undefined
  if (typeof audience !== 'string' || typeof privateIssuers !== 'string') return undefined
  if (typeof clockSkewSeconds !== 'number' || typeof allowLoopbackIssuers !== 'boolean') return undefined
  return { trustDomain, clusterId, issuerUrl, audience, privateIssuers, clockSkewSeconds, allowLoopbackIssuers }
}

function parseDocuments(json: Json | undefined): readonly PlacedDocument[] | undefined {
  if (!Array.isArray(json)) return undefined
  const documents = (json as readonly Json[]).map((one) => (isJsonObject(one) ? parseDocument(one) : undefined))
  const found = documents.filter((one) => one !== undefined)
  const places = new Set(found.map(({ scope, section }) => `${scope}/${section}`))
  return found.length === json.length && places.size === found.length ? found : undefined
}

function parseDocument({ scope, section, text, ...rest }: JsonObject): PlacedDocument | undefined {
  if (typeof section !== 'string' || !isSectionName(section) || typeof text !== 'string') return undefined
  if ((scope !== 'cluster' && scope !== 'trust-domain') || !hasScope(section, scope)) return undefined
  return Object.keys(rest).length === 0 ? { scope, section, text } : undefined
}
