// The structural check of a program, once per load: every operand, jump, stack height, loop, constant and pattern lies
// within its bounds. What passes can go wrong only in ways that end in a fault.
import {
  CODE_MAX,
  DFA_MAX,
  FRAMES_MAX,
  LOOP_EXISTS_ONE,
  NFA_ASSERT,
  NFA_MATCH,
  NFA_MAX,
  NFA_SET,
  NFA_SPLIT,
  OP_AND,
  OP_ATTRIBUTE,
  OP_BRANCH,
  OP_CONTAINS,
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
  PROGRAM_HEADER,
  PROGRAM_MAGIC,
  PROGRAM_VERIFIED,
  PROGRAMS_BASE,
  PROGRAMS_END,
  SCRATCH_BASE,
  SLOTS_MAX,
  STACK_MAX,
  TAG_BOOL,
  TAG_TEXT,
} from './abi'

// While a program is checked, scratch memory holds for each code byte what a jump to it expects: u16, the loop depth
// in the upper 4 bits, the stack height in the lower 12; and the open loops, 8 bytes each: u16 body, u16 end.
const UNKNOWN: u32 = 0xffff
const LOOPS: u32 = SCRATCH_BASE + CODE_MAX * 2

let pendingTargets: u32 = 0

function expect(target: u32, codeLength: u32, from: u32, shape: u32): bool {
  if (target <= from || target >= codeLength) return false
  const cell = SCRATCH_BASE + target * 2
  const known = <u32>load<u16>(cell)
  if (known == UNKNOWN) {
    store<u16>(cell, shape)
    pendingTargets++
    return true
  }
  return known == shape
}

function isText(base: u32, length: u32, offset: u32, size: u32): bool {
  return offset >= PROGRAM_HEADER && offset <= length && size <= length - offset && base > 0
}

function isList(base: u32, length: u32, element: u32, offset: u32, count: u32): bool {
  if (element < TAG_BOOL || element > TAG_TEXT) return false
  if (offset < PROGRAM_HEADER || offset > length || count > (length - offset) >> 3) return false
  if (element != TAG_TEXT) return true
  for (let i: u32 = 0; i < count; i++) {
    const entry = base + offset + i * 8
    if (!isText(base, length, load<u32>(entry), load<u32>(entry, 4))) return false
  }
  return true
}

function isDfa(base: u32, length: u32, offset: u32): bool {
  if (offset < PROGRAM_HEADER || offset + 264 < offset || offset + 264 > length) return false
  const dfa = base + offset
  const states = <u32>load<u16>(dfa)
  const classes = <u32>load<u16>(dfa, 2)
  if (states < 2 || states > DFA_MAX || classes < 1 || classes > 256) return false
  if (<u32>load<u16>(dfa, 4) >= states) return false
  for (let byte: u32 = 0; byte < 256; byte++) if (<u32>load<u8>(dfa + 8 + byte) >= classes) return false
  const cells = (states - 2) * (classes + 1)
  if (cells > (length - offset - 264) >> 1) return false
  for (let i: u32 = 0; i < cells; i++) if (<u32>load<u16>(dfa + 264 + i * 2) >= states) return false
  return true
}

function isNfa(base: u32, length: u32, offset: u32): bool {
  if (offset < PROGRAM_HEADER || offset + 8 < offset || offset + 8 > length) return false
  const nfa = base + offset
  const count = <u32>load<u16>(nfa)
  const sets = <u32>load<u16>(nfa, 2)
  if (count < 1 || count > NFA_MAX || <u32>load<u16>(nfa, 4) >= count) return false
  if (count * 8 + sets * 32 > length - offset - 8) return false
  for (let i: u32 = 0; i < count; i++) {
    const instruction = nfa + 8 + i * 8
    const op = <u32>load<u8>(instruction)
    if (op > NFA_ASSERT) return false
    if (op != NFA_MATCH && <u32>load<u16>(instruction, 4) >= count) return false
    if (op == NFA_SPLIT && <u32>load<u16>(instruction, 6) >= count) return false
    if (op == NFA_SET && <u32>load<u16>(instruction, 6) >= sets) return false
  }
  return true
}

function sizeOfInstruction(op: u32): u32 {
  switch (op) {
    case OP_INT:
    case OP_TEXT:
      return 9
    case OP_LIST:
      return 10
    case OP_ATTRIBUTE:
    case OP_PRESENT:
    case OP_VARIABLE:
      return 2
    case OP_MAKE_LIST:
    case OP_LOOP:
      return 4
    case OP_JUMP_IF_FALSE:
    case OP_JUMP_IF_TRUE:
    case OP_JUMP:
    case OP_NEXT:
      return 3
    case OP_BRANCH:
    case OP_MATCH_DFA:
    case OP_MATCH_NFA:
      return 5
    default:
      return op <= OP_NEXT ? 1 : 0
  }
}

