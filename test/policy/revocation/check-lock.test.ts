// When a lock holds, to the second.
import { describe, expect, it } from 'vitest'
import { checkLock } from '../../../src/policy/revocation/check-revocation.ts'
import { createRevocationSet } from '../../../src/policy/revocation/revocation-set.ts'

const UNTIL = 1_000_000
const locked = (untilSeconds: number) => ({
  document: `until ${untilSeconds}`,
  set: createRevocationSet([], { untilSeconds, reason: 'incident' }),
})
const open = { document: 'open', set: createRevocationSet([], undefined) }

describe('a lock', () => {
  it.each([
    [UNTIL - 1, 'cluster_locked'],
    [UNTIL, undefined],
    [UNTIL + 1, undefined],
  ])('that ends at 1000000 holds at %i: %s', (nowSeconds, code) => {
    expect(checkLock([locked(UNTIL)], nowSeconds)?.code).toBe(code)
  })

  it('of any document holds, whatever the others have', () => {
    for (const documents of [
      [open, locked(UNTIL - 10), locked(UNTIL)],
      [locked(UNTIL), locked(UNTIL - 10), open],
    ])
      expect(checkLock(documents, UNTIL - 1)?.audit).toMatchObject({ lockedBy: `until ${UNTIL} spec.lock` })
    expect(checkLock([open], UNTIL - 1)).toBeUndefined()
    expect(checkLock([], UNTIL - 1)).toBeUndefined()
  })
})
