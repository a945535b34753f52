// The reference evaluator: CEL's semantics for our part of it, and the fuel table of wasm/README.md, written down once
// more in the plainest way. It shares no code with the compiler or the VM but the size of a compiled pattern, which the
// fuel of `matches` depends on; whether a pattern matches it is told by another library.
import type { Attributes } from '../../src/attribute/attribute.ts'
import type { Scalar, Term } from './term.ts'

export type Value = Scalar | readonly Scalar[]

export type Outcome =
  | { readonly kind: 'true' | 'false'; readonly fuelUsed: number }
  | { readonly kind: 'fault'; readonly fault: string; readonly offset: number; readonly fuelUsed: number }

export interface PatternFacts {
  readonly search: (pattern: string, text: string) => boolean
  readonly costOf: (pattern: string, bytes: number) => number
}

/** A CEL error: a value that strict operators pass on. */
interface CelError {
  readonly fault: 'no_such_key' | 'overflow'
  readonly offset: number
}

class OutOfFuel extends Error {
  readonly offset: number
  constructor(offset: number) {
    super('out of fuel')
    this.offset = offset
  }
}

const encoder = new TextEncoder()

function bytesOf(text: string): number {
  return encoder.encode(text).length
}

function isError(value: Value | CelError): value is CelError {
  return typeof value === 'object' && 'fault' in value
}

function compareCodePoints(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0) ?? 0)
  const right = Array.from(b, (character) => character.codePointAt(0) ?? 0)
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

