// `npm test`: types on every host, lint and format, then all tests; a line for each, everything of what fails, and one
// closing line with the totals of all runners. `npm run ok` is the same without the slow tests. Further arguments go to
// vitest.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Totals } from './quiet-reporter.ts'

const CHECKS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types of the core, Node and the tests', 'tsc', '-p', 'tsconfig.json'],
  ['types of the Worker', 'tsc', '-p', 'tsconfig.worker.json'],
  ['types of the playground', 'tsc', '-p', 'playground/tsconfig.json'],
  ['types on Deno', 'deno', 'check', 'src/cli/postern.ts'],
  ['lint and format', 'biome', 'ci', '.'],
]

const FAST = '--fast'
const isFast = process.argv.includes(FAST)
const forwarded = process.argv.slice(2).filter((argument) => argument !== FAST)

const totals = { passed: 0, failed: 0, skipped: 0 }
for (const check of CHECKS) runCheck(...check)
runVitest()
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exit(totals.failed === 0 ? 0 : 1)

/** What a check prints is shown only if it fails. */
function runCheck(name: string, command: string, ...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program(command), args, { encoding: 'utf8' })
  const isPassed = status === 0
  totals[isPassed ? 'passed' : 'failed']++
  console.log(`${isPassed ? '✓' : '✗'} ${name}${isPassed ? '' : `\n${stdout}${stderr}`}`)
}

function runVitest(): void {
  const folder = mkdtempSync(join(tmpdir(), 'postern-test-'))
  const report = join(folder, 'totals.json')
  const args = ['run', '--reporter=./test/quiet-reporter.ts', ...(isFast ? ['--project=node'] : []), ...forwarded]
  const env = { ...process.env, POSTERN_TEST_TOTALS: report, ...(isFast ? { POSTERN_FAST_TESTS: '1' } : {}) }
  const { status } = spawnSync(program('vitest'), args, { stdio: 'inherit', env })
  try {
    const { passed, failed, skipped } = JSON.parse(readFileSync(report, 'utf8')) as Totals
    totals.passed += passed
    totals.failed += failed
    totals.skipped += skipped
    // A file that does not load, or an unhandled rejection, fails the run without failing a test.
    if (status !== 0 && failed === 0) totals.failed++
    if (passed + failed === 0) totals.failed++
  } catch {
    totals.failed++
  }
  rmSync(folder, { recursive: true })
}

function program(name: string): string {
  return join('node_modules', '.bin', name)
}
