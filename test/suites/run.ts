// `npm run suites -- --json DIR --yaml DIR --re2 DIR --cel DIR --wycheproof DIR`: the test suites of others, from folders that
// you have fetched. Prints how many cases ended in which way, and exits with 1 if an answer contradicts its suite.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { runCelSuite } from './cel-suite.ts'
import { runJsonSuite } from './json-suite.ts'
import { runRe2Suite } from './re2-suite.ts'
import { formatTally, type Tally } from './tally.ts'
import { runWycheproof } from './wycheproof.ts'
import { runYamlSuite } from './yaml-suite.ts'

const SUITES: Readonly<Record<string, { readonly title: string; run: (folder: string) => Tally | Promise<Tally> }>> = {
  json: { title: 'JSONTestSuite', run: runJsonSuite },
  yaml: { title: 'yaml-test-suite', run: runYamlSuite },
  re2: { title: 'RE2', run: runRe2Suite },
  cel: { title: 'cel-spec', run: runCelSuite },
  wycheproof: { title: 'Wycheproof', run: runWycheproof },
}

const { values } = parseArgs({
  options: Object.fromEntries(Object.keys(SUITES).map((name) => [name, { type: 'string' as const }])),
})
const chosen = Object.entries(SUITES).flatMap(([name, suite]) => {
  const folder = values[name]
  return typeof folder === 'string' ? [{ ...suite, folder }] : []
})
if (chosen.length === 0) {
  const options = Object.keys(SUITES).map((name) => `--${name} DIR`)
  process.stderr.write(`No suite was named. Fetch one, and name its folder: ${options.join(' ')}\n`)
  process.exit(2)
}
for (const { title, run, folder } of chosen) {
  const tally = await run(folder)
  process.stdout.write(`${formatTally(title, tally)}\n\n`)
  // A folder without a case would pass whatever the code does.
  if (tally.outcomes.size === 0) process.stderr.write(`There is no case of ${title} in ${folder}\n`)
  if (tally.wrong.length > 0 || tally.outcomes.size === 0) process.exitCode = 1
}
