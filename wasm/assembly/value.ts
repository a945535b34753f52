// Values on the stack, 16 bytes each: u8 tag, u8 element tag, u32 base at 4, then by tag
//   BOOL  i32 at 8                         INT   i64 at 8
//   TEXT  u32 address at 8, length at 12   LIST  u32 address at 8, count at 12; its strings are relative to `base`
//   ERROR i32 fault at 8, u32 place at 12
// The elements of a list take 8 bytes: an i64, or the address and the length of a string.
import {
  ELEMENT,
  FAULT_FUEL_EXHAUSTED,
  FAULT_MEMORY_EXHAUSTED,
  FAULT_OVERFLOW,
  FAULT_TYPE_MISMATCH,
  OP_ADD,
  OP_CONTAINS,
  OP_ENDS_WITH,
  OP_EQUAL,
  OP_GREATER,
  OP_GREATER_OR_EQUAL,
  OP_IN,
  OP_LESS,
  OP_LESS_OR_EQUAL,
  OP_NOT_EQUAL,
  OP_STARTS_WITH,
  TAG_BOOL,
  TAG_ERROR,
  TAG_INT,
  TAG_LIST,
  TAG_TEXT,
} from './abi'
import { allocate, spend } from './state'
import { compareTexts, containsText, sameBytes } from './text'

@inline
export function tagOf(slot: u32): u32 {
  return load<u8>(slot)
}

@inline
export function elementTagOf(slot: u32): u32 {
  return load<u8>(slot, 1)
}

@inline
export function addressOf(slot: u32): u32 {
  return load<u32>(slot, 8)
}

@inline
export function lengthOf(slot: u32): u32 {
  return load<u32>(slot, 12)
}

@inline
export function putBool(slot: u32, value: bool): void {
  store<u32>(slot, TAG_BOOL)
  store<u32>(slot, value ? 1 : 0, 8)
}

@inline
export function putInt(slot: u32, value: i64): void {
  store<u32>(slot, TAG_INT)
  store<i64>(slot, value, 8)
}

@inline
export function putText(slot: u32, address: u32, length: u32): void {
  store<u32>(slot, TAG_TEXT)
  store<u32>(slot, address, 8)
  store<u32>(slot, length, 12)
}

@inline
export function putList(slot: u32, element: u32, base: u32, address: u32, count: u32): void {
  store<u32>(slot, TAG_LIST | (element << 8))
  store<u32>(slot, base, 4)
  store<u32>(slot, address, 8)
  store<u32>(slot, count, 12)
}

@inline
export function putError(slot: u32, fault: i32, place: u32): void {
  store<u32>(slot, TAG_ERROR)
  store<i32>(slot, fault, 8)
  store<u32>(slot, place, 12)
}

@inline
export function copySlot(to: u32, from: u32): void {
  store<u64>(to, load<u64>(from))
  store<u64>(to, load<u64>(from, 8), 8)
}

/** Writes element `index` of `list` into `slot`. */
export function putElement(slot: u32, list: u32, index: u32): void {
  const element = addressOf(list) + index * ELEMENT
  const tag = elementTagOf(list)
  if (tag == TAG_TEXT) putText(slot, load<u32>(element) + load<u32>(list, 4), load<u32>(element, 4))
  else if (tag == TAG_INT) putInt(slot, load<i64>(element))
  else putBool(slot, load<i64>(element) != 0)
}

function equalLists(left: u32, right: u32): i32 {
  const count = lengthOf(left)
  if (count != lengthOf(right)) return 0
  if (count == 0) return 1
  const tag = elementTagOf(left)
  if (tag != elementTagOf(right)) return -FAULT_TYPE_MISMATCH
  const a = addressOf(left)
  const b = addressOf(right)
  if (!spend(count)) return -FAULT_FUEL_EXHAUSTED
  if (tag != TAG_TEXT) return sameBytes(a, b, count * ELEMENT) ? 1 : 0
  let same: i32 = 1
  for (let i: u32 = 0; i < count; i++) {
    const lengthA = load<u32>(a + i * ELEMENT, 4)
    const lengthB = load<u32>(b + i * ELEMENT, 4)
    if (!spend(min(lengthA, lengthB) >> 4)) return -FAULT_FUEL_EXHAUSTED
    if (same == 0 || lengthA != lengthB) {
      same = 0
      continue
    }
    const textA = load<u32>(a + i * ELEMENT) + load<u32>(left, 4)
    const textB = load<u32>(b + i * ELEMENT) + load<u32>(right, 4)
    if (!sameBytes(textA, textB, lengthA)) same = 0
  }
  return same
}

function equal(left: u32, right: u32): i32 {
  const tag = tagOf(left)
  if (tag != tagOf(right)) return -FAULT_TYPE_MISMATCH
  if (tag == TAG_TEXT) {
    const length = lengthOf(left)
    const other = lengthOf(right)
    if (!spend(min(length, other) >> 4)) return -FAULT_FUEL_EXHAUSTED
    return length == other && sameBytes(addressOf(left), addressOf(right), length) ? 1 : 0
  }
  if (tag == TAG_INT) return load<i64>(left, 8) == load<i64>(right, 8) ? 1 : 0
  if (tag == TAG_BOOL) return load<u32>(left, 8) == load<u32>(right, 8) ? 1 : 0
  return equalLists(left, right)
}

