// Whether a value is the token, or holds it: its text, its parts as text or bytes, its decoded JSON, or an object that
// was parsed from it. A fact that was read out of it, such as a namespace or a digest, is not the token.
const DEPTH_MAX = 6

/** A function that says whether a value holds this very token. Reads own properties, elements and entries; never calls. */
export function createTokenSpotter(token: string): (value: unknown) => boolean {
  const [header = '', claims = '', signature = ''] = token.split('.')
  const texts = [header, claims, signature, decode(header), decode(claims)]
  const bytes = [Buffer.from(claims), Buffer.from(claims, 'base64url'), Buffer.from(signature, 'base64url')]
  const objects = new Set([header, claims].map((part) => canonical(JSON.parse(decode(part)))))

  function holds(value: unknown, depth: number, seen: Set<object>): boolean {
    if (typeof value === 'string') return texts.some((text) => value.includes(text))
    if (typeof value !== 'object' || value === null || seen.has(value)) return false
    seen.add(value)
    if (value instanceof ArrayBuffer) return holds(new Uint8Array(value), depth, seen)
    if (ArrayBuffer.isView(value)) {
      const view = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      return bytes.some((part) => view.includes(part))
    }
    if (isPlain(value) && objects.has(canonical(value))) return true
    if (depth === DEPTH_MAX) return false
    return parts(value).some((part) => holds(part, depth + 1, seen))
  }
  return (value) => holds(value, 0, new Set())
}

function decode(part: string): string {
  return Buffer.from(part, 'base64url').toString()
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** JSON with its members in order; empty for what is no JSON. */
function canonical(value: unknown): string {
  try {
    return JSON.stringify(value, (_name, member: unknown) =>
      typeof member === 'object' && member !== null && isPlain(member)
        ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
        : member,
    )
  } catch {
    return ''
  }
}

function parts(value: object): readonly unknown[] {
  const entries = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : []
  const own = Object.values(Object.getOwnPropertyDescriptors(value)).map((property) => property.value as unknown)
  return [...entries, ...own]
}
