// Text for a terminal: colour where it is wanted, and other people's text so that it steers nothing.

const STYLES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const

export function paint(text: string, style: keyof typeof STYLES, { colour }: { readonly colour: boolean }): string {
  return colour ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text
}

/** Control and direction characters, tabs apart, are shown as such and not obeyed: a store is written by many hands. */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    '\ufffd',
  )
}

/** `1 error`, `2 errors`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

export const SHORT_DIGEST_LENGTH = 'sha256:'.length + 12

/** A digest as people compare it: its first twelve digits. */
export function shortDigest(digest: string): string {
  return digest.slice(0, SHORT_DIGEST_LENGTH)
}
