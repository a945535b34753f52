import { describe, expect, it } from 'vitest'
import type { Attributes } from '../../src/attribute/attribute.ts'
import { compileCondition } from '../../src/condition/compile.ts'
import { type Explanation, explainCondition } from '../../src/condition/explain.ts'
import { createCatalogueScope } from '../../src/condition/scope.ts'
import { createConditionEngine } from '../../src/condition/vm/engine.ts'
import { policyVm } from './policy-vm.ts'

const engine = createConditionEngine(policyVm)
const ATTRIBUTES: Attributes = new Map<string, string | number | readonly string[]>([
  ['k8s_token.namespace', 'prod'],
  ['kubernetes.pod.image_count', 2],
  ['ssh_pop.principal', ['a', 'é']],
])

function explain(text: string): readonly string[] {
  const { condition } = compileCondition(text, createCatalogueScope(), [])
  if (condition === undefined) throw new Error('does not compile')
  const lines = (explanation: Explanation, depth: number): readonly string[] => {
    const { outcome } = explanation
    const result = outcome.kind === 'value' ? String(outcome.value) : `! ${outcome.fault}`
    const line = `${'  '.repeat(depth)}${explanation.text} @${explanation.offset} -> ${result}`
    return [line, ...explanation.parts.flatMap((part) => lines(part, depth + 1))]
  }
  return lines(explainCondition(condition, ATTRIBUTES, engine, 10_000), 0)
}

describe('an explanation', () => {
  it('has the value or the fault of each part, also of parts that were not reached', () => {
    expect(explain('k8s_token.namespace == "dev" && k8s_token.pod.name.startsWith("a")')).toEqual([
      'k8s_token.namespace == "dev" && k8s_token.pod.name.startsWith("a") @0 -> false',
      '  k8s_token.namespace == "dev" @0 -> false',
      '    k8s_token.namespace @0 -> prod',
      '  k8s_token.pod.name.startsWith("a") @32 -> ! no_such_key',
      '    k8s_token.pod.name @32 -> ! no_such_key',
    ])
  })

  it('shows integers, lists and sums, and of a loop its list', () => {
    expect(explain('kubernetes.pod.image_count + 1 in [3] && ssh_pop.principal.exists(p, p == "é")')).toEqual([
      'kubernetes.pod.image_count + 1 in [3] && ssh_pop.principal.exists(p, p == "é") @0 -> true',
      '  kubernetes.pod.image_count + 1 in [3] @0 -> true',
      '    kubernetes.pod.image_count + 1 @0 -> 3',
      '      kubernetes.pod.image_count @0 -> 2',
      '    [3] @34 -> 3',
      '  ssh_pop.principal.exists(p, p == "é") @41 -> true',
      '    ssh_pop.principal @41 -> a,é',
    ])
  })

  it('reads texts and bools of lists that the VM made', () => {
    expect(explain('["x", k8s_token.namespace] == [] || true in [false, has(k8s_token.pod.name)]')).toEqual([
      '["x", k8s_token.namespace] == [] || true in [false, has(k8s_token.pod.name)] @0 -> false',
      '  ["x", k8s_token.namespace] == [] @0 -> false',
      '    ["x", k8s_token.namespace] @0 -> x,prod',
      '      k8s_token.namespace @6 -> prod',
      '    [] @30 -> ',
      '  true in [false, has(k8s_token.pod.name)] @36 -> false',
      '    [false, has(k8s_token.pod.name)] @44 -> false,false',
      '      has(k8s_token.pod.name) @52 -> false',
    ])
  })
})
