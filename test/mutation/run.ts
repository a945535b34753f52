// `npm run mutation -- [PATH...] [--since REF] [--tests GLOB] [--report]`: changes the code of src/ in small ways and runs the tests, which must
// notice. Keeps its results under .postern/mutation, so that the next run tries only what has changed; an interrupted run too.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { ACCEPTED } from './accepted.ts'
import { FOLDERS } from './folders.ts'
import { type Plan, planRun, resultsFolder, strykerOptions } from './plan.ts'
import { computeScore, formatSurvivor, formatTable, type MutationReport, summarizeFolder } from './report.ts'

const SCORE_MIN = 90
const STRYKER = 'test/mutation/node_modules/@stryker-mutator/core/bin/stryker.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { since: { type: 'string' }, tests: { type: 'string' }, report: { type: 'boolean', default: false } },
})
const { plans, unknown } = planRun(positionals, values.since === undefined ? undefined : listChanged(values.since))
if (unknown.length > 0) {
  const known = FOLDERS.map(({ path }) => path).join(', ')
  process.stderr.write(`Not mutated: ${unknown.join(', ')}. Expected a path in one of: ${known}\n`)
  process.exit(2)
}
if (!values.report) {
  installOnce()
  for (const plan of plans) runStryker(plan)
}
const results = plans.flatMap(({ folder }) => {
  // The incremental file has the files of earlier runs as well.
  const file = `${resultsFolder(folder)}/incremental.json`
  if (!existsSync(file)) return []
  return [summarizeFolder(folder.path, JSON.parse(readFileSync(file, 'utf8')) as MutationReport, ACCEPTED)]
})
const survivors = results.flatMap((result) => result.survivors.map(formatSurvivor))
process.stdout.write(`${[...survivors, '', formatTable(results)].join('\n')}\n`)
if (results.some((result) => computeScore(result) < SCORE_MIN)) process.exitCode = 1

function listChanged(ref: string): readonly string[] {
  return execFileSync('git', ['diff', '--name-only', '--diff-filter=d', ref, '--', 'src'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '')
}

/** Stryker's packages are apart from the root's, so that `npm ci` stays short. */
function installOnce(): void {
  if (existsSync(STRYKER)) return
  const { status } = spawnSync(
    'npm',
    ['ci', '--prefix', 'test/mutation', '--ignore-scripts', '--no-audit', '--no-fund'],
    {
      stdio: 'inherit',
    },
  )
  if (status !== 0) process.exit(status ?? 1)
}

function runStryker(plan: Plan): void {
  const results = resultsFolder(plan.folder)
  mkdirSync(results, { recursive: true })
  writeFileSync(`${results}/stryker.json`, JSON.stringify(strykerOptions(plan), undefined, 2))
  const env = {
    ...process.env,
    POSTERN_MUTATION_TESTS: JSON.stringify(values.tests === undefined ? plan.folder.tests : [values.tests]),
  }
  const { status } = spawnSync(process.execPath, [STRYKER, 'run', `${results}/stryker.json`], { stdio: 'inherit', env })
  if (status !== 0) process.stderr.write(`Stryker ended early; what it had tried is kept in ${results}\n`)
}
