// `npm run upgrade`: runs the version before this one and this one beside each other on one store, and prints what each does with
// what the other left. Exit status 1 if something differs from what is expected, or is not said in CHANGELOG.md.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { checkOut, findEarlier, remove } from './earlier.ts'
import { ROWS, type UpgradeRow } from './rows.ts'
import { openWorld } from './world.ts'

export interface Outcome {
  readonly row: UpgradeRow
  readonly told: string
  readonly isSaid: boolean
}

/** Runs the row in a world of its own. */
export async function runRow(row: UpgradeRow, earlierTree: string): Promise<Outcome> {
  const world = await openWorld(earlierTree)
  try {
    const changelog = readFileSync('CHANGELOG.md', 'utf8').replace(/\s+/g, ' ')
    return { row, told: await row.run(world), isSaid: row.said === undefined || changelog.includes(row.said) }
  } finally {
    await world.stop()
  }
}

export const holds = ({ row, told, isSaid }: Outcome): boolean => told === row.expected && isSaid

if (import.meta.main) {
  const commit = findEarlier()
  if (commit === undefined) {
    process.stderr.write(
      'The history of this clone has no earlier version: fetch it with `git fetch --unshallow --tags`\n',
    )
    process.exit(2)
  }
  const tree = checkOut(commit)
  try {
    process.stdout.write(`Beside ${commit}:\n`)
    for (const row of ROWS) {
      const outcome = await runRow(row, tree)
      const fault = holds(outcome)
        ? ''
        : `  EXPECTED ${row.expected}${outcome.isSaid ? '' : ', and CHANGELOG.md does not say it'}`
      process.stdout.write(`${holds(outcome) ? '✓' : '✗'} ${row.what}: ${outcome.told}${fault}\n`)
      if (!holds(outcome)) process.exitCode = 1
    }
  } finally {
    remove(tree)
  }
}
