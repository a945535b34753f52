import { applyPatch } from 'diff'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DIFF_EDITS_MAX } from '../../../src/core/limits.ts'
import { bench } from '../call.ts'

const HEAD = 'section: Cluster\nschema: v1\nspec: {}\n'
const WHERE = ['cluster', '--id', 'c-1', '--store', 'store']

/** What `config diff` prints for two documents that differ in their comments. */
async function diffOf(before: string, after: string) {
  const { file, call } = bench()
  file('store/clusters/c-1/Cluster.yaml', HEAD + before)
  return call('config', 'diff', ...WHERE, file('c.yaml', HEAD + after))
}

function comments(count: number, text: string): string {
  return Array.from({ length: count }, (_, index) => `# ${text}${index}\n`).join('')
}

describe('config diff', () => {
  it('is a patch that makes the new document of the stored one', async () => {
    const lines = fc.array(fc.constantFrom('# a\n', '# b\n', '#\tc\n', '\n')).map((parts) => parts.join(''))
    const texts = fc.tuple(lines, fc.constantFrom('', '# end')).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(texts, texts, async (before, after) => {
        const { exitCode, out } = await diffOf(before, after)
        expect(exitCode).toBe(before === after ? 0 : 1)
        expect(out === '' ? HEAD + before : applyPatch(HEAD + before, out)).toBe(HEAD + after)
      }),
      { numRuns: 50 },
    )
  })

  it.each([
    ['as many lines as are compared', DIFF_EDITS_MAX / 4, 1],
    ['more', DIFF_EDITS_MAX / 4 + 1, 0],
  ])('shows what stays where %s differ', async (_what, count, kept) => {
    const rest = '# common\n'
    const [a, b] = [comments(count, 'a'), comments(count, 'b')]
    const { out } = await diffOf(`${a}${rest}${a}`, `${b}${rest}${b}`)
    expect(out.split('\n').filter((line) => line === ' # common')).toHaveLength(kept)
    expect(out.split('\n').filter((line) => line.startsWith('-# a'))).toHaveLength(2 * count)
  })

  it('takes a bounded time for two documents of as many lines as there can be', async () => {
    const size = 190_000
    const [a, b] = ['#a\n#\n', '#\n#b\n'].map((two) => two.repeat(size / 2))
    const before = process.threadCpuUsage()
    const { out } = await diffOf(a ?? '', b ?? '')
    const { user } = process.threadCpuUsage(before)
    expect(out.split('\n').length).toBeGreaterThan(2 * size)
    // Measured: 0.9 s. Without the bound it grows with the square of the lines: minutes.
    expect(user / 1000).toBeLessThan(5000)
  })
})
