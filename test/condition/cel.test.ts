// Another implementation of CEL, as an oracle for answers: true, false, or an error, of whatever kind.
import { type CelInput, celEnv, isCelError, parse, plan } from '@bufbuild/cel'
import { describe, expect, it } from 'vitest'
import type { Attributes } from '../../src/attribute/attribute.ts'
import { compileCondition } from '../../src/condition/compile.ts'
import { createConditionEngine } from '../../src/condition/vm/engine.ts'
import { generateCase, seededChoose } from './corpus.ts'
import { scope } from './generate.ts'
import { policyVm } from './policy-vm.ts'

const env = celEnv()
const CASES = 3_000

/** The attributes as CEL sees them: maps, of which a prefix is always there. */
function bindings(attributes: Attributes): Record<string, CelInput> {
  const maps: Record<string, Map<string, CelInput>> = { t: new Map(), n: new Map(), l: new Map(), m: new Map() }
  const labels = new Map<string, CelInput>()
  maps['m']?.set('label', labels)
  for (const [name, value] of attributes) {
    const [root = '', field = ''] = name.split('.', 2)
    const given: CelInput = typeof value === 'number' ? BigInt(value) : typeof value === 'string' ? value : [...value]
    if (root === 'm') labels.set(name.slice('m.label['.length, -1), given)
    else maps[root]?.set(field, given)
  }
  return maps
}

function cel(text: string, attributes: Attributes): string {
  try {
    const result = plan(env, parse(text))(bindings(attributes))
    return isCelError(result) ? 'error' : String(result)
  } catch {
    return 'error'
  }
}

describe('a condition', () => {
  it('has the answer that CEL has', () => {
    const engine = createConditionEngine(policyVm)
    const choose = seededChoose(7)
    for (let index = 0; index < CASES; index++) {
      const { printed, attributes } = generateCase(choose)
      const { condition } = compileCondition(printed.text, scope, [])
      if (condition === undefined) throw new Error(`Does not compile: ${printed.text}`)
      const evaluation = engine.evaluate(condition, attributes, 1_000_000)
      const ours = evaluation.kind === 'fault' ? 'error' : evaluation.kind
      expect(ours, `${printed.text} over ${JSON.stringify([...attributes])}`).toBe(cel(printed.text, attributes))
    }
  })
})
