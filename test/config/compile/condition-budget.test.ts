import { describe, expect, it } from 'vitest'
import { createCatalogueScope } from '../../../src/condition/scope.ts'
import { createConditionCompiler } from '../../../src/config/compile/condition-budget.ts'
import type { Issue } from '../../../src/core/issue.ts'
import {
  CONDITIONS_PER_DOCUMENT_MAX,
  PATTERN_STEPS_PER_DOCUMENT_MAX,
  PATTERNS_PER_DOCUMENT_MAX,
} from '../../../src/core/limits.ts'
import { compilePattern } from '../../../src/pattern/pattern.ts'
import { createPatternMeter } from '../../../src/pattern/pattern-meter.ts'

function compileAll(count: number, expression: string): readonly string[] {
  const issues: Issue[] = []
  const compiler = createConditionCompiler()
  for (let index = 0; index < count; index++)
    compiler.compile(expression, createCatalogueScope(), [index], (issue) => issues.push(issue))
  return issues.map(({ code, path }) => `${code} ${path.join()}`)
}

describe('the conditions of one document', () => {
  it.each([
    ['as many as there may be', CONDITIONS_PER_DOCUMENT_MAX, 'true', []],
    [
      'one too many, said once',
      CONDITIONS_PER_DOCUMENT_MAX + 3,
      'true',
      [`condition_too_large ${CONDITIONS_PER_DOCUMENT_MAX}`],
    ],
    ['as many patterns as there may be', PATTERNS_PER_DOCUMENT_MAX + 1, 'k8s_token.namespace.matches("a")', []],
    [
      'patterns in loops too',
      PATTERNS_PER_DOCUMENT_MAX + 3,
      '["a"].all(x, x.matches("a"))',
      [`condition_too_large ${PATTERNS_PER_DOCUMENT_MAX + 1}`],
    ],
  ])('%s', (_what, count, expression, expected) => {
    expect(compileAll(count, expression)).toEqual(expected)
  })

  /** One that falls back to an automaton of thousands of steps. */
  const LARGE = '^(a|[b-y]z){300}$'
  const usual = (index: number): string => `^(team|group)-${index}-(dev|prod)-[a-z0-9]([-a-z0-9]*[a-z0-9])?$`

  it('build patterns within a budget: as many of the usual kind as there may be, and fewer large ones', () => {
    const compiler = createConditionCompiler()
    const issues: Issue[] = []
    const compile = (pattern: string, index: number): unknown =>
      compiler.compile(`k8s_token.namespace.matches("${pattern}")`, createCatalogueScope(), [index], (issue) =>
        issues.push(issue),
      )
    for (let index = 0; index < PATTERNS_PER_DOCUMENT_MAX; index++) compile(usual(index), index)
    expect(issues).toEqual([])
  })

  it('build no more once the budget is spent, and say at which pattern it was, once', () => {
    const fit = Math.floor(PATTERN_STEPS_PER_DOCUMENT_MAX / compilePattern(LARGE).steps)
    expect(fit).toBeGreaterThan(50)
    expect(fit).toBeLessThan(PATTERNS_PER_DOCUMENT_MAX)
    const expression = `k8s_token.namespace.matches("${LARGE}")`
    expect(compileAll(fit, expression)).toEqual([])
    expect(compileAll(fit + 1, expression)).toEqual([`condition_too_large ${fit}`])
    expect(compileAll(fit + 500, expression)).toEqual([`condition_too_large ${fit}`])
  })

  it('count patterns that cannot be built', () => {
    const meter = createPatternMeter(100_000)
    const steps = compilePattern('(abc){999}').steps
    expect(steps).toBeGreaterThan(10_000)
    for (let built = 0; built < Math.floor(100_000 / steps); built++)
      expect(meter.compile('(abc){999}')).toMatchObject({ ok: false, code: 'pattern_too_large' })
    expect([meter.isSpent, meter.compile('(abc){999}'), meter.isSpent, meter.compile('a')]).toEqual([
      false,
      'over',
      true,
      'spent',
    ])
  })

  it('take at the bound what is allowed', () => {
    const { steps } = compilePattern('abc')
    expect(createPatternMeter(steps).compile('abc')).toMatchObject({ ok: true })
    expect(createPatternMeter(steps - 1).compile('abc')).toBe('over')
  })
})
