// Writes the data types of a TPM: numbers, and what its size goes before.

export const concat = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts)

export function uint(bytes: 2 | 4, value: number): Buffer {
  const written = Buffer.alloc(bytes)
  written.writeUIntBE(value, 0, bytes)
  return written
}

/** A TPM2B. */
export function sized(...parts: readonly Uint8Array[]): Buffer {
  const whole = concat(...parts)
  return concat(uint(2, whole.length), whole)
}
