// The interpreter. A CEL error is a value that strict operators pass on and `&&`, `||` and the loops may absorb; fuel
// and memory that run out end the evaluation at once and are never absorbed.
import {
  ANSWER_VALUE,
  ELEMENT,
  FAULT_FUEL_EXHAUSTED,
  FAULT_MEMORY_EXHAUSTED,
  FAULT_NO_SUCH_KEY,
  FAULT_PROGRAM_INVALID,
  FAULT_TYPE_MISMATCH,
  FRAME,
  FRAMES_BASE,
  LOOP_ALL,
  OP_AND,
  OP_ATTRIBUTE,
  OP_BRANCH,
  OP_FALSE,
  OP_INT,
  OP_JUMP,
  OP_JUMP_IF_FALSE,
  OP_JUMP_IF_TRUE,
  OP_LIST,
  OP_LOOP,
  OP_MAKE_LIST,
  OP_MATCH_DFA,
  OP_MATCH_NFA,
  OP_NEXT,
  OP_NOT,
  OP_OR,
  OP_PRESENT,
  OP_RETURN,
  OP_SIZE,
  OP_TEXT,
  OP_TRUE,
  OP_VARIABLE,
  PROGRAM_VERIFIED,
  SLOT,
  SLOTS_BASE,
  STACK_BASE,
  TAG_ABSENT,
  TAG_BOOL,
  TAG_ERROR,
  TAG_LIST,
  TAG_TEXT,
} from './abi'
import { advance, beginLoop, combine, endLoop, isBool, putVariable } from './loop'
import { matchDfa, matchNfa } from './pattern'
import { allocate, begin, spend } from './state'
import { countCodePoints } from './text'
import {
  addressOf,
  applyBinary,
  copySlot,
  elementTagOf,
  lengthOf,
  putBool,
  putError,
  putInt,
  putList,
  putText,
  tagOf,
} from './value'

let faultPlace: u32 = 0

export function placeOfFault(): u32 {
  return faultPlace
}

function makeList(first: u32, element: u32, count: u32): i32 {
  if (!spend(count)) return -FAULT_FUEL_EXHAUSTED
  const list = allocate(count * ELEMENT)
  if (list == 0) return -FAULT_MEMORY_EXHAUSTED
  for (let i: u32 = 0; i < count; i++) {
    const slot = first + i * SLOT
    if (tagOf(slot) == TAG_ERROR) {
      copySlot(first, slot)
      return 0
    }
    if (tagOf(slot) != element) return -FAULT_TYPE_MISMATCH
    // A bool is an i64 in a list; its upper half on the stack is not defined.
    if (element == TAG_BOOL) store<i64>(list + i * ELEMENT, load<i32>(slot, 8))
    else store<i64>(list + i * ELEMENT, load<i64>(slot, 8))
  }
  putList(first, element, 0, list, count)
  return 0
}

function sizeOf(slot: u32): i32 {
  if (tagOf(slot) == TAG_ERROR) return 0
  if (tagOf(slot) == TAG_LIST) {
    putInt(slot, lengthOf(slot))
    return 0
  }
  if (tagOf(slot) != TAG_TEXT) return -FAULT_TYPE_MISMATCH
  if (!spend(lengthOf(slot) >> 4)) return -FAULT_FUEL_EXHAUSTED
  putInt(slot, countCodePoints(addressOf(slot), lengthOf(slot)))
  return 0
}

function matches(slot: u32, pattern: u32, isDfa: bool): i32 {
  if (tagOf(slot) == TAG_ERROR) return 0
  if (tagOf(slot) != TAG_TEXT) return -FAULT_TYPE_MISMATCH
  const length = lengthOf(slot)
  if (isDfa) {
    if (!spend(length >> 2)) return -FAULT_FUEL_EXHAUSTED
    putBool(slot, matchDfa(pattern, addressOf(slot), length))
    return 0
  }
  if (!spend((<u64>(length + 1) * <u64>load<u16>(pattern)) >> 2)) return -FAULT_FUEL_EXHAUSTED
  putBool(slot, matchNfa(pattern, addressOf(slot), length))
  return 0
}

