// `npm test`: types on every host, lint and format, then all tests; one closing line with the totals of all runners.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

interface Totals {
  passed: number
  failed: number
  skipped: number
}

const CHECKS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types of the core, Node and the tests', 'tsc', '-p', 'tsconfig.json'],
  ['types of the Worker', 'tsc', '-p', 'tsconfig.worker.json'],
  ['types on Deno', 'deno', 'check', 'src/cli/postern.ts'],
  ['lint and format', 'biome', 'ci', '.'],
]

const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
for (const [name, command, ...args] of CHECKS) {
  const isPassed = run(command, args) === 0
  console.log(`${isPassed ? '✓' : '✗'} ${name}`)
  totals[isPassed ? 'passed' : 'failed']++
}
runVitest()
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exit(totals.failed === 0 ? 0 : 1)

function runVitest(): void {
  const folder = mkdtempSync(join(tmpdir(), 'postern-test-'))
  const report = join(folder, 'report.json')
  const status = run('vitest', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ])
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8')) as {
      numPassedTests: number
      numFailedTests: number
      numPendingTests: number
    }
    totals.passed += numPassedTests
    totals.failed += numFailedTests
    totals.skipped += numPendingTests
    // A file that does not load, or an unhandled rejection, fails the run without failing a test.
    if (status !== 0 && numFailedTests === 0) totals.failed++
    if (numPassedTests + numFailedTests === 0) totals.failed++
  } catch {
    totals.failed++
  }
  rmSync(folder, { recursive: true })
}

function run(command: string, args: readonly string[]): number | null {
  return spawnSync(join('node_modules', '.bin', command), args, { stdio: 'inherit' }).status
}
