import { describe, expect, it } from 'vitest'
import { createLeases, isAhead } from '../../../src/config/live/lease.ts'
import { LEASE_MILLIS } from '../../../src/core/limits.ts'

describe('a lease', () => {
  it('is one per key until it is given back', () => {
    const leases = createLeases(10)
    const lease = leases.take('a', 0)
    expect(lease).toBeDefined()
    expect(leases.take('a', 0)).toBeUndefined()
    expect(leases.take('b', 0)).toBeDefined()
    if (lease !== undefined) leases.release(lease)
    expect(leases.take('a', 0)).toBeDefined()
  })

  it('expires: what was cut off blocks nobody for longer', () => {
    const leases = createLeases(10)
    leases.take('a', 0)
    expect(leases.take('a', LEASE_MILLIS - 1)).toBeUndefined()
    expect(leases.take('a', LEASE_MILLIS)).toBeDefined()
  })

  it('that expired neither counts nor ends the one after it', () => {
    const leases = createLeases(10)
    const late = leases.take('a', 0)
    const next = leases.take('a', LEASE_MILLIS)
    if (late === undefined || next === undefined) throw new Error('both are free')
    expect([leases.holds(late), leases.holds(next)]).toEqual([false, true])
    leases.release(late)
    expect(leases.holds(next)).toBe(true)
    expect(leases.take('a', LEASE_MILLIS)).toBeUndefined()
  })

  it('taken before the clock went back is over', () => {
    const leases = createLeases(10)
    leases.take('a', 1_000_000)
    expect(leases.take('a', 0)).toBeDefined()
  })

  it('takes bounded memory', () => {
    const leases = createLeases(1)
    leases.take('a', 0)
    leases.take('b', 0)
    expect(leases.take('a', 0)).toBeDefined()
  })
})

describe('isAhead()', () => {
  it.each([
    [10, 9, 5, true],
    [10, 10, 5, false],
    [10, 5, 5, true],
    [10, 4, 5, false],
  ])('of %i at %i, set at most %i before: %s', (until, now, max, expected) => {
    expect(isAhead(until, now, max)).toBe(expected)
  })
})
