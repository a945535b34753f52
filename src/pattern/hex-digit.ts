// Hexadecimal digits, one by one, for the readers of escapes.

/** The value of a hexadecimal digit, 99 for anything else. */
export function readHexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : 99
}
