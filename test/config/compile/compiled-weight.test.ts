// The weight of a compiled document, held to the heap that it takes.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { compileDocument } from '../../../src/config/compile/compile.ts'
import { weighCompiled } from '../../../src/config/compile/compiled-weight.ts'
import { weighHeap } from '../../../src/core/heap-weight.ts'
import { COMPILE_CONTEXT } from '../compile-context.ts'
import { heavyDocuments } from '../heavy-documents.ts'

/** Of the size that a document may have: enough to stand out of the heap's own noise. */
const SHARE = 0.12

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Once it stays the same: in turns of its own, so that no stack still holds what was dropped. */
async function heapBytes(): Promise<number> {
  let last = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    const { heapUsed, external } = process.memoryUsage()
    const bytes = heapUsed + external
    if (Math.abs(last - bytes) < 10_000) return bytes
    last = bytes
  }
  return last
}

type Named = Pick<ReturnType<typeof heavyDocuments>[number], 'section' | 'text'>

/** A function of its own, so that nothing but its result is held. */
function compile({ section, text }: Named) {
  const bytes = new TextEncoder().encode(text)
  const result = compileDocument(section, bytes, COMPILE_CONTEXT)
  if (!result.ok) throw new Error(JSON.stringify(result.issues[0]))
  // What is made at first use, too.
  return { result, weight: weighCompiled(result.value, result.warnings, bytes), length: bytes.length }
}

const held: ReturnType<typeof compile>[] = []

function hold(document: Named): void {
  held.push(compile(document))
}

async function measure(document: Named) {
  // What the compiler keeps for itself is there from now on.
  hold(document)
  held.length = 0
  const heaps: number[] = []
  for (let round = 0; round < 3; round++) {
    const before = await heapBytes()
    hold(document)
    heaps.push((await heapBytes()) - before)
    if (round < 2) held.length = 0
  }
  const [{ weight, length } = { weight: 0, length: 0 }] = held.splice(0)
  // The heap of a test run has a life of its own; two of three times it is quiet.
  return { heap: heaps.sort((a, b) => a - b)[1] ?? 0, weight, length }
}

describe('the weight of a compiled document', () => {
  // Again, should the heap of the test run itself have moved by more than what is measured.
  it.each(heavyDocuments(SHARE))('is that of its heap: $what', { retry: 2 }, async (document) => {
    const { heap, weight, length } = await measure(document)
    // Some 150 kB of the heap come and go whatever is compiled.
    expect(weight).toBeGreaterThan((heap - 150_000) / 1.5)
    // Its text counts in full, though only some documents keep it.
    expect(weight).toBeLessThan(1.6 * (heap + 150_000) + length)
  })

  it('grows with what a few bytes of text expand to', () => {
    const condition = (expression: string) =>
      compile({
        section: 'AgentAttestation',
        text: `section: AgentAttestation\nschema: v1\nspec: {policies: [{name: p, requiredAttestors: [{type: k8s_token, config: {issuerURL: "https://issuer.example"}}], conditions: [{expression: '${expression}'}]}]}`,
      }).weight
    expect(condition('k8s_token.namespace.matches("(a|[b-y]z){300}")')).toBeGreaterThan(
      condition('k8s_token.namespace.matches("(a|[b-y]z){9}")') + 10_000,
    )
  })

  it.each([
    ['ASCII', '# x', 1],
    ['anything else', '# ü', 2],
  ])('has the text in it that values may be slices of, by its width: %s', (_what, comment, width) => {
    const document = new TextEncoder().encode(comment.repeat(1000))
    const without = weighCompiled({}, [], new Uint8Array())
    expect(weighCompiled({}, [], document) - without).toBe(width * document.length)
  })
})

describe('weighHeap()', () => {
  it('counts what is referred to twice once, and what is shared not at all', () => {
    const part = { values: ['a long value of this part', 'another one'] }
    const once = weighHeap([part])
    expect(weighHeap([part, part]) - once).toBeLessThan(16)
    expect(weighHeap([part], [part])).toBeLessThan(once - 100)
  })

  it('ends for a value that refers to itself', () => {
    const ring: { next?: unknown } = {}
    ring.next = [ring]
    expect(weighHeap(ring)).toBeGreaterThan(0)
  })

  it('reaches the end of a value of any depth', () => {
    let value: unknown = 'x'.repeat(1000)
    for (let depth = 0; depth < 100_000; depth++) value = [value]
    expect(weighHeap(value)).toBeGreaterThan(100_000 * 32)
  })

  it('goes on after holes and nothing at all', () => {
    const text = 'x'.repeat(1000)
    expect(weighHeap([text, undefined, null, undefined])).toBeGreaterThan(1000)
    expect(weighHeap([undefined, text])).toBeGreaterThan(1000)
    expect(weighHeap(undefined)).toBe(0)
  })

  it.each([
    ['a string', 'x'.repeat(1000), 1000],
    ['a string of wide characters', 'Ж'.repeat(1000), 2000],
    ['bytes', new Uint8Array(1000), 1000],
    ['bytes of a larger buffer', new Uint8Array(1000).subarray(0, 10), 1000],
    ['a map', new Map([['k', 'x'.repeat(1000)]]), 1000],
    ['a key of a map', new Map([['x'.repeat(1000), 1]]), 1000],
    ['a set', new Set(['x'.repeat(1000)]), 1000],
    ['an object', { field: 'x'.repeat(1000) }, 1000],
  ])('counts %s', (_what, value, bytes) => {
    expect(weighHeap(value)).toBeGreaterThan(bytes)
    expect(weighHeap(value)).toBeLessThan(bytes + 400)
  })
})
