// The warm runner in a process of its own, over a folder like the copy that Stryker makes, with code that is instrumented by hand.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { expect, it } from 'vitest'

const FILES = {
  'package.json': '{"type": "module"}',
  'test/property.setup.ts': '',
  'src/code.ts': `
    const ns = globalThis.__stryker__
    const cov = (ns.mutantCoverage ??= { static: {}, perTest: {} })
    function act(id: string): boolean {
      const counts = ns.currentTestId === undefined ? cov.static : (cov.perTest[ns.currentTestId] ??= {})
      counts[id] = (counts[id] ?? 0) + 1
      if (ns.activeMutant !== id) return false
      if (ns.hitCount !== undefined && ++ns.hitCount > ns.hitLimit) throw new Error('hit limit')
      return true
    }
    const kept = new Map<string, number>()
    export const one = act('static') ? 2 : 1
    export const add = (a: number, b: number): number => (act('sum') ? a - b : a + b)
    export const zero = (): number => (act('same') ? -0 + 0 : 0)
    export const loop = (): void => { for (let i = 0; act('loop') || i < 1; i++); }
    export function keep(name: string): number {
      if (!kept.has(name)) kept.set(name, act('kept') ? 5 : 4)
      return kept.get(name)
    }
    export const start = (): number => (act('hook') ? 8 : 7)`,
  'test/code.test.ts': `
    import { beforeAll, describe, expect, it, vi } from 'vitest'
    import { add, keep, loop, one, start, zero } from '../src/code.ts'
    describe('code', () => {
      let started = 0
      beforeAll(() => { started = start() })
      it.each([[1, 2, 3], [2, 0, 2]])('adds %i', async (a, b, sum) => { expect(add(a, b)).toBe(sum) })
      it('has a zero', { timeout: 5 }, () => { expect(zero() + one).toBe(1) })
      it('loops', () => loop())
      it('keeps', () => { expect(keep('a')).toBe(4) })
      it('started', async () => { await expect.poll(() => started).toBe(7) })
      describe.skipIf(true)('never', () => { it('runs', () => { throw new Error('ran') }) })
    })`,
  'run.mjs': `
    import { strykerPlugins } from ${JSON.stringify(resolve('test/mutation/warm-runner.ts'))}
    const runner = strykerPlugins[0].factory()
    await runner.init()
    const { status, tests, mutantCoverage } = await runner.dryRun({})
    const coveredBy = (id) => tests.map((test) => test.id).filter((test) => mutantCoverage.perTest[test]?.[id] > 0)
    const run = async (id, mutantActivation = 'runtime') => {
      const testFilter = mutantActivation === 'static' ? undefined : coveredBy(id)
      const result = await runner.mutantRun({ activeMutant: { id }, testFilter, hitLimit: 100, mutantActivation })
      return [id, result.status, ...(result.killedBy ?? [])]
    }
    const results = []
    for (const id of ['sum', 'same', 'loop', 'kept', 'kept', 'sum']) results.push(await run(id))
    results.push(await run('static', 'static'), await run('same'))
    console.log(JSON.stringify({ status, failed: tests.filter((test) => test.status !== 0), tests: tests.length,
      static: Object.keys(mutantCoverage.static), hook: coveredBy('hook').length, sum: coveredBy('sum').length, results }))
    process.exit(0)`,
}

it('finds what notices a mutant, and lets no mutant serve the next one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-warm-'))
  try {
    for (const name of ['src', 'test']) mkdirSync(join(folder, name))
    for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content)
    const env = { ...process.env, POSTERN_MUTATION_TESTS: '["test/**/*.test.ts"]' }
    const { stdout, stderr } = spawnSync(process.execPath, ['run.mjs'], { cwd: folder, env, encoding: 'utf8' })
    expect(JSON.parse(stdout || JSON.stringify(stderr))).toEqual({
      status: 'complete',
      failed: [],
      tests: 6,
      static: ['static'],
      hook: 6,
      sum: 2,
      results: [
        ['sum', 'killed', 'test/code.test.ts code adds %i [0]'],
        ['same', 'survived'],
        ['loop', 'timeout'],
        // The value is kept from the test before it, so that only a fresh load can tell.
        ['kept', 'survived'],
        ['kept', 'survived'],
        ['sum', 'killed', 'test/code.test.ts code adds %i [0]'],
        ['static', 'killed', 'test/code.test.ts code has a zero'],
        ['same', 'survived'],
      ],
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