export function run(base: u32, budget: i32): i32 {
  begin(budget)
  faultPlace = 0
  if (load<u32>(base) != PROGRAM_VERIFIED) return -FAULT_PROGRAM_INVALID
  const code = base + load<u32>(base, 8)
  let at = code
  let free = STACK_BASE
  let frame = FRAMES_BASE - FRAME
  let fault: i32 = 0
  while (true) {
    const op = <u32>load<u8>(at)
    const top = free - SLOT
    const place = at - code
    if (!spend(1)) {
      fault = -FAULT_FUEL_EXHAUSTED
    } else {
      switch (op) {
        case OP_RETURN:
          if (tagOf(top) == TAG_ERROR) {
            faultPlace = load<u32>(top, 12)
            return -load<i32>(top, 8)
          }
          return tagOf(top) == TAG_BOOL ? load<i32>(top, 8) : ANSWER_VALUE
        case OP_FALSE:
        case OP_TRUE:
          putBool(free, op == OP_TRUE)
          free += SLOT
          at += 1
          continue
        case OP_INT:
          putInt(free, load<i64>(at, 1))
          free += SLOT
          at += 9
          continue
        case OP_TEXT:
          putText(free, base + load<u32>(at, 1), load<u32>(at, 5))
          free += SLOT
          at += 9
          continue
        case OP_LIST:
          putList(free, load<u8>(at, 1), base, base + load<u32>(at, 2), load<u32>(at, 6))
          free += SLOT
          at += 10
          continue
        case OP_ATTRIBUTE: {
          const slot = SLOTS_BASE + <u32>load<u8>(at, 1) * SLOT
          if (tagOf(slot) == TAG_ABSENT) putError(free, FAULT_NO_SUCH_KEY, place)
          else copySlot(free, slot)
          free += SLOT
          at += 2
          continue
        }
        case OP_PRESENT:
          putBool(free, tagOf(SLOTS_BASE + <u32>load<u8>(at, 1) * SLOT) != TAG_ABSENT)
          free += SLOT
          at += 2
          continue
        case OP_VARIABLE:
          putVariable(free, FRAMES_BASE + <u32>load<u8>(at, 1) * FRAME)
          free += SLOT
          at += 2
          continue
        case OP_MAKE_LIST: {
          const count = <u32>load<u16>(at, 2)
          const first = free - count * SLOT
          fault = makeList(first, load<u8>(at, 1), count)
          free = first + SLOT
          at += 4
          break
        }
        case OP_NOT:
          if (tagOf(top) == TAG_BOOL) putBool(top, load<u32>(top, 8) == 0)
          else if (tagOf(top) != TAG_ERROR) fault = -FAULT_TYPE_MISMATCH
          at += 1
          break
        case OP_JUMP_IF_FALSE:
        case OP_JUMP_IF_TRUE:
          at = isBool(top, op - OP_JUMP_IF_FALSE) ? code + load<u16>(at, 1) : at + 3
          continue
        case OP_AND:
        case OP_OR:
          fault = combine(top - SLOT, top, op - OP_AND)
          free = top
          at += 1
          break
        case OP_BRANCH:
          if (tagOf(top) == TAG_ERROR) {
            at = code + load<u16>(at, 3)
            continue
          }
          if (tagOf(top) != TAG_BOOL) {
            fault = -FAULT_TYPE_MISMATCH
            break
          }
          at = load<u32>(top, 8) == 1 ? at + 5 : code + load<u16>(at, 1)
          free = top
          continue
        case OP_JUMP:
          at = code + load<u16>(at, 1)
          continue
        case OP_SIZE:
          fault = sizeOf(top)
          at += 1
          break
        case OP_MATCH_DFA:
        case OP_MATCH_NFA:
          fault = matches(top, base + load<u32>(at, 1), op == OP_MATCH_DFA)
          at += 5
          break
        case OP_LOOP:
          if (tagOf(top) == TAG_ERROR) {
            at = code + load<u16>(at, 2)
            continue
          }
          if (tagOf(top) != TAG_LIST) {
            fault = -FAULT_TYPE_MISMATCH
            break
          }
          if (lengthOf(top) == 0) {
            putBool(top, load<u8>(at, 1) == LOOP_ALL)
            at = code + load<u16>(at, 2)
            continue
          }
          frame += FRAME
          beginLoop(frame, top, load<u8>(at, 1))
          free = top
          at += 4
          continue
        case OP_NEXT:
          fault = advance(frame, top)
          if (fault == 1) {
            free = top
            at = code + load<u16>(at, 1)
          } else {
            endLoop(top, frame)
            frame -= FRAME
            at += 3
          }
          break
        default:
          fault = applyBinary(op, top - SLOT, top, place)
          free = top
          at += 1
      }
    }
    if (fault < 0) {
      faultPlace = place
      return fault
    }
  }
}