/** -1, 0 or 1 for the order, or a fault below -1: faults are shifted by one. */
function order(left: u32, right: u32): i32 {
  const tag = tagOf(left)
  if (tag != tagOf(right)) return -FAULT_TYPE_MISMATCH - 1
  if (tag == TAG_TEXT) {
    if (!spend(min(lengthOf(left), lengthOf(right)) >> 4)) return -FAULT_FUEL_EXHAUSTED - 1
    const difference = compareTexts(addressOf(left), lengthOf(left), addressOf(right), lengthOf(right))
    return difference < 0 ? -1 : difference > 0 ? 1 : 0
  }
  if (tag == TAG_INT) {
    const a = load<i64>(left, 8)
    const b = load<i64>(right, 8)
    return a < b ? -1 : a > b ? 1 : 0
  }
  if (tag != TAG_BOOL) return -FAULT_TYPE_MISMATCH - 1
  return load<i32>(left, 8) - load<i32>(right, 8)
}

function isIn(needle: u32, list: u32): i32 {
  if (tagOf(list) != TAG_LIST) return -FAULT_TYPE_MISMATCH
  const count = lengthOf(list)
  const tag = tagOf(needle)
  if (count > 0 && elementTagOf(list) != tag) return -FAULT_TYPE_MISMATCH
  const elements = addressOf(list)
  if (tag != TAG_TEXT) {
    if (!spend(count)) return -FAULT_FUEL_EXHAUSTED
    const wanted = tag == TAG_INT ? load<i64>(needle, 8) : <i64>load<i32>(needle, 8)
    for (let i: u32 = 0; i < count; i++) if (load<i64>(elements + i * ELEMENT) == wanted) return 1
    return 0
  }
  const length = lengthOf(needle)
  if (!spend(<u64>count + ((<u64>count * <u64>length) >> 4))) return -FAULT_FUEL_EXHAUSTED
  const text = addressOf(needle)
  const base = load<u32>(list, 4)
  for (let i: u32 = 0; i < count; i++) {
    const element = elements + i * ELEMENT
    if (load<u32>(element, 4) == length && sameBytes(load<u32>(element) + base, text, length)) return 1
  }
  return 0
}

/** `left + right`, written into `left`; an overflow is an error value, as in CEL. */
function add(left: u32, right: u32, place: u32): i32 {
  const tag = tagOf(left)
  if (tag != tagOf(right)) return -FAULT_TYPE_MISMATCH
  if (tag == TAG_INT) {
    const a = load<i64>(left, 8)
    const b = load<i64>(right, 8)
    const sum = a + b
    if (((a ^ sum) & (b ^ sum)) < 0) putError(left, FAULT_OVERFLOW, place)
    else putInt(left, sum)
    return 0
  }
  if (tag != TAG_TEXT) return -FAULT_TYPE_MISMATCH
  const lengthA = lengthOf(left)
  const lengthB = lengthOf(right)
  if (!spend((<u64>lengthA + <u64>lengthB) >> 4)) return -FAULT_FUEL_EXHAUSTED
  const joined = allocate(lengthA + lengthB)
  if (joined == 0) return -FAULT_MEMORY_EXHAUSTED
  memory.copy(joined, addressOf(left), lengthA)
  memory.copy(joined + lengthA, addressOf(right), lengthB)
  putText(left, joined, lengthA + lengthB)
  return 0
}

function search(op: u32, text: u32, part: u32): i32 {
  if (tagOf(text) != TAG_TEXT || tagOf(part) != TAG_TEXT) return -FAULT_TYPE_MISMATCH
  const length = lengthOf(text)
  const partLength = lengthOf(part)
  if (op == OP_CONTAINS) {
    if (!spend((<u64>length + <u64>partLength) >> 3)) return -FAULT_FUEL_EXHAUSTED
    return containsText(addressOf(text), length, addressOf(part), partLength)
  }
  if (!spend(partLength >> 4)) return -FAULT_FUEL_EXHAUSTED
  if (partLength > length) return 0
  const from = op == OP_STARTS_WITH ? 0 : length - partLength
  return sameBytes(addressOf(text) + from, addressOf(part), partLength) ? 1 : 0
}

/**
 * A strict operator of two values: the answer goes into `left`. An operand that is an error is the answer, the left
 * one first. 0, or the negative of a fault that ends the evaluation.
 */
export function applyBinary(op: u32, left: u32, right: u32, place: u32): i32 {
  if (tagOf(left) == TAG_ERROR) return 0
  if (tagOf(right) == TAG_ERROR) {
    copySlot(left, right)
    return 0
  }
  if (op == OP_ADD) return add(left, right, place)
  let answer: i32 = 0
  if (op == OP_EQUAL || op == OP_NOT_EQUAL) {
    answer = equal(left, right)
    if (answer >= 0 && op == OP_NOT_EQUAL) answer = 1 - answer
  } else if (op == OP_IN) {
    answer = isIn(left, right)
  } else if (op == OP_STARTS_WITH || op == OP_ENDS_WITH || op == OP_CONTAINS) {
    answer = search(op, left, right)
  } else {
    const ordered = order(left, right)
    if (ordered < -1) return ordered + 1
    if (op == OP_LESS) answer = ordered < 0 ? 1 : 0
    else if (op == OP_LESS_OR_EQUAL) answer = ordered <= 0 ? 1 : 0
    else if (op == OP_GREATER) answer = ordered > 0 ? 1 : 0
    else if (op == OP_GREATER_OR_EQUAL) answer = ordered >= 0 ? 1 : 0
    else return -FAULT_TYPE_MISMATCH
  }
  if (answer < 0) return answer
  putBool(left, answer == 1)
  return 0
}
