// Estimates the heap that a value takes, by walking it. Caches are bounded by the cost of their entries, and a small
// document can compile to a hundred times its size. The constants are those of V8 with 8-byte pointers, and a test
// compares them with a measured heap. With compressed pointers, as in workerd, the same value takes less.
const OBJECT_BYTES = 32
const POINTER_BYTES = 8
const STRING_BYTES = 24
/** A longer string may be a slice of another one, or two joined: an object of its own. */
const STRING_PART_BYTES = 16
const SHORT_STRING_LENGTH = 12
/** Equal strings are often one string. */
const REPEATED_STRING_BYTES = 16
/** A list that was made by adding to it has room for more. */
const LIST_BYTES = 96
/** A `Map` and a `Set` have room for at least four entries, and double it. */
const HASH_BYTES = 80
const HASH_ENTRIES_MIN = 4
const MAP_ENTRY_BYTES = 28
const SET_ENTRY_BYTES = 20
/** The view and its buffer, without the bytes. */
const VIEW_BYTES = 208
/** A closure and its context. What the context holds cannot be seen: keep what is large in fields. */
const FUNCTION_BYTES = 128
/** A number that is not a small integer, or a bigint. */
const NUMBER_BYTES = 16

/**
 * Estimates the bytes that `value` takes, with everything that it refers to. An object that is referred to twice counts
 * once; objects in `shared`, which exist anyway, do not count. Takes some 100 ns per object.
 */
export function weighHeap(value: unknown, shared: Iterable<object> = []): number {
  const seen = new Set<object>(shared)
  const strings = new Set<string>()
  // An explicit stack: a deeply nested value must not overflow the call stack.
  const waiting: unknown[] = [value]
  let bytes = 0

  function weighObject(object: object): number {
    if (seen.has(object)) return 0
    seen.add(object)
    if (Array.isArray(object)) {
      for (const item of object) waiting.push(item)
      return object.length === 0 ? OBJECT_BYTES : LIST_BYTES + POINTER_BYTES * object.length
    }
    if (object instanceof Map) {
      for (const [key, item] of object) waiting.push(key, item)
      return HASH_BYTES + MAP_ENTRY_BYTES * findCapacity(object.size)
    }
    if (object instanceof Set) {
      for (const item of object) waiting.push(item)
      return HASH_BYTES + SET_ENTRY_BYTES * findCapacity(object.size)
    }
    if (ArrayBuffer.isView(object)) {
      const { buffer } = object
      if (seen.has(buffer)) return VIEW_BYTES
      seen.add(buffer)
      return VIEW_BYTES + buffer.byteLength
    }
    const items = Object.values(object)
    for (const item of items) waiting.push(item)
    return OBJECT_BYTES + POINTER_BYTES * items.length
  }

  for (let next = waiting.pop(); waiting.length > 0 || next !== undefined; next = waiting.pop()) {
    if (typeof next === 'object' && next !== null) bytes += weighObject(next)
    else bytes += typeof next === 'string' ? weighOnce(next) : weighPrimitive(next)
  }
  return bytes

  function weighOnce(text: string): number {
    if (strings.has(text)) return text.length <= 1 ? 0 : REPEATED_STRING_BYTES
    strings.add(text)
    return weighString(text)
  }
}

function weighPrimitive(value: unknown): number {
  switch (typeof value) {
    case 'function':
      return FUNCTION_BYTES
    case 'bigint':
      return NUMBER_BYTES
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : NUMBER_BYTES
    default:
      return 0
  }
}

function weighString(text: string): number {
  // The engine shares strings of one character.
  if (text.length <= 1) return 0
  const part = text.length > SHORT_STRING_LENGTH ? STRING_PART_BYTES : 0
  return STRING_BYTES + part + (isLatin1(text) ? text.length : 2 * text.length)
}

/** V8 keeps a string in one byte a character if all its characters fit. */
function isLatin1(text: string): boolean {
  return !/[^\u0000-\u00ff]/.test(text)
}

function findCapacity(size: number): number {
  return Math.max(HASH_ENTRIES_MIN, 2 ** Math.ceil(Math.log2(Math.max(size, 1))))
}
