// SHA-256, as hex for configurations and as base64url for identities.
import { sha256 as sha256Sync } from '@noble/hashes/sha2.js'
import { encodeBase64url } from './base64.ts'
import { encodeUtf8 } from './utf8.ts'

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

/** A configuration digest: `sha256:` and the hex of the stored bytes' SHA-256. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await sha256(bytes)
  return `sha256:${Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

export async function sha256Base64url(text: string): Promise<string> {
  return encodeBase64url(await sha256(encodeUtf8(text)))
}

/** As {@link sha256Base64url}, where nothing may wait: what compiling a document digests is short, or its own text. */
export function digestText(text: string): string {
  return encodeBase64url(new Uint8Array(sha256Sync(encodeUtf8(text))))
}
