// SHA-256 (FIPS 180-4): as `sha256:` and hex for configurations, as base64url for identities.
import { sha256 as sha256Sync } from '@noble/hashes/sha2.js'
import { encodeBase64url } from './base64.ts'
import { encodeHex } from './bytes.ts'
import { encodeUtf8 } from './utf8.ts'

/** Exactly the form that {@link computeDigest} returns. */
const DIGEST = /^sha256:[0-9a-f]{64}$/
/** The first digits of a digest, as a person copies them. Fewer than four would match too many versions. */
const DIGEST_START = /^(?:sha256:)?([0-9a-f]{4,64})$/

/** Hashes bytes with the host's WebCrypto: 32 bytes. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

/** Computes the digest of a configuration: `sha256:` and the hex of the stored bytes' SHA-256. */
export async function computeDigest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha256:${encodeHex(await sha256(bytes))}`
}

export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && DIGEST.test(value)
}

/** Normalizes the start of a digest (four digits or more, with or without `sha256:`); `undefined` for anything else. */
export function parseDigestStart(text: string): string | undefined {
  const digits = DIGEST_START.exec(text)?.[1]
  return digits === undefined ? undefined : `sha256:${digits}`
}

/** In characters. */
export const SHORT_DIGEST_LENGTH = 'sha256:'.length + 12

/** Shortens a digest to its first twelve digits, for people to compare. */
export function shortenDigest(digest: string): string {
  return digest.slice(0, SHORT_DIGEST_LENGTH)
}

/** Hashes the UTF-8 of `text`; base64url, 43 characters. Used for `sub`, anchors and thumbprints (RFC 7638). */
export async function sha256Base64url(text: string): Promise<string> {
  return encodeBase64url(await sha256(encodeUtf8(text)))
}

/**
 * Like {@link sha256Base64url}, but synchronous, for the compiler: it digests short strings, or the document itself.
 */
export function digestText(text: string): string {
  return digestBytes(encodeUtf8(text))
}

/** Hashes bytes; base64url, 43 characters. */
export function digestBytes(bytes: Uint8Array): string {
  return encodeBase64url(new Uint8Array(sha256Sync(bytes)))
}
