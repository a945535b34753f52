const SIMPLE: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['b', 8],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
  ['\\', 92],
  ['"', 34],
  ["'", 39],
  ['?', 63],
  ['`', 96],
])
const PIECE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))|([^\\]+)/gsu
const encoder = new TextEncoder()

/**
 * The string of a literal as Go and the text format of Protocol Buffers write it, quotes included; escapes of two hex digits
 * and of three octal ones are bytes. `undefined` if these bytes are not UTF-8.
 */
export function unquoteGo(literal: string): string | undefined {
  const bytes: number[] = []
  for (const [, byte, short, long, octal, escaped, plain] of literal.slice(1, -1).matchAll(PIECE)) {
    const simple = SIMPLE.get(escaped ?? '')
    const point = short ?? long
    if (plain !== undefined) bytes.push(...encoder.encode(plain))
    else if (byte !== undefined) bytes.push(Number.parseInt(byte, 16))
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8))
    else if (point !== undefined) bytes.push(...encoder.encode(String.fromCodePoint(Number.parseInt(point, 16))))
    else if (simple !== undefined) bytes.push(simple)
    else return undefined
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes))
  } catch {
    return undefined
  }
}
