// A growing run of bytes, little-endian, as wasm reads them.

export interface Bytes {
  readonly length: number
  u8(value: number): void
  u16(value: number): void
  u32(value: number): void
  i64(value: bigint): void
  setU16(at: number, value: number): void
  /** Appends and tells where. */
  append(bytes: Uint8Array): number
  finish(): Uint8Array<ArrayBuffer>
}

export function createBytes(): Bytes {
  let buffer = new Uint8Array(256)
  let view = new DataView(buffer.buffer)
  let length = 0

  function reserve(count: number): number {
    const at = length
    length += count
    if (length > buffer.length) {
      const larger = new Uint8Array(Math.max(length, buffer.length * 2))
      larger.set(buffer)
      buffer = larger
      view = new DataView(buffer.buffer)
    }
    return at
  }

  return {
    get length() {
      return length
    },
    u8(value) {
      const at = reserve(1)
      view.setUint8(at, value)
    },
    u16(value) {
      const at = reserve(2)
      view.setUint16(at, value, true)
    },
    u32(value) {
      const at = reserve(4)
      view.setUint32(at, value, true)
    },
    i64(value) {
      const at = reserve(8)
      view.setBigInt64(at, value, true)
    },
    setU16(at, value) {
      view.setUint16(at, value, true)
    },
    append(bytes) {
      const at = reserve(bytes.length)
      buffer.set(bytes, at)
      return at
    },
    finish: () => buffer.slice(0, length),
  }
}
