// What must reach no terminal and no log: by code points, apart from the table of the code that escapes it.

/** One of each kind: controls, directions, line ends, what is invisible, and what is no character at all. */
export const HOSTILE_CODE_POINTS: readonly number[] = [
  ...range(0x00, 0x1f),
  ...range(0x7f, 0x9f),
  0xad,
  0x34f,
  0x61c,
  0x115f,
  0x1160,
  0x17b4,
  0x180e,
  ...range(0x200b, 0x200f),
  ...range(0x2028, 0x202e),
  ...range(0x2060, 0x206f),
  0x3164,
  0xfe00,
  0xfe0f,
  0xfeff,
  0xffa0,
  ...range(0xfff9, 0xfffb),
  0x1d173,
  ...range(0xe0000, 0xe007f),
  0xe0100,
  0xd800,
  0xdbff,
  0xdc00,
  0xdfff,
]

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

const HOSTILE: ReadonlySet<number> = new Set(HOSTILE_CODE_POINTS)

/** The hostile characters of a string, as hex; `allowed` are code points that may be in it. */
export function hostileIn(text: string, allowed: readonly number[] = []): readonly string[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0)
    .filter((point) => HOSTILE.has(point) && !allowed.includes(point))
    .map((point) => point.toString(16))
}

/** Every string in a value, names of members included. */
export function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(stringsIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => [name, ...stringsIn(member)])
}

/** Bytes of a JSON text whose writer escapes everything outside ASCII, twelve bytes for an astral character. */
export function asciiBytes(json: string): number {
  return Array.from({ length: json.length }, (_, at): number => (json.charCodeAt(at) < 0x80 ? 1 : 6)).reduce(
    (sum, bytes) => sum + bytes,
    0,
  )
}
