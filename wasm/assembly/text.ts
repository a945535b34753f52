// Strings are UTF-8 bytes at an address. Byte order is code point order, as CEL requires.
import { FAULT_MEMORY_EXHAUSTED } from './abi'
import { allocate, release } from './state'

/** Negative, zero or positive, as `a` sorts before, with or after `b`. */
export function compareTexts(a: u32, lengthA: u32, b: u32, lengthB: u32): i32 {
  const shorter = min(lengthA, lengthB)
  for (let i: u32 = 0; i < shorter; i++) {
    const difference = <i32>load<u8>(a + i) - <i32>load<u8>(b + i)
    if (difference != 0) return difference
  }
  return lengthA < lengthB ? -1 : lengthA > lengthB ? 1 : 0
}

export function sameBytes(a: u32, b: u32, length: u32): bool {
  let i: u32 = 0
  for (; i + 8 <= length; i += 8) {
    if (load<u64>(a + i) != load<u64>(b + i)) return false
  }
  for (; i < length; i++) {
    if (load<u8>(a + i) != load<u8>(b + i)) return false
  }
  return true
}

/** Code points: every byte that does not continue one. */
export function countCodePoints(address: u32, length: u32): u32 {
  let count: u32 = 0
  for (let i: u32 = 0; i < length; i++) {
    if ((load<u8>(address + i) & 0xc0) != 0x80) count++
  }
  return count
}

/**
 * Whether `needle` occurs in `hay`: Knuth-Morris-Pratt, because the naive search is quadratic on strings that a caller
 * may choose. 1, 0, or a negative fault.
 */
export function containsText(hay: u32, hayLength: u32, needle: u32, needleLength: u32): i32 {
  if (needleLength == 0) return 1
  if (needleLength > hayLength) return 0
  const borders = allocate(needleLength * 4)
  if (borders == 0) return -FAULT_MEMORY_EXHAUSTED
  store<u32>(borders, 0)
  let border: u32 = 0
  for (let i: u32 = 1; i < needleLength; i++) {
    const byte = load<u8>(needle + i)
    while (border > 0 && load<u8>(needle + border) != byte) border = load<u32>(borders + (border - 1) * 4)
    if (load<u8>(needle + border) == byte) border++
    store<u32>(borders + i * 4, border)
  }
  let matched: u32 = 0
  let found: i32 = 0
  for (let i: u32 = 0; i < hayLength; i++) {
    const byte = load<u8>(hay + i)
    while (matched > 0 && load<u8>(needle + matched) != byte) matched = load<u32>(borders + (matched - 1) * 4)
    if (load<u8>(needle + matched) == byte) matched++
    if (matched == needleLength) {
      found = 1
      break
    }
  }
  release(borders)
  return found
}
