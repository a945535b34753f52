// UUIDv7 (RFC 9562 section 5.7): ordered by time, so that request ids and session ids sort in logs.
import { HEX_BYTES } from './bytes.ts'

/** Random bytes are drawn for many ids at once: a draw costs more than the id. Never used twice. */
const POOL_BYTES = 512
const RANDOM_BYTES = 10
let pool = new Uint8Array(0)
let at = 0

/** @param nowMillis Milliseconds since 1970. */
export function makeUuidV7(nowMillis: number): string {
  if (at + RANDOM_BYTES > pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(POOL_BYTES))
    at = 0
  }
  let tail = ''
  for (let index = 2; index < RANDOM_BYTES; index++) {
    const byte = takeByte()
    tail += index === 4 ? `-${HEX_BYTES[byte] ?? ''}` : (HEX_BYTES[index === 2 ? 0x80 | (byte & 0x3f) : byte] ?? '')
  }
  const random = (takeByte() << 8) | takeByte()
  const time = Math.floor(nowMillis).toString(16).padStart(12, '0')
  const version = (0x7000 | (random & 0x0fff)).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${tail}`
}

/** What is in memory must not tell a later reader of it which ids were given. */
function takeByte(): number {
  const byte = pool[at] ?? 0
  pool[at] = 0
  at++
  return byte
}
