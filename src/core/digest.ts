// SHA-256: as `sha256:` and hex for configurations, and as base64url for identities.
import { sha256 as sha256Sync } from '@noble/hashes/sha2.js'
import { encodeBase64url } from './base64.ts'
import { encodeHex } from './bytes.ts'
import { encodeUtf8 } from './utf8.ts'

/** What {@link computeDigest} makes, and nothing else. */
const DIGEST = /^sha256:[0-9a-f]{64}$/
/** The first digits of one, as a person copies them: fewer than four name too many versions. */
const DIGEST_START = /^(?:sha256:)?([0-9a-f]{4,64})$/

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

/** A configuration digest: `sha256:` and the hex of the stored bytes' SHA-256. */
export async function computeDigest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha256:${encodeHex(await sha256(bytes))}`
}

export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && DIGEST.test(value)
}

/** How digests begin that begin with these digits, at least four of them, `sha256:` left out or not. */
export function parseDigestStart(text: string): string | undefined {
  const digits = DIGEST_START.exec(text)?.[1]
  return digits === undefined ? undefined : `sha256:${digits}`
}

/** In characters. */
export const SHORT_DIGEST_LENGTH = 'sha256:'.length + 12

/** A digest as people compare it: its first twelve digits. */
export function shortenDigest(digest: string): string {
  return digest.slice(0, SHORT_DIGEST_LENGTH)
}

export async function sha256Base64url(text: string): Promise<string> {
  return encodeBase64url(await sha256(encodeUtf8(text)))
}

/** As {@link sha256Base64url}, where nothing may wait: what compiling a document digests is short, or its own text. */
export function digestText(text: string): string {
  return encodeBase64url(new Uint8Array(sha256Sync(encodeUtf8(text))))
}
