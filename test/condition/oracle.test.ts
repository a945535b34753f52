import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import { compileCondition } from '../../src/condition/compile.ts'
import { createConditionEngine } from '../../src/condition/vm/engine.ts'
import { compilePattern } from '../../src/pattern/pattern.ts'
import { CORPUS_CASES, CORPUS_DIGEST, generateCase, runCorpus } from './corpus.ts'
import { scope } from './generate.ts'
import { evaluateTerm, type PatternFacts } from './oracle.ts'
import { policyVm } from './policy-vm.ts'

const compiled = new Map<string, RE2JS>()

const patterns: PatternFacts = {
  search(pattern, text) {
    const known = compiled.get(pattern) ?? RE2JS.compile(pattern)
    compiled.set(pattern, known)
    return known.matcher(text).find()
  },
  costOf(pattern, bytes) {
    const result = compilePattern(pattern)
    if (!result.ok) throw new Error(result.message)
    const { kind, instructions } = result.pattern
    return kind === 'dfa' ? bytes >> 2 : Math.floor(((bytes + 1) * instructions) / 4)
  },
}

describe('the policy VM', () => {
  it('agrees with the reference evaluator on answers, faults, places and fuel', () => {
    const engine = createConditionEngine(policyVm)
    fc.assert(
      fc.property(fc.gen(), (generated) => {
        const each = generateCase((count) => generated(fc.nat, { max: count - 1 }))
        const { condition, issues } = compileCondition(each.printed.text, scope, [])
        if (condition === undefined) throw new Error(`${issues[0]?.message} in ${each.printed.text}`)
        const expected = evaluateTerm(each.term, each.printed.offsets, each.attributes, each.fuel, patterns)
        expect(engine.evaluate(condition, each.attributes, each.fuel)).toEqual(expected)
        if (condition.fuelBound !== undefined) expect(expected.fuelUsed).toBeLessThanOrEqual(condition.fuelBound)
      }),
      { numRuns: 3_000 },
    )
  })

  it('agrees with it on the shared corpus, and comes to the digest that every host must come to', () => {
    const run = runCorpus(policyVm, (each, evaluation, index) => {
      const expected = evaluateTerm(each.term, each.printed.offsets, each.attributes, each.fuel, patterns)
      if (JSON.stringify(evaluation) === JSON.stringify(expected)) return
      expect({ index, text: each.printed.text, ...evaluation }).toEqual({ index, text: each.printed.text, ...expected })
    })
    // Each answer and each fault occurs, often.
    for (const [kind, least] of Object.entries(CORPUS_LEAST)) expect(run.counts[kind], kind).toBeGreaterThan(least)
    expect(run).toMatchObject({ digest: CORPUS_DIGEST, cases: CORPUS_CASES })
  })
})

const CORPUS_LEAST = { true: 2000, false: 2000, no_such_key: 500, overflow: 30, fuel_exhausted: 500 }
