// How long a string is once it is JSON, without writing it: a control character takes six bytes, and an answer is bounded
// by its bytes.

/** The bytes of `JSON.stringify(text)` as UTF-8, quotes included. */
export function countJsonBytes(text: string): number {
  let bytes = text.length + 2
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= 0x80) {
      if (unit < 0x800) bytes += 1
      else if ((unit & 0xf800) !== 0xd800) bytes += 2
      else if (isPair(unit, text.charCodeAt(at + 1))) {
        // Four bytes for two units.
        bytes += 2
        at++
      } else bytes += 5
    } else if (unit < 0x20) bytes += SHORT_ESCAPES.has(unit) ? 1 : 5
    else if (unit === 0x22 || unit === 0x5c) bytes += 1
  }
  return bytes
}

/** `\b`, `\t`, `\n`, `\f`, `\r`. */
const SHORT_ESCAPES: ReadonlySet<number> = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d])

function isPair(high: number, low: number): boolean {
  return high < 0xdc00 && (low & 0xfc00) === 0xdc00
}
