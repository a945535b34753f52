// Every parser for a moment, by a fixed seed; `npm run fuzz` goes on for as long as one likes. And the harness itself: it finds what it
// looks for.
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { fuzz, type Target } from './fuzz.ts'
import { createRandom, mutate } from './mutate.ts'
import { createTargets } from './targets.ts'

const OPTIONS = { seed: Number(process.env['FAST_CHECK_SEED'] ?? 1), runs: 1_500, millis: 2_000, slowMillis: 500 }
const targets = await createTargets()

describe('a parser', () => {
  it.each(targets.map((target) => [target.name, target] as const))('%s takes anything', async (_name, target) => {
    const { crasher, kinds } = await fuzz(target, OPTIONS)
    expect(
      crasher === undefined ? undefined : { ...crasher, text: Buffer.from(crasher.input).toString() },
    ).toBeUndefined()
    // Otherwise mutation would not reach anything, such as a seed that is not valid.
    expect(kinds).toBeGreaterThan(1)
  })
})

describe('the harness', () => {
  const seeds = [new TextEncoder().encode('abcdefgh')]
  const target = (run: Target['run']): Target => ({ name: 'made up', seeds, maxBytes: 64, run })

  it('finds an input that throws', async () => {
    const { crasher } = await fuzz(
      target((input) => {
        if (input.includes(0x7b)) throw new Error('a brace')
        return 'ok'
      }),
      OPTIONS,
    )
    expect(crasher?.why).toContain('a brace')
    expect(crasher?.input.includes(0x7b)).toBe(true)
  })

  it('finds an input that is slow', async () => {
    const { crasher } = await fuzz(
      target((input) => {
        const before = process.cpuUsage().user
        while (input.length > 20 && process.cpuUsage().user - before < 40_000);
        return 'ok'
      }),
      { ...OPTIONS, slowMillis: 20 },
    )
    expect(crasher?.why).toMatch(/^it takes \d+ ms$/)
  })

  it('finds an answer that depends on what came before', async () => {
    let count = 0
    const { crasher } = await fuzz(
      target((input) => (input.length === 0 ? String(count++) : 'ok')),
      OPTIONS,
    )
    expect(crasher?.why).toBe('the second answer differs')
  })

  it('gets further where an answer of a new kind shows the way', async () => {
    // Four bytes in a row by chance are beyond a few thousand runs; each alone is not.
    const word = new TextEncoder().encode('XYZW')
    const prefix = (input: Uint8Array): number => word.findIndex((byte, at) => input[at] !== byte)
    const { kinds } = await fuzz(
      target((input) => String(prefix(input))),
      { ...OPTIONS, runs: 60_000, millis: 10_000 },
    )
    expect(kinds).toBeGreaterThan(2)
  })

  it('makes the same of the same seed', () => {
    const of = (seed: number): readonly string[] => {
      const random = createRandom(seed)
      return Array.from({ length: 50 }, () =>
        Buffer.from(mutate(seeds[0] ?? new Uint8Array(), seeds, random, 64)).toString('hex'),
      )
    }
    expect(of(1)).toEqual(of(1))
    expect(of(1)).not.toEqual(of(2))
  })
})
