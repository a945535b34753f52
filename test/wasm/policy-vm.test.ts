import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { compileCondition } from '../../src/condition/compile.ts'
import { createCatalogueScope } from '../../src/condition/scope.ts'
import * as abi from '../../src/condition/vm/abi.ts'
import { instantiatePolicyVm } from '../../src/condition/vm/policy-vm.ts'
import {
  CONDITION_ATTRIBUTES_MAX,
  CONDITION_INPUT_MAX_BYTES,
  CONDITION_PROGRAM_MAX_BYTES,
} from '../../src/core/limits.ts'
import * as nfa from '../../src/pattern/nfa-opcodes.ts'
import { buildPolicyVm } from '../../wasm/asc.ts'

const folder = new URL('../../wasm/', import.meta.url)
const committed = readFileSync(new URL('policy-vm.wasm', folder))
const module = new WebAssembly.Module(committed)

describe('the committed module', () => {
  let built: Uint8Array

  beforeAll(async () => {
    built = await buildPolicyVm()
  }, 120_000)

  it('is what its source builds, byte for byte', () => {
    expect(Buffer.from(built).equals(committed)).toBe(true)
  })

  it('has the digest that stands beside it', () => {
    const digest = createHash('sha256').update(committed).digest('hex')
    expect(readFileSync(new URL('policy-vm.sha256', folder), 'utf8')).toBe(`${digest}  policy-vm.wasm\n`)
  })

  it('is small, imports nothing, and exports what the ABI names', () => {
    expect(committed.length).toBeLessThan(32 * 1024)
    expect(WebAssembly.Module.imports(module)).toEqual([])
    expect(
      WebAssembly.Module.exports(module)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['abiVersion', 'evaluate', 'faultPlace', 'fuelLeft', 'memory', 'result', 'verify'])
  })

  it('has a memory that cannot grow', () => {
    const { exports } = new WebAssembly.Instance(module, {})
    const memory = exports['memory'] as WebAssembly.Memory
    expect(memory.buffer.byteLength).toBe(abi.MEMORY.PROGRAMS_END)
    expect(() => memory.grow(1)).toThrow()
  })
})

describe('the ABI', () => {
  const source = readFileSync(new URL('assembly/abi.ts', folder), 'utf8')
  const numbers = new Map(
    Array.from(source.matchAll(/^export const (\w+): [ui]32 = (\w+)$/gm), ([, name, value]) => [name, Number(value)]),
  )

  it.each([
    ...Object.entries(abi.OP).map(([name, value]) => [`OP_${name}`, value] as const),
    ...Object.entries(abi.TAG).map(([name, value]) => [`TAG_${name}`, value] as const),
    ...Object.entries(abi.LOOP).map(([name, value]) => [`LOOP_${name}`, value] as const),
    ...Object.entries(nfa.NFA).map(([name, value]) => [`NFA_${name}`, value] as const),
    ...Object.entries(nfa.ASSERT).map(([name, value]) => [`ASSERT_${name}`, value] as const),
    ...Object.entries(abi.ANSWER).map(([name, value]) => [`ANSWER_${name}`, value] as const),
    ...Object.entries(abi.VM_FAULTS).map(([name, value]) => [`FAULT_${name}`, value] as const),
    ...Object.entries(abi.MEMORY),
    ['ABI_VERSION', abi.ABI_VERSION],
    ['PROGRAM_MAGIC', abi.PROGRAM_MAGIC],
    ['PROGRAM_HEADER', abi.PROGRAM_HEADER],
    ['CODE_MAX', abi.CODE_MAX],
    ['SLOT', abi.SLOT],
    ['ELEMENT', abi.ELEMENT],
  ] as const)('has one value of %s for the compiler and the VM', (name, value) => {
    expect(numbers.get(name)).toBe(value)
  })

  it('has room for what the limits allow', () => {
    expect(abi.MEMORY.INPUT_END - abi.MEMORY.INPUT_BASE).toBe(CONDITION_INPUT_MAX_BYTES)
    expect(abi.MEMORY.PROGRAMS_END - abi.MEMORY.PROGRAMS_BASE).toBeGreaterThanOrEqual(CONDITION_PROGRAM_MAX_BYTES)
    expect(numbers.get('SLOTS_MAX')).toBe(CONDITION_ATTRIBUTES_MAX)
  })
})

