// Base64url without padding (RFC 4648 section 5, RFC 7515 section 2), and base64 with it, each canonical. Common JWT
// libraries accept non-zero spare bits, and some whitespace or padding. Then one token has many spellings, and a replay
// cache keyed on the string does not work.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const VALUES = new Uint8Array(128).fill(255)
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value

/** Two digits for each 12 bits: half as many steps as with one. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, bits) => `${ALPHABET[bits >> 6]}${ALPHABET[bits & 63]}`,
)

/** Encodes bytes as base64url without padding (RFC 4648 section 5). */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = ''
  let index = 0
  for (; index + 2 < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    text += (PAIRS[group >> 12] ?? '') + (PAIRS[group & 0xfff] ?? '')
  }
  if (index + 1 === bytes.length) {
    const group = (bytes[index] ?? 0) << 16
    text += `${ALPHABET[group >> 18]}${ALPHABET[(group >> 12) & 63]}`
  } else if (index + 2 === bytes.length) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8)
    text += `${ALPHABET[group >> 18]}${ALPHABET[(group >> 12) & 63]}${ALPHABET[(group >> 6) & 63]}`
  }
  return text
}

/**
 * Decodes base64url; `undefined` for anything but the canonical spelling: no padding, no whitespace, spare bits zero.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const tail = text.length % 4
  if (tail === 1) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let group = 0
  let bits = 0
  let length = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    const value = code < 128 ? (VALUES[code] ?? 255) : 255
    if (value === 255) return undefined
    group = ((group << 6) | value) & 0xffffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[length++] = (group >> bits) & 255
    }
  }
  return (group & ((1 << bits) - 1)) === 0 ? bytes : undefined
}

/** Encodes bytes as base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  const text = encodeBase64url(bytes).replaceAll('-', '+').replaceAll('_', '/')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

/** Decodes base64 with padding (RFC 4648 section 4); `undefined` for anything but the canonical spelling. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0 || /[^A-Za-z0-9+/=]/.test(text)) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const body = text.slice(0, text.length - padding)
  return decodeBase64url(body.replaceAll('+', '-').replaceAll('/', '_'))
}
