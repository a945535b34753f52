import { describe, expect, it } from 'vitest'
import type { AttributeValue } from '../../../src/attribute/attribute.ts'
import { type Condition, compileCondition } from '../../../src/condition/compile.ts'
import { createCatalogueScope } from '../../../src/condition/scope.ts'
import { createConditionEngine } from '../../../src/condition/vm/engine.ts'
import { CONDITION_FUEL, CONDITION_INPUT_MAX_BYTES } from '../../../src/core/limits.ts'
import { evaluate, policyVm } from '../policy-vm.ts'

const NS = 'k8s_token.namespace'

function compile(text: string): Condition {
  const { condition, issues } = compileCondition(text, createCatalogueScope(), [])
  if (condition === undefined) throw new Error(issues[0]?.message)
  return condition
}

function faultOf(text: string, attributes: Readonly<Record<string, AttributeValue>>) {
  const evaluation = evaluate(text, attributes)
  return evaluation.kind === 'fault' ? evaluation : undefined
}

describe('fuel', () => {
  const text = `${NS} == "a" && ${NS} != "b"`

  it('is enough when it is exactly what an evaluation takes, and exhausted one below', () => {
    const { fuelUsed } = evaluate(text, { [NS]: 'a' })
    expect(evaluate(text, { [NS]: 'a' }, fuelUsed)).toEqual({ kind: 'true', fuelUsed })
    expect(evaluate(text, { [NS]: 'a' }, fuelUsed - 1)).toMatchObject({
      fault: 'fuel_exhausted',
      fuelUsed: fuelUsed - 1,
    })
  })

  it.each([[0], [-1], [Number.NaN]])('does not run with %d', (fuel) => {
    expect(evaluate(text, { [NS]: 'a' }, fuel)).toMatchObject({ kind: 'fault', fault: 'fuel_exhausted', fuelUsed: 0 })
  })

  it('is never absorbed: exhausted fuel is no answer', () => {
    const matches = `"${'x'.repeat(100)}".matches("y") || true`
    expect(evaluate(matches, {}, 20)).toMatchObject({ fault: 'fuel_exhausted', offset: 103, fuelUsed: 20 })
  })

  it('ends loops in loops before they take long', () => {
    const attributes = { 'ssh_pop.principal': Array.from({ length: 1000 }, (_, index) => String(index)) }
    const loops = `ssh_pop.principal.all(a, ssh_pop.principal.all(b, ssh_pop.principal.all(c, a + b != c + "x")))`
    const started = performance.now()
    expect(evaluate(loops, attributes)).toMatchObject({ kind: 'fault', fault: 'fuel_exhausted' })
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})

describe('the budget of a condition', () => {
  const text = 'ab'.repeat(8_000)
  const many = Array.from({ length: 4_000 }, (_, index) => `v${index}`)

  it.each([
    ['an NFA', `${NS}.matches("(a|b)*a(a|b){12}c")`],
    ['DFAs', Array(30).fill(`${NS}.matches("c[0-9]")`).join(' || ')],
    ['searches', Array(60).fill(`${NS}.contains("abababababac")`).join(' || ')],
    ['joined texts', `ssh_pop.principal.all(p, ${NS} + p != p + ${NS})`],
    ['loops', 'ssh_pop.principal.all(p, ssh_pop.principal.exists(q, q + p == "x") || true)'],
    ['lists', 'ssh_pop.principal.all(p, !("x" in ssh_pop.principal))'],
  ])('is spent within milliseconds by %s', (_what, condition) => {
    const engine = createConditionEngine(policyVm)
    const compiled = compile(condition)
    const attributes = new Map<string, AttributeValue>([
      [NS, text],
      ['ssh_pop.principal', many],
    ])
    const started = process.cpuUsage()
    const evaluation = engine.evaluate(compiled, attributes, CONDITION_FUEL)
    const { user, system } = process.cpuUsage(started)
    expect(evaluation.fuelUsed).toBeGreaterThan(CONDITION_FUEL / 2)
    expect((user + system) / 1000).toBeLessThan(100)
  })
})

describe('faults', () => {
  it.each([
    ['an absent attribute', `true && k8s_token.pod.name == "a"`, {}, 'no_such_key', 8],
    ['an overflow', '1 + 9223372036854775807 > 0', {}, 'overflow', 2],
    ['half a character', `${NS} == "a"`, { [NS]: '\ud800' }, 'ill_formed', 0],
    [
      'half a character in a list',
      '"a" in ssh_pop.principal',
      { 'ssh_pop.principal': ['a', 'x\udc00'] },
      'ill_formed',
      7,
    ],
    ['half a character after many', `${NS} == "a"`, { [NS]: `${'a'.repeat(100)}\ud800` }, 'ill_formed', 0],
    ['a count for a text', `${NS} == "a"`, { [NS]: 1 }, 'type_mismatch', 0],
    ['a list for a text', `${NS} == "a"`, { [NS]: ['a'] }, 'type_mismatch', 0],
    ['a text for a list', '"a" in ssh_pop.principal', { 'ssh_pop.principal': 'a' }, 'type_mismatch', 7],
    [
      'a text for a count',
      'kubernetes.pod.image_count == 1',
      { 'kubernetes.pod.image_count': '1' },
      'type_mismatch',
      0,
    ],
    ['half a count', 'kubernetes.pod.image_count == 1', { 'kubernetes.pod.image_count': 1.5 }, 'type_mismatch', 0],
    [
      'a count that a double cannot hold',
      'kubernetes.pod.image_count == 1',
      { 'kubernetes.pod.image_count': 2 ** 53 },
      'type_mismatch',
      0,
    ],
  ] as const)('of %s have their code and place', (_what, text, attributes, fault, offset) => {
    expect(faultOf(text, attributes)).toMatchObject({ kind: 'fault', fault, offset })
  })

  it('are not mistaken for the replacement character', () => {
    expect(faultOf(`${NS} == "\\ufffd"`, { [NS]: '\ud800' })).toMatchObject({ fault: 'ill_formed' })
    expect(faultOf(`${NS} == "\\ufffd"`, { [NS]: '\ufffd' })).toBeUndefined()
  })

  it('arise from attributes that a condition reads, and from no others', () => {
    expect(evaluate(`${NS} == "a"`, { [NS]: 'a', 'k8s_token.issuer': '\ud800' })).toMatchObject({ kind: 'true' })
  })
})

describe('the input', () => {
  it('holds texts up to its limit, and not one byte more', () => {
    const most = 'a'.repeat(CONDITION_INPUT_MAX_BYTES)
    expect(evaluate(`${NS}.size() == ${most.length}`, { [NS]: most })).toMatchObject({ kind: 'true' })
    expect(faultOf(`${NS} == "a"`, { [NS]: `${most}a` })).toMatchObject({ fault: 'input_too_large', fuelUsed: 0 })
  })

  it('counts bytes, not characters', () => {
    const most = 'é'.repeat(CONDITION_INPUT_MAX_BYTES / 2)
    expect(evaluate(`${NS}.size() == ${most.length}`, { [NS]: most })).toMatchObject({ kind: 'true' })
    expect(faultOf(`${NS} == "a"`, { [NS]: `${most}é` })).toMatchObject({ fault: 'input_too_large' })
    expect(faultOf(`${NS} == "a"`, { [NS]: `${most}a` })).toMatchObject({ fault: 'input_too_large' })
  })

  it('counts eight bytes for each element of a list', () => {
    const most = CONDITION_INPUT_MAX_BYTES / 8
    const list = (length: number) => ({ 'ssh_pop.principal': Array(length).fill('') })
    expect(evaluate(`size(ssh_pop.principal) == ${most}`, list(most))).toMatchObject({ kind: 'true' })
    expect(faultOf('size(ssh_pop.principal) == 1', list(most + 1))).toMatchObject({ fault: 'input_too_large' })
  })

  it.each([
    ['empty', ''],
    ['of ASCII up to where the copy loop ends', 'a'.repeat(64)],
    ['of ASCII beyond it', 'a'.repeat(65)],
    ['of two bytes each', 'é'.repeat(40)],
    ['of four bytes each', '😀'.repeat(40)],
    ['with NUL and U+FFFF', '\0\uffff'],
  ])('is the text itself, when it is %s', (_what, text) => {
    expect(evaluate(`${NS} == ${JSON.stringify(text)}`, { [NS]: text })).toMatchObject({ kind: 'true' })
    expect(evaluate(`${NS} == ${JSON.stringify(`${text}a`)}`, { [NS]: text })).toMatchObject({ kind: 'false' })
  })

  it('of one evaluation is not seen by the next', () => {
    expect(evaluate(`${NS} == "secret"`, { [NS]: 'secret' })).toMatchObject({ kind: 'true' })
    expect(evaluate(`${NS} == "secret"`, {})).toMatchObject({ fault: 'no_such_key' })
  })
})

describe('memory', () => {
  it('that texts are joined in is bounded, and given back', () => {
    const text = 'a'.repeat(20_000)
    const joined = `${NS} + ${NS} + ${NS} + ${NS} + ${NS} == "a"`
    expect(faultOf(joined, { [NS]: text })).toMatchObject({ fault: 'memory_exhausted', offset: 64 })
    expect(evaluate(`${NS} + ${NS} == "a"`, { [NS]: text })).toMatchObject({ kind: 'false' })
  })

  it('is given back after each turn of a loop', () => {
    const attributes = { 'ssh_pop.principal': Array(500).fill('a'.repeat(400)) }
    const joined = 'ssh_pop.principal.all(p, p + p != "" && [p + p, p].exists(q, q + q == p + p))'
    expect(evaluate(joined, attributes, 1_000_000)).toMatchObject({ kind: 'true' })
  })

  it('does not grow over a million evaluations', () => {
    const engine = createConditionEngine(policyVm)
    const conditions = [
      compile(`${NS} == "spirl-system" && k8s_token.node.name.startsWith("ip-10-")`),
      compile(`${NS} + "x" in ["a", "b"] || ssh_pop.principal.exists(p, p.matches("^[a-z]+$"))`),
    ]
    const attributes = new Map<string, AttributeValue>([
      [NS, 'spirl-system'],
      ['k8s_token.node.name', 'ip-10-1'],
      ['ssh_pop.principal', ['1', 'abc']],
    ])
    const first = conditions.map((condition) => engine.evaluate(condition, attributes, 1_000))
    const before = process.memoryUsage().arrayBuffers
    for (let index = 0; index < 500_000; index++) {
      for (const condition of conditions) {
        if (engine.evaluate(condition, attributes, 1_000).kind !== 'true') throw new Error('another answer')
      }
    }
    expect(conditions.map((condition) => engine.evaluate(condition, attributes, 1_000))).toEqual(first)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024)
  })

  it('holds more programs than fit at once, by loading them again', () => {
    const engine = createConditionEngine(policyVm)
    const conditions = Array.from({ length: 60 }, (_, index) =>
      compile(`${NS}.matches("^${index}[^x]{0,100}c$") || ${NS} == "${index}"`),
    )
    expect(conditions.reduce((sum, { program }) => sum + program.bytes.length, 0)).toBeGreaterThan(512 * 1024)
    for (let round = 0; round < 2; round++) {
      for (const [index, condition] of conditions.entries()) {
        expect(engine.evaluate(condition, new Map([[NS, `${index}éc`]]), 100_000).kind).toBe('true')
        expect(engine.evaluate(condition, new Map([[NS, 'no']]), 100_000).kind).toBe('false')
      }
    }
  })
})

describe('an engine', () => {
  it('refuses a module that is not the policy VM', () => {
    const empty = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))
    expect(() => createConditionEngine(empty)).toThrow('not the policy VM')
  })

  it('does not run a program that was altered', () => {
    const condition = compile(`${NS} == "a"`)
    const bytes = condition.program.bytes.slice()
    bytes[bytes.length - 1] = 99
    const altered = { ...condition, program: { ...condition.program, bytes } }
    const engine = createConditionEngine(policyVm)
    expect(engine.evaluate(altered, new Map([[NS, 'a']]), 100)).toMatchObject({ fault: 'program_invalid' })
    expect(engine.evaluate(condition, new Map([[NS, 'a']]), 100)).toMatchObject({ kind: 'true' })
  })

  it('goes on with a new instance after a trap', () => {
    const condition = compile(`${NS} == "a"`)
    const engine = createConditionEngine(policyVm)
    expect(engine.evaluate(condition, new Map([[NS, 'a']]), 100)).toMatchObject({ kind: 'true' })
    const trap = {
      get: () => {
        throw new WebAssembly.RuntimeError('unreachable')
      },
    } as unknown as ReadonlyMap<string, string>
    expect(engine.evaluate(condition, trap, 100)).toMatchObject({ kind: 'fault', fault: 'vm_trap', fuelUsed: 100 })
    expect(engine.evaluate(condition, new Map([[NS, 'a']]), 100)).toMatchObject({ kind: 'true' })
  })
})
