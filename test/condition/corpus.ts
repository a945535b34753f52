// The shared corpus: conditions and inputs from a seed, and one digest over every answer, fault, place and fuel count.
// A plain module without node: imports, so that Node, Deno and workerd run the very same thing.

import type { Attributes } from '../../src/attribute/attribute.ts'
import { compileCondition } from '../../src/condition/compile.ts'
import { createConditionEngine, type Evaluation } from '../../src/condition/vm/engine.ts'
import { compilePattern } from '../../src/pattern/pattern.ts'
import { type Choose, generateAttributes, generateCondition, scope } from './generate.ts'
import { type Printed, print, type Term } from './term.ts'

export const CORPUS_CASES = 20_000

/** What every host must come to. It changes with the language, the fuel table, the limits of DFAs and the generator only. */
export const CORPUS_DIGEST = '8bfb0016a20380ca'

export interface CorpusCase {
  readonly term: Term
  readonly printed: Printed
  readonly attributes: Attributes
  readonly fuel: number
}

/** mulberry32: small, and the same everywhere. */
export function seededChoose(seed: number): Choose {
  let state = seed >>> 0
  return (count) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count
  }
}

export function generateCase(choose: Choose): CorpusCase {
  const term = generateCondition(choose, (pattern) => compilePattern(pattern).ok)
  const fuel = choose(6) === 0 ? choose(40) : 100_000
  return { term, printed: print(term), attributes: generateAttributes(choose), fuel }
}

export interface CorpusRun {
  readonly digest: string
  readonly cases: number
  readonly counts: Readonly<Record<string, number>>
}

/** Runs the corpus; `visit` sees each case and its evaluation. */
export function runCorpus(
  module: WebAssembly.Module,
  visit?: (each: CorpusCase, evaluation: Evaluation, index: number) => void,
): CorpusRun {
  const engine = createConditionEngine(module)
  const choose = seededChoose(20_260_101)
  const digest = createDigest()
  const counts: Record<string, number> = {}
  for (let index = 0; index < CORPUS_CASES; index++) {
    const each = generateCase(choose)
    const { condition, issues } = compileCondition(each.printed.text, scope, [])
    if (condition === undefined) {
      throw new Error(`Case ${index} does not compile: ${issues[0]?.message} in ${each.printed.text}`)
    }
    const evaluation = engine.evaluate(condition, each.attributes, each.fuel)
    const answer = evaluation.kind === 'fault' ? `${evaluation.fault}@${evaluation.offset}` : evaluation.kind
    digest.add(`${answer}/${evaluation.fuelUsed};`)
    const key = evaluation.kind === 'fault' ? evaluation.fault : evaluation.kind
    counts[key] = (counts[key] ?? 0) + 1
    visit?.(each, evaluation, index)
  }
  return { digest: digest.finish(), cases: CORPUS_CASES, counts }
}

/** FNV-1a, twice with different offsets: it guards against drift, not against an attacker. */
function createDigest() {
  let high = 0xcbf29ce4
  let low = 0x84222325
  return {
    add(text: string): void {
      for (let index = 0; index < text.length; index++) {
        const code = text.charCodeAt(index)
        high = Math.imul(high ^ code, 0x01000193)
        low = Math.imul(low ^ (code + 0x9e37), 0x01000193)
      }
    },
    finish: (): string => [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join(''),
  }
}