export function verifyProgram(base: u32, length: u32): u32 {
  if (base < PROGRAMS_BASE || (base & 7) != 0 || base > PROGRAMS_END) return 1
  if (length < PROGRAM_HEADER || length > PROGRAMS_END - base || load<u32>(base, 4) != length) return 1
  if (load<u32>(base) != PROGRAM_MAGIC && load<u32>(base) != PROGRAM_VERIFIED) return 1
  store<u32>(base, PROGRAM_MAGIC)
  const codeOffset = load<u32>(base, 8)
  const codeLength = load<u32>(base, 12)
  if (codeOffset < PROGRAM_HEADER || codeOffset > length || codeLength > length - codeOffset) return 1
  if (codeLength == 0 || codeLength > CODE_MAX) return 1
  const code = base + codeOffset
  memory.fill(SCRATCH_BASE, 0xff, codeLength * 2)
  pendingTargets = 0
  let height: u32 = 0
  let loops: u32 = 0
  let reachable = true
  let at: u32 = 0
  while (at < codeLength) {
    const failed = at + 1
    const op = <u32>load<u8>(code + at)
    const size = sizeOfInstruction(op)
    if (size == 0 || size > codeLength - at) return failed
    const expected = <u32>load<u16>(SCRATCH_BASE + at * 2)
    if (expected != UNKNOWN) {
      if (reachable && expected != ((loops << 12) | height)) return failed
      if (expected >> 12 != loops) return failed
      height = expected & 0xfff
      reachable = true
      pendingTargets--
    }
    if (!reachable) return failed
    const operand = code + at + 1
    let taken: u32 = 0
    let given: u32 = 1
    switch (op) {
      case OP_RETURN:
        if (height != 1 || loops != 0 || at + 1 != codeLength || pendingTargets != 0) return failed
        store<u32>(base, PROGRAM_VERIFIED)
        return 0
      case OP_FALSE:
      case OP_TRUE:
      case OP_INT:
        break
      case OP_TEXT:
        if (!isText(base, length, load<u32>(operand), load<u32>(operand, 4))) return failed
        break
      case OP_LIST:
        if (!isList(base, length, load<u8>(operand), load<u32>(operand, 1), load<u32>(operand, 5))) return failed
        break
      case OP_ATTRIBUTE:
      case OP_PRESENT:
        if (<u32>load<u8>(operand) >= SLOTS_MAX) return failed
        break
      case OP_VARIABLE:
        if (<u32>load<u8>(operand) >= loops) return failed
        break
      case OP_MAKE_LIST:
        taken = load<u16>(operand, 1)
        if (taken == 0 || <u32>load<u8>(operand) > TAG_TEXT) return failed
        break
      case OP_NOT:
      case OP_SIZE:
        taken = 1
        break
      case OP_JUMP_IF_FALSE:
      case OP_JUMP_IF_TRUE:
        taken = 1
        if (height < 1 || !expect(load<u16>(operand), codeLength, at, (loops << 12) | height)) return failed
        break
      case OP_BRANCH:
        taken = 1
        given = 0
        if (height < 1) return failed
        if (!expect(load<u16>(operand), codeLength, at, (loops << 12) | (height - 1))) return failed
        if (!expect(load<u16>(operand, 2), codeLength, at, (loops << 12) | height)) return failed
        break
      case OP_JUMP:
        given = 0
        if (!expect(load<u16>(operand), codeLength, at, (loops << 12) | height)) return failed
        reachable = false
        break
      case OP_MATCH_DFA:
        taken = 1
        if (!isDfa(base, length, load<u32>(operand))) return failed
        break
      case OP_MATCH_NFA:
        taken = 1
        if (!isNfa(base, length, load<u32>(operand))) return failed
        break
      case OP_LOOP:
        taken = 1
        given = 0
        if (height < 1 || loops >= FRAMES_MAX || <u32>load<u8>(operand) > LOOP_EXISTS_ONE) return failed
        if (!expect(load<u16>(operand, 1), codeLength, at, (loops << 12) | height)) return failed
        store<u16>(LOOPS + loops * 8, at + size)
        store<u16>(LOOPS + loops * 8, load<u16>(operand, 1), 2)
        store<u16>(LOOPS + loops * 8, height, 4)
        loops++
        break
      case OP_NEXT:
        if (loops == 0) return failed
        loops--
        taken = 1
        if (<u32>load<u16>(operand) != <u32>load<u16>(LOOPS + loops * 8)) return failed
        if (at + size != <u32>load<u16>(LOOPS + loops * 8, 2)) return failed
        if (height != <u32>load<u16>(LOOPS + loops * 8, 4)) return failed
        break
      default:
        // The operators of two values: AND, OR and EQUAL to CONTAINS.
        if (op != OP_AND && op != OP_OR && op > OP_CONTAINS) return failed
        taken = 2
    }
    if (height < taken || height - taken + given > STACK_MAX) return failed
    height = height - taken + given
    at += size
  }
  return codeLength + 1
}
