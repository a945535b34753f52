// UUIDv7 (RFC 9562 section 5.7): ordered by time, so that request ids and session ids sort in logs.

/** Where the random digits of a UUIDv4 begin that a UUIDv7 has too: the version before them is replaced. */
const RANDOM_AT = 'xxxxxxxx-xxxx-4'.length

/**
 * Makes a UUIDv7. Its random bits and its variant are those of a UUIDv4 of the host: the two layouts differ only in the
 * version and in the 48 bits before it.
 *
 * @param nowMillis Milliseconds since 1970.
 */
export function makeUuidV7(nowMillis: number): string {
  const time = Math.floor(nowMillis).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(RANDOM_AT)}`
}
