// Compiles a pattern of `matches` when the document is read: to a DFA if it is small, otherwise to an NFA.

import { PATTERN_NFA_MAX_INSTRUCTIONS } from '../core/limits.ts'
import { buildDfa, type Dfa } from './dfa.ts'
import { buildNfa, type Nfa } from './nfa.ts'
import { NFA } from './nfa-opcodes.ts'
import { PatternFault } from './pattern-fault.ts'
import { parsePattern } from './syntax.ts'

export interface Pattern {
  readonly text: string
  readonly kind: 'dfa' | 'nfa'
  /** As the policy VM reads it. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Instructions of the NFA: what a byte costs when it runs as one. */
  readonly instructions: number
}

interface Built {
  /**
   * Steps spent on building, also if it failed; a step takes some 100 ns. See {@link PATTERN_STEPS_PER_DOCUMENT_MAX}.
   */
  readonly steps: number
}

export type CompiledPattern = Built &
  (
    | { readonly ok: true; readonly pattern: Pattern }
    | {
        readonly ok: false
        readonly code: 'pattern_invalid' | 'pattern_too_large'
        readonly message: string
        readonly offset: number
      }
  )

/** Parsing and making one instruction of an NFA, and finding the bytes that it takes, in steps of following one. */
const STEPS_PER_INSTRUCTION = 20

/** Compiles a pattern. `only` forces the NFA, for tests that compare the two forms. */
export function compilePattern(text: string, only?: 'nfa'): CompiledPattern {
  try {
    const nfa = buildNfa(parsePattern(text))
    const { dfa, steps } = only === 'nfa' ? { dfa: undefined, steps: 0 } : buildDfa(nfa)
    const bytes = dfa === undefined ? encodeNfa(nfa) : encodeDfa(dfa)
    const kind = dfa === undefined ? 'nfa' : 'dfa'
    const instructions = nfa.instructions.length
    const pattern = { text, kind, bytes, instructions } as const
    return { ok: true, pattern, steps: STEPS_PER_INSTRUCTION * instructions + steps }
  } catch (error) {
    if (!(error instanceof PatternFault)) throw error
    return {
      ok: false,
      code: error.code,
      message: `Cannot compile the pattern: ${error.message}`,
      offset: error.offset,
      // A pattern is found to be too large only after this many instructions have been made.
      steps: STEPS_PER_INSTRUCTION * (error.code === 'pattern_too_large' ? PATTERN_NFA_MAX_INSTRUCTIONS : text.length),
    }
  }
}

function encodeDfa(dfa: Dfa): Uint8Array<ArrayBuffer> {
  const width = dfa.classes + 1
  const bytes = new Uint8Array(264 + dfa.rows.length * width * 2)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, dfa.rows.length + 2, true)
  view.setUint16(2, dfa.classes, true)
  view.setUint16(4, dfa.start, true)
  bytes.set(dfa.classOf, 8)
  for (const [index, row] of dfa.rows.entries()) {
    for (const [column, state] of row.entries()) view.setUint16(264 + (index * width + column) * 2, state, true)
  }
  return bytes
}

function encodeNfa(nfa: Nfa): Uint8Array<ArrayBuffer> {
  const count = nfa.instructions.length
  const bytes = new Uint8Array(8 + count * 8 + nfa.sets.length * 32)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, count, true)
  view.setUint16(2, nfa.sets.length, true)
  view.setUint16(4, nfa.start, true)
  for (const [index, instruction] of nfa.instructions.entries()) {
    const at = 8 + index * 8
    switch (instruction.op) {
      case 'match':
        bytes[at] = NFA.MATCH
        continue
      case 'split':
        bytes[at] = NFA.SPLIT
        view.setUint16(at + 6, instruction.y, true)
        break
      case 'range':
        bytes[at] = NFA.RANGE
        bytes[at + 1] = instruction.low
        bytes[at + 2] = instruction.high
        break
      case 'set':
        bytes[at] = NFA.SET
        view.setUint16(at + 6, instruction.set, true)
        break
      case 'assert':
        bytes[at] = NFA.ASSERT
        bytes[at + 1] = instruction.assertion
    }
    view.setUint16(at + 4, instruction.x, true)
  }
  for (const [index, set] of nfa.sets.entries()) bytes.set(set, 8 + count * 8 + index * 32)
  return bytes
}
