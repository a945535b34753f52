// `matches`: unanchored search, linear in the string. A pattern is a DFA where that is small, a Pike NFA otherwise; both
// read UTF-8 bytes and answer only whether there is a match.
import {
  ASSERT_BEGIN_LINE,
  ASSERT_BEGIN_TEXT,
  ASSERT_END_LINE,
  ASSERT_END_TEXT,
  ASSERT_NOT_WORD_BOUNDARY,
  ASSERT_WORD_BOUNDARY,
  NFA_ASSERT,
  NFA_CURRENT,
  NFA_MARKS,
  NFA_MATCH,
  NFA_NEXT,
  NFA_RANGE,
  NFA_SPLIT,
  NFA_STACK,
} from './abi'

const END_OF_TEXT: u32 = 256

// DFA: u16 states, u16 classes, u16 start, u16 zero; class of each byte (256 x u8); then for each state from 2 on, the
// next state for each class and for the end of the string (u16). State 0 can never match, state 1 has matched.
export function matchDfa(dfa: u32, text: u32, length: u32): bool {
  const width = <u32>load<u16>(dfa, 2) + 1
  let state: u32 = load<u16>(dfa, 4)
  const classes = dfa + 8
  const rows = dfa + 264 - width * 4
  const end = text + length
  for (let at = text; at < end; at++) {
    if (state < 2) return state == 1
    state = load<u16>(rows + ((state * width + <u32>load<u8>(classes + <u32>load<u8>(at))) << 1))
  }
  if (state < 2) return state == 1
  return load<u16>(rows + ((state * width + width - 1) << 1)) == 1
}

function isWord(byte: u32): bool {
  const letter = byte | 0x20
  return (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte == 0x5f
}

/** The assertions that hold between the byte `before` and the byte `after` (END_OF_TEXT at either edge). */
function assertionsBetween(before: u32, after: u32): u32 {
  let held: u32 = 0
  if (before == END_OF_TEXT) held |= ASSERT_BEGIN_TEXT | ASSERT_BEGIN_LINE
  if (before == 0x0a) held |= ASSERT_BEGIN_LINE
  if (after == END_OF_TEXT) held |= ASSERT_END_TEXT | ASSERT_END_LINE
  if (after == 0x0a) held |= ASSERT_END_LINE
  held |= isWord(before) != isWord(after) ? ASSERT_WORD_BOUNDARY : ASSERT_NOT_WORD_BOUNDARY
  return held
}

// NFA: u16 instructions, u16 sets, u16 start, u16 zero; instructions of 8 bytes (u8 op, u8 a, u8 b, u8 zero, u16 x,
// u16 y); sets of 32 bytes, one bit per byte value.
export function matchNfa(nfa: u32, text: u32, length: u32): bool {
  const count = <u32>load<u16>(nfa)
  const start = load<u16>(nfa, 4)
  const instructions = nfa + 8
  const sets = instructions + count * 8
  memory.fill(NFA_MARKS, 0, count * 4)
  let current = NFA_CURRENT
  let next = NFA_NEXT
  let currentCount: u32 = 0
  let before = END_OF_TEXT
  for (let at: u32 = 0; at <= length; at++) {
    const byte: u32 = at < length ? load<u8>(text + at) : END_OF_TEXT
    const held = assertionsBetween(before, byte)
    const mark = at + 1
    let pending: u32 = 0
    for (let i: u32 = 0; i < currentCount; i++) {
      store<u16>(NFA_STACK + pending * 2, load<u16>(current + i * 2))
      pending++
    }
    // A match may begin anywhere but inside a code point: there, an assertion would hold that holds nowhere else.
    if ((byte & 0x1c0) != 0x80) {
      store<u16>(NFA_STACK + pending * 2, start)
      pending++
    }
    let nextCount: u32 = 0
    while (pending > 0) {
      pending--
      const index = <u32>load<u16>(NFA_STACK + pending * 2)
      if (load<u32>(NFA_MARKS + index * 4) == mark) continue
      store<u32>(NFA_MARKS + index * 4, mark)
      const instruction = instructions + index * 8
      const op = <u32>load<u8>(instruction)
      if (op == NFA_MATCH) return true
      if (op == NFA_SPLIT) {
        store<u16>(NFA_STACK + pending * 2, load<u16>(instruction, 6))
        store<u16>(NFA_STACK + pending * 2 + 2, load<u16>(instruction, 4))
        pending += 2
        continue
      }
      let taken = false
      if (op == NFA_ASSERT) {
        if ((held & load<u8>(instruction, 1)) != 0) {
          store<u16>(NFA_STACK + pending * 2, load<u16>(instruction, 4))
          pending++
        }
        continue
      }
      if (op == NFA_RANGE) {
        taken = byte >= <u32>load<u8>(instruction, 1) && byte <= <u32>load<u8>(instruction, 2)
      } else if (byte != END_OF_TEXT) {
        const set = sets + <u32>load<u16>(instruction, 6) * 32
        taken = ((<u32>load<u8>(set + (byte >> 3)) >> (byte & 7)) & 1) == 1
      }
      if (taken) {
        store<u16>(next + nextCount * 2, load<u16>(instruction, 4))
        nextCount++
      }
    }
    const swap = current
    current = next
    next = swap
    currentCount = nextCount
    before = byte
  }
  return false
}
