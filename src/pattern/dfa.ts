// Subset construction: the DFA of an NFA, if it is small enough. A state is the set of instructions that wait for the
// next byte and what kind of byte came before; assertions between the two are decided once that next byte is known.
import { PATTERN_DFA_MAX_BYTES, PATTERN_DFA_MAX_STATES, PATTERN_DFA_MAX_STEPS } from '../core/limits.ts'
import { classifyByte, computeByteClasses, END, findAssertionsBetween, isContinuation } from './byte-classes.ts'
import type { Nfa } from './nfa.ts'

export interface Dfa {
  /** The class of each byte. */
  readonly classOf: Uint8Array<ArrayBuffer>
  readonly classes: number
  readonly start: number
  /** One row for each state from 2 on: the next state by class, then the state at the end of the input. */
  readonly rows: readonly (readonly number[])[]
}

/** The state that cannot match any more, and the state that has matched. */
export const DEAD = 0
export const MATCHED = 1

interface State {
  readonly waiting: readonly number[]
  /** The byte before, reduced to one per kind; END at the start of the input. */
  readonly before: number
}

/** Classes of bytes before which the same assertions hold, so that the same instructions are reached. */
interface Group {
  readonly held: number
  /** Inside a code point no match begins, as in the VM. */
  readonly mayBegin: boolean
  readonly classes: number[]
}

export interface BuiltDfa {
  /** `undefined` if it would have too many states or take too long to build: then the NFA runs. */
  readonly dfa: Dfa | undefined
  /** Steps spent, also if it was given up: instructions followed and cells of the table filled. */
  readonly steps: number
}

export function buildDfa(nfa: Nfa): BuiltDfa {
  const asserted = nfa.instructions.reduce((all, each) => all | (each.op === 'assert' ? each.assertion : 0), 0)
  const { classOf, representatives, takenBy } = computeByteClasses(nfa, asserted)
  const endClass = representatives.length
  const kinds = representatives.map((byte) => (asserted === 0 ? 0 : classifyByte(byte, asserted)))
  const groups = new Map<number, readonly Group[]>()
  const states: State[] = []
  const indexes = new Map<string | number, number>()
  const rows: number[][] = []
  let steps = 0
  // An instruction stamped with the current stamp has been seen: cheaper than a set for each step.
  const stamps = new Uint32Array(nfa.instructions.length)
  let stamp = 0

  function findStateIndex(waiting: readonly number[], before: number): number {
    // Most sets have at most one member: their keys are numbers, which are cheaper than strings.
    const key = waiting.length < 2 ? ((waiting[0] ?? -1) + 1) * 512 + before : `${before}:${waiting.join()}`
    const known = indexes.get(key)
    if (known !== undefined) return known
    const index = states.push({ waiting, before }) + 1
    indexes.set(key, index)
    return index
  }

  function findGroupsAfter(before: number): readonly Group[] {
    const known = groups.get(before)
    if (known !== undefined) return known
    const found = new Map<string, Group>()
    for (const [number, byte] of [...representatives, END].entries()) {
      const held = findAssertionsBetween(before, byte) & asserted
      const mayBegin = asserted === 0 || !isContinuation(byte)
      const key = `${held},${mayBegin}`
      const group = found.get(key) ?? { held, mayBegin, classes: [] }
      group.classes.push(number)
      found.set(key, group)
    }
    const all = [...found.values()]
    groups.set(before, all)
    return all
  }

  /** The instructions that take a byte, reached from `state` in `group`; `undefined` if it has matched. */
  function expand(state: State, { held, mayBegin }: Group): readonly number[] | undefined {
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

  /** For each class, the instructions that wait after a byte of it; sparse, because most classes are taken by few. */
  function step(consuming: readonly number[]): ReadonlyMap<number, number[]> {
    const waiting = new Map<number, number[]>()
    for (const index of consuming) {
      const instruction = nfa.instructions[index]
      if (instruction?.op !== 'range' && instruction?.op !== 'set') continue
      const taken = takenBy[index] ?? []
      steps += taken.length
      for (const assignNumber of taken) {
        const targets = waiting.get(assignNumber)
        if (targets === undefined) waiting.set(assignNumber, [instruction.x])
        else targets.push(instruction.x)
      }
    }
    return waiting
  }

  function fillRow(row: number[], state: State, group: Group): void {
    const consuming = expand(state, group)
    const waiting = consuming === undefined ? undefined : step(consuming)
    for (const number of group.classes) {
      if (waiting === undefined) row[number] = MATCHED
      else if (number === endClass) row[number] = DEAD
      else row[number] = findStateIndex(sortDistinct(waiting.get(number)), kinds[number] ?? 0)
    }
  }

  findStateIndex([], asserted === 0 ? 0 : END)
  // `states` grows while it is walked.
  for (const state of states) {
    const row: number[] = new Array(endClass + 1).fill(DEAD)
    for (const group of findGroupsAfter(state.before)) fillRow(row, state, group)
    rows.push(row)
    if (states.length > PATTERN_DFA_MAX_STATES || steps > PATTERN_DFA_MAX_STEPS)
      return { dfa: undefined, steps: steps + rows.length * (endClass + 1) }
  }
  const dfa = mergeClasses(collapse({ classOf, classes: endClass, start: 2, rows }))
  const isSmall = dfa.rows.length * (dfa.classes + 1) * 2 <= PATTERN_DFA_MAX_BYTES
  return { dfa: isSmall ? dfa : undefined, steps: steps + rows.length * (endClass + 1) }
}

const NONE: readonly number[] = []

function sortDistinct(values: number[] | undefined): readonly number[] {
  if (values === undefined) return NONE
  if (values.length === 1) return values
  return [...new Set(values)].sort((a, b) => a - b)
}

/** Makes every state that must match MATCHED, and every state that cannot match DEAD; drops what is not reached. */
function collapse(dfa: Dfa): Dfa {
  const count = dfa.rows.length + 2
  const leadingTo: number[][] = Array.from({ length: count }, () => [])
  for (const [index, row] of dfa.rows.entries()) for (const target of row) leadingTo[target]?.push(index + 2)
  // Backwards from MATCHED: the states from which it can be reached, and those from which nothing else can.
  const canMatch = new Uint8Array(count)
  const mustMatch = new Uint8Array(count)
  const open = new Uint32Array(count).fill(dfa.classes + 1)
  const reached = [MATCHED]
  canMatch[MATCHED] = 1
  for (const state of reached) {
    for (const origin of leadingTo[state] ?? []) {
      if (canMatch[origin] === 0) reached.push(origin)
      canMatch[origin] = 1
    }
  }
  const certain = [MATCHED]
  mustMatch[MATCHED] = 1
  for (const state of certain) {
    for (const origin of leadingTo[state] ?? []) {
      open[origin] = (open[origin] ?? 0) - 1
      if (open[origin] !== 0) continue
      mustMatch[origin] = 1
      certain.push(origin)
    }
  }
  const order: number[] = []
  const numbers = new Map<number, number>([
    [DEAD, DEAD],
    [MATCHED, MATCHED],
  ])
  const number = (state: number): number => {
    const kept = mustMatch[state] === 1 ? MATCHED : canMatch[state] === 1 ? state : DEAD
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
