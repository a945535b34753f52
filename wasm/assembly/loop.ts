// Logic with CEL's error absorption, and the loops that are built on it.
import {
  FAULT_TYPE_MISMATCH,
  LOOP_ALL,
  LOOP_EXISTS_ONE,
  TAG_BOOL,
  TAG_ERROR,
} from './abi'
import { release, scratchNow } from './state'
import { copySlot, lengthOf, putBool, putElement, tagOf } from './value'

@inline
export function isBool(slot: u32, value: u32): bool {
  return tagOf(slot) == TAG_BOOL && load<u32>(slot, 8) == value
}

/** `&&` (absorber 0) and `||` (absorber 1), once both sides are known: the absorber wins over an error. */
export function combine(left: u32, right: u32, absorber: u32): i32 {
  if (isBool(left, absorber)) return 0
  if (isBool(right, absorber)) {
    copySlot(left, right)
    return 0
  }
  if (tagOf(left) == TAG_ERROR) return 0
  if (tagOf(left) != TAG_BOOL) return -FAULT_TYPE_MISMATCH
  if (tagOf(right) != TAG_BOOL && tagOf(right) != TAG_ERROR) return -FAULT_TYPE_MISMATCH
  copySlot(left, right)
  return 0
}

// A loop's frame: its list, u32 index at 16, u32 kind at 20, u32 count at 24, u32 scratch memory at the start of a turn
// at 28, and the answer so far at 32.
const INDEX: usize = 16
const KIND: usize = 20
const COUNT: usize = 24
const SCRATCH: usize = 28
const SO_FAR: u32 = 32

/** Begins a loop of `kind` over the list in `slot`. */
export function beginLoop(frame: u32, slot: u32, kind: u32): void {
  copySlot(frame, slot)
  store<u32>(frame, 0, INDEX)
  store<u32>(frame, kind, KIND)
  store<u32>(frame, 0, COUNT)
  store<u32>(frame, scratchNow(), SCRATCH)
  putBool(frame + SO_FAR, kind == LOOP_ALL)
}

/** The element that the loop has come to. */
export function putVariable(slot: u32, frame: u32): void {
  putElement(slot, frame, load<u32>(frame, INDEX))
}

/** The answer of a loop that is done. */
export function endLoop(slot: u32, frame: u32): void {
  copySlot(slot, frame + SO_FAR)
}

/** Takes the answer `step` for one element into the frame: 1 to go on, 0 when the loop is done, or a fault. */
export function advance(frame: u32, step: u32): i32 {
  const kind = load<u32>(frame, KIND)
  // What a turn allocated is not reachable from its answer.
  release(load<u32>(frame, SCRATCH))
  const soFar = frame + SO_FAR
  if (kind == LOOP_EXISTS_ONE) {
    if (tagOf(step) == TAG_ERROR) {
      copySlot(soFar, step)
      return 0
    }
    if (tagOf(step) != TAG_BOOL) return -FAULT_TYPE_MISMATCH
    const count = load<u32>(frame, COUNT) + load<u32>(step, 8)
    store<u32>(frame, count, COUNT)
    putBool(soFar, count == 1)
  } else {
    const absorber: u32 = kind == LOOP_ALL ? 0 : 1
    const fault = combine(soFar, step, absorber)
    if (fault < 0) return fault
    if (isBool(soFar, absorber)) return 0
  }
  const index = load<u32>(frame, INDEX) + 1
  store<u32>(frame, index, INDEX)
  return index < lengthOf(frame) ? 1 : 0
}
