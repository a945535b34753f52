import { describe, expect, it } from 'vitest'
import { catalogueScope } from '../../src/condition/scope.ts'
import { createConditionCompiler } from '../../src/config/condition-budget.ts'
import type { Issue } from '../../src/core/issue.ts'
import { CONDITIONS_PER_DOCUMENT_MAX, PATTERNS_PER_DOCUMENT_MAX } from '../../src/core/limits.ts'

function compileAll(count: number, expression: string): readonly string[] {
  const issues: Issue[] = []
  const compiler = createConditionCompiler()
  for (let index = 0; index < count; index++)
    compiler.compile(expression, catalogueScope(), [index], (issue) => issues.push(issue))
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
})