describe('a program', () => {
  const { condition } = compileCondition(
    'k8s_token.namespace in ["a", "b"] && [1, 2].all(n, n < 3) && (k8s_token.namespace + "x").matches("^a(b|c)*\\\\b")' +
      ' || (has(k8s_token.pod.name) ? k8s_token.pod.name.size() == 3 : [true, has(k8s_token.pod.uid)] == [])' +
      ' || "y".matches("(a|b)*a(a|b){12}$")',
    createCatalogueScope(),
    [],
  )
  const bytes = condition?.program.bytes ?? new Uint8Array()
  const base = abi.MEMORY.PROGRAMS_BASE

  function load(program: Uint8Array) {
    const vm = instantiatePolicyVm(module)
    vm.bytes.set(program, base)
    return vm
  }

  it('is taken as the compiler makes it', () => {
    expect(load(bytes).verify(base, bytes.length)).toBe(0)
  })

  it('does not run before it was verified, nor after another verification failed', () => {
    const vm = load(bytes)
    expect(vm.evaluate(base, 1000)).toBe(-abi.VM_FAULTS.PROGRAM_INVALID)
    expect(vm.verify(base, bytes.length)).toBe(0)
    expect(vm.evaluate(base, 1000)).not.toBe(-abi.VM_FAULTS.PROGRAM_INVALID)
    expect(vm.verify(base, bytes.length - 1)).not.toBe(0)
    vm.bytes[base + bytes.length - 1] = abi.OP.NOT
    expect(vm.verify(base, bytes.length)).not.toBe(0)
    expect(vm.evaluate(base, 1000)).toBe(-abi.VM_FAULTS.PROGRAM_INVALID)
  })

  it('is refused when it is cut short anywhere', () => {
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.slice(0, length)
      if (length >= 8) new DataView(cut.buffer).setUint32(4, length, true)
      expect(load(cut).verify(base, length), String(length)).not.toBe(0)
    }
  })

  it('that is damaged is refused, or ends in an answer or a fault: never in a trap, never without end', () => {
    const damage = fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    const vm = instantiatePolicyVm(module)
    let taken = 0
    fc.assert(
      fc.property(damage, fc.boolean(), (changes, isInCode) => {
        const program = bytes.slice()
        const code = new DataView(program.buffer).getUint32(8, true)
        for (const [at, value] of changes) program[isInCode ? code + (at % (program.length - code)) : at] = value
        vm.bytes.set(program, base)
        vm.bytes.fill(abi.TAG.ABSENT, abi.MEMORY.SLOTS_BASE, abi.MEMORY.SLOTS_BASE + 64 * abi.SLOT)
        if (vm.verify(base, program.length) !== 0) return
        taken++
        const answer = vm.evaluate(base, 50_000)
        expect(answer).toBeGreaterThanOrEqual(-abi.VM_FAULTS.PROGRAM_INVALID)
        expect(answer).toBeLessThanOrEqual(abi.ANSWER.VALUE)
        expect(vm.fuelLeft()).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 20_000 },
    )
    // Many damaged programs are still well-formed, so that the interpreter was tried as well.
    expect(taken).toBeGreaterThan(1_000)
    // Nothing was written where attributes and other programs lie.
    const { INPUT_BASE, PROGRAMS_BASE } = abi.MEMORY
    expect(vm.bytes.subarray(INPUT_BASE, PROGRAMS_BASE).every((byte) => byte === 0)).toBe(true)
    expect(vm.bytes.subarray(base + bytes.length).every((byte) => byte === 0)).toBe(true)
  })
})
