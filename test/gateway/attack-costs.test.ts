// What hostile requests may cost, by counting: store reads and writes, fetches, and bytes written to the audit log and
// to the caller. `npm run attacks` runs the same kinds against real processes.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Counted, countKind, PORTS } from '../attacks/counting.ts'
import { type Issuers, startIssuers } from '../attacks/issuers.ts'
import { KINDS } from '../attacks/kinds.ts'

const COUNTED = KINDS.filter(({ wire }) => wire === undefined)

let issuers: Issuers
beforeAll(async () => {
  issuers = await startIssuers()
})
afterAll(() => issuers.close())

/** The real bound is five seconds; what is tested is that there is one, and what it leaves behind. */
function shortenTimeouts(): void {
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    return controller.signal
  })
}

describe.each(COUNTED)('$name: $what', (kind) => {
  const { bounds, statuses } = kind
  let counted: Counted
  beforeAll(async () => {
    if (kind.stalls === true) shortenTimeouts()
    counted = await countKind(kind, issuers).finally(() => vi.restoreAllMocks())
  })

  it('are answered with the expected statuses, and none is a fault', () => {
    expect([...counted.statuses.keys()].filter((status) => !statuses.includes(status))).toEqual([])
    expect(counted.faults).toBe(0)
  })

  it('are told of by what they make the gateway read and fetch anew, and never by themselves', () => {
    expect(counted.events).toBeLessThanOrEqual(counted.all.reads + counted.all.fetches)
    expect(counted.againEvents).toBe(0)
  })

  it.each(PORTS)('cost at most the stated %s each', (port) => {
    expect(counted.each[port]).toBeLessThanOrEqual(bounds.each[port])
  })

  it.each(PORTS)('cost at most the stated %s when they are sent again', (port) => {
    expect(counted.again[port]).toBeLessThanOrEqual(bounds.again[port])
  })

  it.each(PORTS.filter((port) => bounds.all?.[port] !== undefined))('cost at most the stated %s together', (port) => {
    expect(counted.all[port]).toBeLessThanOrEqual(bounds.all?.[port] ?? 0)
  })
})
