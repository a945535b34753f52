// The classes of bytes that no instruction and no assertion of an NFA distinguishes: a DFA needs one column for each.

import type { ByteSet, Nfa } from './nfa.ts'
import { ASSERT } from './nfa-opcodes.ts'

/** The pseudo-byte before the first byte and after the last. */
export const END = 256

const LINE_ASSERTIONS = ASSERT.BEGIN_LINE | ASSERT.END_LINE
const WORD_ASSERTIONS = ASSERT.WORD_BOUNDARY | ASSERT.NOT_WORD_BOUNDARY

export interface ByteClasses {
  readonly classOf: Uint8Array<ArrayBuffer>
  /** One byte of each class. */
  readonly representatives: readonly number[]
  /** For each instruction that consumes a byte: the classes that it accepts. */
  readonly takenBy: readonly (readonly number[])[]
}

/** Computes the classes. `asserted` has the bits of the assertions that the NFA uses. */
export function computeByteClasses(nfa: Nfa, asserted: number): ByteClasses {
  const cuts = findCuts(nfa, asserted)
  const predicates = new Map<string, readonly number[]>()
  const members: number[][] = cuts.map(() => [])
  for (const instruction of nfa.instructions) {
    const key = writePredicate(instruction)
    if (key === undefined || predicates.has(key)) continue
    const taken: number[] = []
    for (const [index, byte] of cuts.entries()) {
      if (!takes(instruction, nfa.sets, byte)) continue
      taken.push(byte)
      members[index]?.push(predicates.size)
    }
    predicates.set(key, taken)
  }
  const classOf = new Uint8Array(256)
  const representatives: number[] = []
  const numbers = new Map<string, number>()
  for (const [index, byte] of cuts.entries()) {
    const key = `${members[index]?.join()};${computeContext(byte, asserted)}`
    const number = numbers.get(key) ?? representatives.push(byte) - 1
    numbers.set(key, number)
    classOf.fill(number, byte, cuts[index + 1] ?? 256)
  }
  const takenBy = nfa.instructions.map((instruction) => {
    const taken = predicates.get(writePredicate(instruction) ?? '') ?? []
    return [...new Set(taken.map((byte) => classOf[byte] ?? 0))]
  })
  return { classOf, representatives, takenBy }
}

/** Finds the bytes at which any set, range or assertion changes, 0 first. */
function findCuts(nfa: Nfa, asserted: number): readonly number[] {
  const isCut = new Uint8Array(257)
  isCut[0] = 1
  const cut = (low: number, high: number): void => {
    isCut[low] = 1
    isCut[high + 1] = 1
  }
  for (const instruction of nfa.instructions) {
    if (instruction.op === 'range' && instruction.low <= instruction.high) cut(instruction.low, instruction.high)
  }
  for (const set of nfa.sets) {
    for (let byte = 1; byte < 256; byte++) if (hasByte(set, byte) !== hasByte(set, byte - 1)) isCut[byte] = 1
  }
  if (asserted !== 0) {
    for (let byte = 1; byte < 256; byte++) {
      if (computeContext(byte, asserted) !== computeContext(byte - 1, asserted)) isCut[byte] = 1
    }
  }
  const cuts: number[] = []
  for (let byte = 0; byte < 256; byte++) if (isCut[byte] === 1) cuts.push(byte)
  return cuts
}

type Instruction = Nfa['instructions'][number]

function writePredicate(instruction: Instruction): string | undefined {
  if (instruction.op === 'range') return `${instruction.low}-${instruction.high}`
  return instruction.op === 'set' ? `${instruction.set}` : undefined
}

function takes(instruction: Instruction, sets: readonly ByteSet[], byte: number): boolean {
  if (instruction.op === 'range') return byte >= instruction.low && byte <= instruction.high
  return instruction.op === 'set' && hasByte(sets[instruction.set], byte)
}

function hasByte(set: ByteSet | undefined, byte: number): boolean {
  return (((set?.[byte >> 3] ?? 0) >> (byte & 7)) & 1) === 1
}

/** Computes everything that assertions can distinguish of a byte, as one number. */
function computeContext(byte: number, asserted: number): number {
  return asserted === 0 ? 0 : classifyByte(byte, asserted) + (isContinuation(byte) ? 0x100 : 0)
}

/** Classifies the byte before an assertion: a newline, a word character, or neither. */
export function classifyByte(byte: number, asserted: number): number {
  if (byte === 0x0a && (asserted & LINE_ASSERTIONS) !== 0) return 0x0a
  return isWord(byte) && (asserted & WORD_ASSERTIONS) !== 0 ? 0x61 : 0x20
}

/** Whether the byte continues a code point. */
export function isContinuation(byte: number): boolean {
  return (byte & 0x1c0) === 0x80
}

function isWord(byte: number): boolean {
  const lower = byte | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f
}

/** Finds the assertions that hold between two bytes. */
export function findAssertionsBetween(before: number, after: number): number {
  let held = isWord(before) === isWord(after) ? ASSERT.NOT_WORD_BOUNDARY : ASSERT.WORD_BOUNDARY
  if (before === END) held |= ASSERT.BEGIN_TEXT | ASSERT.BEGIN_LINE
  if (before === 0x0a) held |= ASSERT.BEGIN_LINE
  if (after === END) held |= ASSERT.END_TEXT | ASSERT.END_LINE
  if (after === 0x0a) held |= ASSERT.END_LINE
  return held
}
