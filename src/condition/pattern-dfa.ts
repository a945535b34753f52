// Subset construction: the DFA of an NFA, if it is small enough. A state is the set of instructions that wait for the
// next byte and what kind of byte came before; assertions between the two are decided once that next byte is known.
import { PATTERN_DFA_MAX_BYTES, PATTERN_DFA_MAX_STATES, PATTERN_DFA_MAX_STEPS } from '../core/limits.ts'
import { ASSERT } from './abi.ts'
import type { ByteSet, Nfa } from './pattern-nfa.ts'

export interface Dfa {
  /** The class of each byte. */
  readonly classOf: Uint8Array<ArrayBuffer>
  readonly classes: number
  readonly start: number
  /** One row for each state from 2 on: the next state by class, and last the one at the end of the text. */
  readonly rows: readonly (readonly number[])[]
}

/** The state that never matches, and the one that has matched. */
export const DEAD = 0
export const MATCHED = 1

const END = 256
/** Beside the assertions that hold: the next byte lies inside a code point. */
const INSIDE = 0x100
const LINE_ASSERTIONS = ASSERT.BEGIN_LINE | ASSERT.END_LINE
const WORD_ASSERTIONS = ASSERT.WORD_BOUNDARY | ASSERT.NOT_WORD_BOUNDARY

interface State {
  readonly waiting: readonly number[]
  /** The byte before, or END at the start of the text: one that stands for its kind. */
  readonly before: number
}

/** `undefined` when it would have too many states or take too long to build: then the NFA runs. */
export function buildDfa(nfa: Nfa): Dfa | undefined {
  const asserted = nfa.instructions.reduce((all, each) => all | (each.op === 'assert' ? each.assertion : 0), 0)
  const { classOf, representatives } = byteClasses(nfa, asserted)
  const states: State[] = []
  const indexes = new Map<string, number>()
  const rows: number[][] = []
  let steps = 0
  // An instruction stamped with the current stamp has been seen: cheaper than a set for each step.
  const stamps = new Uint32Array(nfa.instructions.length)
  let stamp = 0

  function indexOf(waiting: readonly number[], before: number): number {
    const kind = asserted === 0 ? 0 : before
    const key = `${kind}:${waiting.join()}`
    const known = indexes.get(key)
    if (known !== undefined) return known
    const index = states.push({ waiting, before: kind }) + 1
    indexes.set(key, index)
    return index
  }

  /** The instructions that take a byte, reached from `state` when `held` holds; `undefined` if it has matched. */
  function expand(state: State, held: number, mayBegin: boolean): readonly number[] | undefined {
    const pending = mayBegin ? [...state.waiting, nfa.start] : [...state.waiting]
    const consuming: number[] = []
    stamp++
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      if (stamps[index] === stamp) continue
      stamps[index] = stamp
      steps++
      const instruction = nfa.instructions[index]
      if (instruction === undefined) continue
      if (instruction.op === 'match') return undefined
      if (instruction.op === 'split') pending.push(instruction.y, instruction.x)
      else if (instruction.op === 'assert') {
        if ((held & instruction.assertion) !== 0) pending.push(instruction.x)
      } else consuming.push(index)
    }
    return consuming
  }

  function step(consuming: readonly number[], byte: number): number {
    const targets: number[] = []
    stamp++
    steps += consuming.length
    for (const index of consuming) {
      const instruction = nfa.instructions[index]
      if (instruction?.op === 'range') {
        if (byte < instruction.low || byte > instruction.high) continue
      } else if (instruction?.op !== 'set' || !hasByte(nfa.sets[instruction.set], byte)) continue
      if (stamps[instruction.x] === stamp) continue
      stamps[instruction.x] = stamp
      targets.push(instruction.x)
    }
    return indexOf(targets.sort(ascending), kindOf(byte, asserted))
  }

  indexOf([], END)
  // `states` grows while it is walked.
  for (const state of states) {
    // What is reached depends on the next byte only by what assertions tell of it: on a few kinds of byte.
    const reached = new Map<number, readonly number[] | undefined>()
    const row = [...representatives, END].map((byte) => {
      const held = assertionsBetween(state.before, byte) & asserted
      // Inside a code point no match begins, as in the VM.
      const mayBegin = asserted === 0 || !isContinuation(byte)
      const kind = mayBegin ? held : held | INSIDE
      if (!reached.has(kind)) reached.set(kind, expand(state, held, mayBegin))
      const consuming = reached.get(kind)
      if (consuming === undefined) return MATCHED
      return byte === END ? DEAD : step(consuming, byte)
    })
    rows.push(row)
    if (states.length > PATTERN_DFA_MAX_STATES || steps > PATTERN_DFA_MAX_STEPS) return undefined
  }
  const dfa = mergeClasses(collapse({ classOf, classes: representatives.length, start: 2, rows }))
  return dfa.rows.length * (dfa.classes + 1) * 2 <= PATTERN_DFA_MAX_BYTES ? dfa : undefined
}

