// From a pattern's tree to a Pike NFA over UTF-8 bytes. Built from the end to the start, so that equal tails are
// shared. Its input is well-formed UTF-8, so a class may accept whole ranges of lead bytes.
import { PATTERN_NFA_MAX_INSTRUCTIONS } from '../core/limits.ts'
import type { CodePoints, Range } from './code-points.ts'
import { PatternFault } from './pattern-fault.ts'
import type { PatternNode } from './syntax.ts'

export type NfaInstruction =
  | { readonly op: 'match' }
  /** Goes on at both. */
  | { readonly op: 'split'; readonly x: number; readonly y: number }
  /** Goes on at `x` if the next byte lies in the range, or in the set. */
  | { readonly op: 'range'; readonly low: number; readonly high: number; readonly x: number }
  | { readonly op: 'set'; readonly set: number; readonly x: number }
  /** Goes on at `x` if the assertion holds here. */
  | { readonly op: 'assert'; readonly assertion: number; readonly x: number }

/** 256 bits, one for each byte value. */
export type ByteSet = Uint8Array<ArrayBuffer>

export interface Nfa {
  readonly instructions: readonly NfaInstruction[]
  readonly sets: readonly ByteSet[]
  readonly start: number
}

/** For each length of an encoding: its code points, its lead byte's marker, and the bits after the lead byte. */
const ENCODINGS = [
  { low: 0x80, high: 0x7ff, lead: 0xc0, bits: 6, codeMax: 0x7ff },
  { low: 0x800, high: 0xffff, lead: 0xe0, bits: 12, codeMax: 0xffff },
  { low: 0x10000, high: 0x10ffff, lead: 0xf0, bits: 18, codeMax: 0x1fffff },
] as const

/** Builds the NFA. Throws a PatternFault if it would be too large. */
export function buildNfa(root: PatternNode): Nfa {
  const instructions: NfaInstruction[] = []
  const sets: ByteSet[] = []
  const setIndexes = new Map<string, number>()
  const shared = new Map<string, number>()

  function add(instruction: NfaInstruction): number {
    if (instructions.length >= PATTERN_NFA_MAX_INSTRUCTIONS) {
      const message = `it compiles to more than ${PATTERN_NFA_MAX_INSTRUCTIONS} instructions: shorten its repetitions`
      throw new PatternFault('pattern_too_large', message, 0)
    }
    return instructions.push(instruction) - 1
  }

  /** Instructions without a loop through them may serve in several places. */
  function share(key: string, make: () => NfaInstruction): number {
    const known = shared.get(key)
    if (known !== undefined) return known
    const index = add(make())
    shared.set(key, index)
    return index
  }

  function addBytes(low: number, high: number, x: number): number {
    return share(`r${low},${high},${x}`, () => ({ op: 'range', low, high, x }))
  }

  function addSplit(x: number, y: number): number {
    return x === y ? x : share(`s${x},${y}`, () => ({ op: 'split', x, y }))
  }

  function addAlternatives(starts: readonly number[]): number {
    return starts.reduceRight((rest, start) => addSplit(start, rest))
  }

  function build(node: PatternNode, next: number): number {
    switch (node.kind) {
      case 'empty':
        return next
      case 'assert':
        return share(`a${node.assertion},${next}`, () => ({ op: 'assert', assertion: node.assertion, x: next }))
      case 'set':
        return buildSet(node.ranges, next)
      case 'concat':
        return node.items.reduceRight((rest, item) => build(item, rest), next)
      case 'alternate':
        return addAlternatives(node.items.map((item) => build(item, next)))
      case 'repeat':
        return buildRepeat(node.of, node.min, node.max, next)
    }
  }

  function buildRepeat(of: PatternNode, min: number, max: number | undefined, next: number): number {
    let start = next
    if (max === undefined) {
      const loop = add({ op: 'split', x: next, y: next })
      const body = build(of, loop)
      instructions[loop] = { op: 'split', x: body, y: next }
      start = min === 0 ? loop : body
    } else {
      for (let copy = min; copy < max; copy++) start = addSplit(build(of, start), next)
    }
    const copies = max === undefined ? min - 1 : min
    for (let copy = 0; copy < copies; copy++) start = build(of, start)
    return start
  }

  function buildSet(ranges: CodePoints, next: number): number {
    const starts: number[] = []
    const ascii = ranges.filter((range) => range.low < 0x80)
    if (ascii.length > 0) starts.push(buildAscii(ascii, next))
    for (const { low, high, lead, bits, codeMax } of ENCODINGS) {
      for (const range of ranges) {
        if (range.high < low || range.low > high) continue
        // Shorter and longer encodings of a code point are ill-formed and never read: whole lead bytes may be taken.
        const from = range.low <= low ? 0 : range.low
        const to = range.high >= high ? codeMax : range.high
        starts.push(buildEncoded({ low: from, high: to }, bits, lead, next))
      }
    }
    return starts.length > 0 ? addAlternatives(starts) : addBytes(1, 0, next)
  }

  function buildAscii(ranges: CodePoints, next: number): number {
    const [only] = ranges
    if (ranges.length === 1 && only !== undefined) return addBytes(only.low, Math.min(only.high, 0x7f), next)
    const set = new Uint8Array(32)
    for (const { low, high } of ranges) {
      for (let byte = low; byte <= Math.min(high, 0x7f); byte++)
        set[byte >> 3] = (set[byte >> 3] ?? 0) | (1 << (byte & 7))
    }
    const key = set.join()
    const index = setIndexes.get(key) ?? sets.push(set) - 1
    setIndexes.set(key, index)
    return share(`t${index},${next}`, () => ({ op: 'set', set: index, x: next }))
  }

  /** The encodings of a range: `bits` payload bits follow the lead byte, six in each further byte. */
  function buildEncoded({ low, high }: Range, bits: number, lead: number, next: number): number {
    if (bits === 0) return addBytes(lead | low, lead | high, next)
    const mask = (1 << bits) - 1
    let first = low >> bits
    let last = high >> bits
    if (first === last) {
      const tail = buildEncoded({ low: low & mask, high: high & mask }, bits - 6, 0x80, next)
      return addBytes(lead | first, lead | last, tail)
    }
    const starts: number[] = []
    if ((low & mask) !== 0) {
      const tail = buildEncoded({ low: low & mask, high: mask }, bits - 6, 0x80, next)
      starts.push(addBytes(lead | first, lead | first, tail))
      first++
    }
    if ((high & mask) !== mask) {
      const tail = buildEncoded({ low: 0, high: high & mask }, bits - 6, 0x80, next)
      starts.push(addBytes(lead | last, lead | last, tail))
      last--
    }
    if (first <= last) {
      const tail = buildEncoded({ low: 0, high: mask }, bits - 6, 0x80, next)
      starts.push(addBytes(lead | first, lead | last, tail))
    }
    return addAlternatives(starts)
  }

  const start = build(root, add({ op: 'match' }))
  return { instructions, sets, start }
}
