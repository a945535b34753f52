// This version beside the one before it, on one store: see run.ts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkOut, findEarlier, remove } from './earlier.ts'
import { ROWS } from './rows.ts'
import { runRow } from './run.ts'

const commit = findEarlier()

describe.skipIf(commit === undefined)('beside the earlier version', () => {
  let tree = ''
  beforeAll(() => {
    tree = checkOut(commit ?? '')
  })
  afterAll(() => remove(tree))

  it.each(ROWS)('$what', async (row) => {
    const { told, isSaid } = await runRow(row, tree)
    expect(told).toBe(row.expected)
    expect(isSaid, `CHANGELOG.md says: ${row.said}`).toBe(true)
  })
})
