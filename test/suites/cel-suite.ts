// cel-spec's simple tests (tests/simple/testdata/*.textproto) against conditions. Conditions are a subset of CEL that gives a
// bool: a test that does not compile is left out under its code, and what compiles must have the answer of the suite. A value
// that is not a bool is compared by the expression itself: `(a + b) == "ab"`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AttributeValue } from '../../src/attribute/attribute.ts'
import { compileCondition } from '../../src/condition/compile.ts'
import type { ConditionScope } from '../../src/condition/scope.ts'
import { createConditionEngine } from '../../src/condition/vm/engine.ts'
import { policyVm } from '../condition/policy-vm.ts'
import { createTally, type Tally } from './tally.ts'
import { type Message, parseTextproto } from './textproto.ts'

/** @param folder `tests/simple/testdata` */
export function runCelSuite(folder: string): Tally {
  const tally = createTally()
  const engine = createConditionEngine(policyVm)
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.textproto'))) {
    const suite = parseTextproto(readFileSync(join(folder, file), 'utf8'))
    for (const section of listMessages(suite, 'section')) {
      for (const test of listMessages(section, 'test')) {
        runTest(`${file} ${textOf(section, 'name')} ${textOf(test, 'name')}`, test, engine, tally)
      }
    }
  }
  return tally
}

function runTest(name: string, test: Message, engine: ReturnType<typeof createConditionEngine>, tally: Tally): void {
  const expected = readExpectation(test)
  const attributes = readBindings(test)
  if (expected === undefined || attributes === undefined) {
    tally.count('left out: a value that is no string, int or bool')
    return
  }
  const text = `(${textOf(test, 'expr')})${expected.suffix}`
  const { condition, issues } = compileCondition(text, scopeOf(attributes), [])
  if (condition === undefined) {
    tally.count(`left out: ${issues[0]?.code}`)
    return
  }
  const evaluation = engine.evaluate(condition, attributes, 1_000_000)
  const answer = evaluation.kind === 'fault' ? 'fault' : evaluation.kind
  if (answer === expected.answer) tally.count('compiled, with the answer of the suite')
  else tally.fail(name, `${text} is ${answer}, expected ${expected.answer}`)
}

interface Expectation {
  /** What makes a bool of the expression. */
  readonly suffix: string
  readonly answer: 'true' | 'false' | 'fault'
}

/** Without a result the expression must be true, as the suite says of itself. */
function readExpectation(test: Message): Expectation | undefined {
  if (test['eval_error'] !== undefined || test['any_eval_errors'] !== undefined) return { suffix: '', answer: 'fault' }
  if (test['unknown'] !== undefined || test['typed_result'] !== undefined) return undefined
  const [value] = listMessages(test, 'value')
  if (value === undefined) return { suffix: '', answer: 'true' }
  const scalar = readScalar(value)
  if (typeof scalar === 'boolean') return { suffix: '', answer: scalar ? 'true' : 'false' }
  if (scalar === undefined) return undefined
  return { suffix: ` == ${typeof scalar === 'string' ? JSON.stringify(scalar) : scalar}`, answer: 'true' }
}

function readBindings(test: Message): ReadonlyMap<string, AttributeValue> | undefined {
  const attributes = new Map<string, AttributeValue>()
  for (const binding of listMessages(test, 'bindings')) {
    const [outer] = listMessages(binding, 'value')
    const [inner] = outer === undefined ? [] : listMessages(outer, 'value')
    const scalar = inner === undefined ? undefined : readScalar(inner)
    if (typeof scalar !== 'string' && typeof scalar !== 'number') return undefined
    attributes.set(textOf(binding, 'key'), scalar)
  }
  return attributes
}

function readScalar(value: Message): string | number | boolean | undefined {
  if (value['string_value'] !== undefined) return textOf(value, 'string_value')
  if (value['bool_value'] !== undefined) return textOf(value, 'bool_value') === 'true'
  const int = value['int64_value'] === undefined ? Number.NaN : Number(textOf(value, 'int64_value'))
  return Number.isSafeInteger(int) ? int : undefined
}

function scopeOf(attributes: ReadonlyMap<string, AttributeValue>): ConditionScope {
  return {
    resolve: (name) => {
      const value = attributes.get(name)
      return value === undefined ? undefined : { name, row: { type: typeof value === 'number' ? 'int' : 'text' } }
    },
    suggest: () => undefined,
  }
}

function listMessages(message: Message, field: string): readonly Message[] {
  return (message[field] ?? []).filter((value) => typeof value !== 'string')
}

function textOf(message: Message, field: string): string {
  const [value] = message[field] ?? []
  return typeof value === 'string' ? value : ''
}
