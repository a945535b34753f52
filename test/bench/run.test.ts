// The bench runs, and its JSON has the shape that docs/benchmarks.md states. With rounds too short to mean anything.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0))
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const ratio = v.strictObject({
  median: positive,
  lowerQuartile: positive,
  upperQuartile: positive,
  pairs: v.pipe(count, v.minValue(1)),
  disagreeing: count,
})
const row = v.strictObject({
  what: v.pipe(v.string(), v.nonEmpty()),
  ratios: v.record(v.string(), ratio),
  figures: v.record(v.string(), positive),
})
const report = v.strictObject({
  version: v.literal(1),
  takenAt: v.pipe(v.string(), v.isoTimestamp()),
  command: v.pipe(v.string(), v.startsWith('npm run bench -- ')),
  machine: v.strictObject({
    processor: v.string(),
    cores: positive,
    system: v.string(),
    versions: v.record(v.string(), v.string()),
    loadBefore: v.number(),
    loadAfter: v.number(),
  }),
  tables: v.array(
    v.strictObject({
      id: v.string(),
      title: v.string(),
      note: v.string(),
      rows: v.pipe(v.array(row), v.minLength(1), v.maxLength(25)),
    }),
  ),
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function run(...flags: readonly string[]): Promise<{ markdown: string; report: v.InferOutput<typeof report> }> {
  const file = join(folder, 'report.json')
  const tiny = ['--short', '--pairs', '1', '--round', '10', '--json', file]
  const { stdout } = await promisify(execFile)(process.execPath, ['test/bench/run.ts', ...tiny, ...flags])
  return { markdown: stdout, report: v.parse(report, JSON.parse(readFileSync(file, 'utf8'))) }
}

describe('the bench', () => {
  it('writes Markdown and JSON of what it measures in process', async () => {
    const { markdown, report } = await run('--only', 'login-in-process,claims', '--host', 'node')
    expect(report.tables.map(({ id }) => id)).toEqual(['login-in-process-node', 'claims'])
    for (const { title, rows } of report.tables) {
      expect(markdown).toContain(`### ${title}`)
      for (const { what, ratios } of rows) {
        expect(markdown).toContain(`| ${what} |`)
        expect(ratios).toHaveProperty('time')
      }
    }
  })

  it('finds every peer to do the work of the gateway over HTTP', async () => {
    const { report } = await run('--only', 'login-http', '--host', 'node')
    expect(report.tables[0]?.rows.map(({ what }) => what.split(',')[0])).toEqual([
      ...['bare Hono with jose (the floor)', 'express with express-oauth2-jwt-bearer'],
      ...['fastify with @fastify/jwt and get-jwks', 'hono/jwk'],
      ...['bare Hono with jose (the floor)', 'express with express-oauth2-jwt-bearer'],
      ...['fastify with @fastify/jwt and get-jwks', 'hono/jwk'],
    ])
  })

  it.each([['--only', 'nothing'], ['--host', 'bun'], ['--pairs', '0'], ['--no-such-flag']])(
    'refuses %s %s',
    async (...flags) => {
      await expect(promisify(execFile)(process.execPath, ['test/bench/run.ts', ...flags])).rejects.toMatchObject({
        code: 2,
      })
    },
  )
})