export function evaluateTerm(
  root: Term,
  offsets: ReadonlyMap<Term, number>,
  attributes: Attributes,
  fuel: number,
  patterns: PatternFacts,
): Outcome {
  let left = fuel

  function spend(cost: number, term: Term): void {
    if (cost > left) throw new OutOfFuel(offsets.get(term) ?? -1)
    left -= cost
  }

  function failure(fault: CelError['fault'], term: Term): CelError {
    return { fault, offset: offsets.get(term) ?? -1 }
  }

  function read(name: string): Value | undefined {
    const value = attributes.get(name)
    return typeof value === 'number' ? BigInt(value) : value
  }

  function evaluate(term: Term, variables: ReadonlyMap<string, Scalar>): Value | CelError {
    switch (term.kind) {
      case 'literal':
        spend(1, term)
        return term.value
      case 'attribute':
        spend(1, term)
        return read(term.name) ?? failure('no_such_key', term)
      case 'has':
      case 'entry':
        spend(1, term)
        return read(term.name) !== undefined
      case 'variable':
        spend(1, term)
        return variables.get(term.name) as Scalar
      case 'list':
        return evaluateList(term, variables)
      case 'not': {
        const of = evaluate(term.of, variables)
        spend(1, term)
        return isError(of) ? of : !of
      }
      case 'conditional': {
        const test = evaluate(term.test, variables)
        spend(1, term)
        if (isError(test)) return test
        if (test !== true) return evaluate(term.no, variables)
        const yes = evaluate(term.yes, variables)
        spend(1, term)
        return yes
      }
      case 'method': {
        const of = evaluate(term.of, variables)
        const part = evaluate(term.part, variables)
        spend(1, term)
        if (isError(of)) return of
        if (isError(part)) return part
        const [text, wanted] = [of as string, part as string]
        spend(term.name === 'contains' ? (bytesOf(text) + bytesOf(wanted)) >> 3 : bytesOf(wanted) >> 4, term)
        return term.name === 'contains' ? text.includes(wanted) : text[term.name](wanted)
      }
      case 'size': {
        const of = evaluate(term.of, variables)
        spend(1, term)
        if (isError(of)) return of
        if (typeof of !== 'string') return BigInt((of as readonly Scalar[]).length)
        spend(bytesOf(of) >> 4, term)
        return BigInt(Array.from(of).length)
      }
      case 'matches': {
        const of = evaluate(term.of, variables)
        spend(1, term)
        if (isError(of)) return of
        spend(patterns.costOf(term.pattern, bytesOf(of as string)), term)
        return patterns.search(term.pattern, of as string)
      }
      case 'loop':
        return evaluateLoop(term, variables)
      case 'infix':
        return evaluateInfix(term, variables)
    }
  }

  function evaluateList(term: Term & { kind: 'list' }, variables: ReadonlyMap<string, Scalar>): Value | CelError {
    if (term.items.every((item) => item.kind === 'literal')) {
      spend(1, term)
      return term.items.map((item) => (item.kind === 'literal' ? item.value : ''))
    }
    const items = term.items.map((item) => evaluate(item, variables))
    spend(1, term)
    spend(items.length, term)
    return items.find(isError) ?? (items as readonly Scalar[])
  }

  function evaluateLoop(term: Term & { kind: 'loop' }, variables: ReadonlyMap<string, Scalar>): Value | CelError {
    const range = evaluate(term.range, variables)
    spend(1, term)
    if (isError(range)) return range
    let soFar: boolean | CelError = term.name === 'all'
    let count = 0
    for (const item of range as readonly Scalar[]) {
      const step = evaluate(term.body, new Map(variables).set(term.variable, item)) as boolean | CelError
      spend(1, term)
      if (term.name === 'exists_one') {
        if (isError(step)) return step
        if (step) count++
      } else {
        const absorber: boolean = term.name === 'exists'
        soFar = absorb(soFar, step, absorber)
        if (soFar === absorber) return soFar
      }
    }
    return term.name === 'exists_one' ? count === 1 : soFar
  }

  function evaluateInfix(term: Term & { kind: 'infix' }, variables: ReadonlyMap<string, Scalar>): Value | CelError {
    const { operator } = term
    const first = evaluate(term.left, variables)
    if (operator === '&&' || operator === '||') {
      const absorber = operator === '||'
      spend(1, term)
      if (first === absorber) return first
      const second = evaluate(term.right, variables)
      spend(1, term)
      return absorb(first as boolean | CelError, second as boolean | CelError, absorber)
    }
    const second = evaluate(term.right, variables)
    spend(1, term)
    if (isError(first)) return first
    if (isError(second)) return second
    switch (operator) {
      case '==':
        return equal(first, second, term)
      case '!=':
        return !equal(first, second, term)
      case 'in': {
        const list = second as readonly Scalar[]
        const scan = typeof first === 'string' ? (list.length * bytesOf(first)) >> 4 : 0
        spend(list.length + scan, term)
        return list.includes(first as Scalar)
      }
      case '+':
        return add(first, second, term)
      default: {
        const order = compare(first, second, term)
        if (operator === '<') return order < 0
        if (operator === '<=') return order <= 0
        return operator === '>' ? order > 0 : order >= 0
      }
    }
  }

  function add(first: Value, second: Value, term: Term): Value | CelError {
    if (typeof first === 'string') {
      spend((bytesOf(first) + bytesOf(second as string)) >> 4, term)
      return first + (second as string)
    }
    const sum = (first as bigint) + (second as bigint)
    return sum === BigInt.asIntN(64, sum) ? sum : failure('overflow', term)
  }

  function compare(first: Value, second: Value, term: Term): number {
    if (typeof first === 'string') {
      spend(Math.min(bytesOf(first), bytesOf(second as string)) >> 4, term)
      return compareCodePoints(first, second as string)
    }
    return first < second ? -1 : first > second ? 1 : 0
  }

  function equal(first: Value, second: Value, term: Term): boolean {
    if (typeof first === 'string') {
      spend(Math.min(bytesOf(first), bytesOf(second as string)) >> 4, term)
      return first === second
    }
    if (typeof first !== 'object') return first === second
    const other = second as readonly Scalar[]
    if (first.length !== other.length) return false
    spend(first.length, term)
    for (const [index, item] of first.entries()) {
      if (typeof item === 'string') spend(Math.min(bytesOf(item), bytesOf(other[index] as string)) >> 4, term)
    }
    return first.every((item, index) => item === other[index])
  }

  try {
    const value = evaluate(root, new Map())
    spend(1, root)
    if (isError(value)) return { kind: 'fault', ...value, fuelUsed: fuel - left }
    return { kind: value === true ? 'true' : 'false', fuelUsed: fuel - left }
  } catch (error) {
    if (!(error instanceof OutOfFuel)) throw error
    return { kind: 'fault', fault: 'fuel_exhausted', offset: error.offset, fuelUsed: fuel }
  }
}

/** CEL's `||` (absorber true) and `&&` (absorber false) of values that may be errors. */
function absorb(first: boolean | CelError, second: boolean | CelError, absorber: boolean): boolean | CelError {
  if (first === absorber || second === absorber) return absorber
  return isError(first) ? first : second
}
