// A bound on the fuel of an expression, from the fuel table of wasm/README.md: for any attributes within the limits, no
// evaluation takes more. There is no bound if the number of an attribute's values decides.
import { ATTRIBUTE_VALUE_MAX_BYTES } from '../core/limits.ts'
import { isConstantList } from './emit.ts'
import type { Expression } from './expression.ts'

/** What is known of a value: the bytes of a string, or the number of a list's elements and the bytes of each. */
interface Size {
  readonly bytes: number
  readonly count: number
}

const NOTHING: Size = { bytes: 0, count: 0 }

/** `undefined` if there is no bound. */
export function computeFuelBound(root: Expression): number | undefined {
  const loops: Size[] = []

  /** Adds the fuel of `expression` to the total of the caller; the size of its value. */
  function walk(expression: Expression): { readonly fuel: number; readonly size: Size } {
    switch (expression.kind) {
      case 'bool':
      case 'int':
      case 'present':
        return { fuel: 1, size: NOTHING }
      case 'text':
        return { fuel: 1, size: { bytes: countBytes(expression.value), count: 0 } }
      case 'attribute': {
        const count = expression.type === 'texts' ? Number.POSITIVE_INFINITY : 0
        const bytes = expression.type === 'int' ? 0 : ATTRIBUTE_VALUE_MAX_BYTES
        return { fuel: 1, size: { bytes, count } }
      }
      case 'variable':
        return { fuel: 1, size: { bytes: loops[expression.loop]?.bytes ?? 0, count: 0 } }
      case 'list': {
        const items = expression.items.map(walk)
        const size = { bytes: Math.max(0, ...items.map((item) => item.size.bytes)), count: items.length }
        if (isConstantList(expression)) return { fuel: 1, size }
        return { fuel: items.reduce((sum, item) => sum + item.fuel, 1 + items.length), size }
      }
      case 'not': {
        const of = walk(expression.of)
        return { fuel: of.fuel + 1, size: NOTHING }
      }
      case 'size': {
        const of = walk(expression.of)
        const scan = expression.of.type === 'text' ? of.size.bytes >> 4 : 0
        return { fuel: of.fuel + 1 + scan, size: NOTHING }
      }
      case 'matches': {
        const of = walk(expression.of)
        const { kind, instructions } = expression.pattern
        const scan = kind === 'dfa' ? of.size.bytes >> 2 : Math.floor(((of.size.bytes + 1) * instructions) / 4)
        return { fuel: of.fuel + 1 + scan, size: NOTHING }
      }
      case 'conditional': {
        const test = walk(expression.test)
        const then = walk(expression.whenTrue)
        const otherwise = walk(expression.whenFalse)
        const bytes = Math.max(then.size.bytes, otherwise.size.bytes)
        const count = Math.max(then.size.count, otherwise.size.count)
        return { fuel: test.fuel + 1 + Math.max(then.fuel + 1, otherwise.fuel), size: { bytes, count } }
      }
      case 'all':
      case 'exists':
      case 'exists_one': {
        const range = walk(expression.range)
        loops.push(range.size)
        const body = walk(expression.body)
        loops.pop()
        return { fuel: range.fuel + 1 + range.size.count * (body.fuel + 1), size: NOTHING }
      }
      default: {
        const left = walk(expression.left)
        const right = walk(expression.right)
        const bytes = left.size.bytes + right.size.bytes
        const fuel = left.fuel + right.fuel + 1 + computeCost(expression.kind, left.size, right.size)
        return { fuel, size: { bytes: expression.kind === 'add' ? bytes : 0, count: 0 } }
      }
    }
  }

  // RETURN costs one as well.
  const fuel = walk(root).fuel + 1
  return Number.isFinite(fuel) ? fuel : undefined
}

function computeCost(kind: (Expression & { left: Expression })['kind'], left: Size, right: Size): number {
  switch (kind) {
    case 'and':
    case 'or':
      return 1
    case 'add':
      return (left.bytes + right.bytes) >> 4
    case 'contains':
      return (left.bytes + right.bytes) >> 3
    case 'startsWith':
    case 'endsWith':
      return right.bytes >> 4
    case 'in':
      return right.count + Math.ceil((right.count * left.bytes) / 16)
    default: {
      const shorter = Math.min(left.bytes, right.bytes) >> 4
      const count = Math.min(left.count, right.count)
      return count === 0 ? shorter : count + count * shorter
    }
  }
}

const encoder = new TextEncoder()

function countBytes(text: string): number {
  return encoder.encode(text).length
}
