// The production configuration of the Worker: accepted by wrangler, and with every binding that the Worker reads.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { findWrangler } from '../../src/cli/store/wrangler.ts'

const out = mkdtempSync(join(tmpdir(), 'postern-worker-'))
afterAll(() => rmSync(out, { recursive: true }))

it('would be deployed, small and with all bindings', async () => {
  const args = ['deploy', '--dry-run', '-c', 'deploy/wrangler.toml', '--outdir', out]
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1', CI: '1' }
  const { stdout } = await promisify(execFile)(process.execPath, [findWrangler().program, ...args], { env })
  const source = readFileSync('src/runtime/worker-gateway.ts', 'utf8')
  const read = /interface Bindings \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? ''
  const names = Array.from(read.matchAll(/readonly (\w+)\??:/g), ([, name = '']) => name)
  expect(names.length).toBeGreaterThan(2)
  // What needs more than this repository to deploy, such as a build, is there to be switched on.
  const off = readFileSync('deploy/wrangler.toml', 'utf8').matchAll(/^# binding = "(\w+)"$/gm)
  const optional = new Set(Array.from(off, ([, name]) => name))
  for (const name of names.filter((one) => !optional.has(one))) expect(stdout).toContain(`env.${name} `)
  // Minified: names of functions are not kept either.
  const worker = readdirSync(out).find((file) => file.endsWith('.js')) ?? ''
  expect(readFileSync(join(out, worker), 'utf8').split('\n').length).toBeLessThan(200)
})

it('differs from the one for development only in what is for production', () => {
  const tablesOf = (path: string): ReadonlySet<string> =>
    new Set(Array.from(readFileSync(path, 'utf8').matchAll(/^(?:\w+|\[\[?[\w.]+\]?\])(?= =|$)/gm), ([line]) => line))
  const [own, production] = [tablesOf('wrangler.toml'), tablesOf('deploy/wrangler.toml')]
  expect([...own].filter((line) => !production.has(line))).toEqual([])
})