function ascending(a: number, b: number): number {
  return a - b
}

function isContinuation(byte: number): boolean {
  return (byte & 0x1c0) === 0x80
}

function isWord(byte: number): boolean {
  const lower = byte | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f
}

function assertionsBetween(before: number, after: number): number {
  let held = isWord(before) === isWord(after) ? ASSERT.NOT_WORD_BOUNDARY : ASSERT.WORD_BOUNDARY
  if (before === END) held |= ASSERT.BEGIN_TEXT | ASSERT.BEGIN_LINE
  if (before === 0x0a) held |= ASSERT.BEGIN_LINE
  if (after === END) held |= ASSERT.END_TEXT | ASSERT.END_LINE
  if (after === 0x0a) held |= ASSERT.END_LINE
  return held
}

/** What later assertions can tell of a byte: a newline, a word character, or neither. */
function kindOf(byte: number, asserted: number): number {
  if (byte === 0x0a && (asserted & LINE_ASSERTIONS) !== 0) return 0x0a
  return isWord(byte) && (asserted & WORD_ASSERTIONS) !== 0 ? 0x61 : 0x20
}

function hasByte(set: ByteSet | undefined, byte: number): boolean {
  return (((set?.[byte >> 3] ?? 0) >> (byte & 7)) & 1) === 1
}

/** Intervals of bytes that no instruction and no assertion tells apart. */
function byteClasses(nfa: Nfa, asserted: number) {
  const begins = new Uint8Array(257)
  begins[0] = 1
  const cut = (low: number, high: number): void => {
    begins[low] = 1
    begins[high + 1] = 1
  }
  for (const instruction of nfa.instructions) {
    if (instruction.op === 'range' && instruction.low <= instruction.high) cut(instruction.low, instruction.high)
  }
  for (const set of nfa.sets) {
    for (let byte = 1; byte < 256; byte++) if (hasByte(set, byte) !== hasByte(set, byte - 1)) begins[byte] = 1
  }
  if (asserted !== 0) cut(0x80, 0xbf)
  if ((asserted & LINE_ASSERTIONS) !== 0) cut(0x0a, 0x0a)
  if ((asserted & WORD_ASSERTIONS) !== 0) {
    for (let byte = 1; byte < 128; byte++) if (isWord(byte) !== isWord(byte - 1)) begins[byte] = 1
  }
  const classOf = new Uint8Array(256)
  const representatives: number[] = []
  for (let byte = 0; byte < 256; byte++) {
    if (begins[byte] === 1) representatives.push(byte)
    classOf[byte] = representatives.length - 1
  }
  return { classOf, representatives }
}

/** Makes every state that must match MATCHED, and every state that cannot match DEAD; drops what is not reached. */
function collapse(dfa: Dfa): Dfa {
  const alias = dfa.rows.map((_, index) => index + 2)
  const target = (state: number): number => (state < 2 ? state : (alias[state - 2] ?? DEAD))
  const live = new Set<number>([MATCHED])
  for (let changed = true; changed; ) {
    changed = false
    // Backwards, because most states lead forwards: then a pass or two settles all.
    for (let index = dfa.rows.length - 1; index >= 0; index--) {
      const row = dfa.rows[index] ?? []
      if (alias[index] !== MATCHED && row.every((state) => target(state) === MATCHED)) {
        alias[index] = MATCHED
        changed = true
      }
      if (!live.has(index + 2) && row.some((state) => live.has(state))) {
        live.add(index + 2)
        changed = true
      }
    }
  }
  const final = (state: number): number => (live.has(state) ? target(state) : DEAD)
  const order: number[] = []
  const numbers = new Map<number, number>([
    [DEAD, DEAD],
    [MATCHED, MATCHED],
  ])
  const number = (state: number): number => {
    const kept = final(state)
    const known = numbers.get(kept)
    if (known !== undefined) return known
    numbers.set(kept, order.push(kept) + 1)
    return order.length + 1
  }
  const start = number(dfa.start)
  const rows: number[][] = []
  // `order` grows while it is walked: each row may name states that no row before it did.
  for (const state of order) rows.push((dfa.rows[state - 2] ?? []).map(number))
  return { ...dfa, start, rows }
}

/** Joins classes whose columns are equal. */
function mergeClasses(dfa: Dfa): Dfa {
  const merged = new Map<string, number>()
  const kept: number[] = []
  const renamed = Array.from({ length: dfa.classes }, (_, column) => {
    const key = dfa.rows.map((row) => row[column]).join()
    const known = merged.get(key)
    if (known !== undefined) return known
    merged.set(key, kept.length)
    return kept.push(column) - 1
  })
  const columns = [...kept, dfa.classes]
  return {
    classOf: dfa.classOf.map((column) => renamed[column] ?? 0),
    classes: kept.length,
    start: dfa.start,
    rows: dfa.rows.map((row) => columns.map((column) => row[column] ?? DEAD)),
  }
}
