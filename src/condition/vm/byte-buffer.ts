// A growing run of bytes, little-endian, as wasm reads them. An array of numbers, because most programs are so short
// that buffers and views would cost more than they save.

export interface Bytes {
  readonly length: number
  u8(value: number): void
  u16(value: number): void
  u32(value: number): void
  i64(value: bigint): void
  setU16(at: number, value: number): void
  /** Appends bytes and returns their offset. */
  append(bytes: Iterable<number>): number
  finish(): Uint8Array<ArrayBuffer>
}

export function createBytes(): Bytes {
  const bytes: number[] = []

  function u32(value: number): void {
    bytes.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)
  }

  return {
    get length() {
      return bytes.length
    },
    u8: (value) => void bytes.push(value),
    u16: (value) => void bytes.push(value & 0xff, value >>> 8),
    u32,
    i64(value) {
      u32(Number(BigInt.asUintN(32, value)))
      u32(Number(BigInt.asUintN(32, value >> 32n)))
    },
    setU16(at, value) {
      bytes[at] = value & 0xff
      bytes[at + 1] = value >>> 8
    },
    append(more) {
      const at = bytes.length
      for (const byte of more) bytes.push(byte)
      return at
    },
    finish: () => Uint8Array.from(bytes),
  }
}
