// A sink that does not take a record: what it tells of is refused by its own code, and no session leaves.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { guardSink } from '../../src/gateway/audit/audit.ts'
import { type Answer, createWorld, type World } from './fixture.ts'
import { askClaims, CLUSTER, putBaseline, WEB } from './mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
  putBaseline(world)
})
afterAll(() => world.stop())
beforeEach(() => {
  world.isTakingRecords = true
  world.records.length = 0
})

const REQUESTS: readonly (readonly [string, number, () => Promise<Answer>])[] = [
  ['a login that would be admitted', 200, async () => world.login(CLUSTER, await world.issuer.mint())],
  ['a login that would be refused', 401, () => world.login(CLUSTER, 'no token')],
  [
    'a request for claims that would be granted',
    200,
    () => askClaims(world, { workloads: [{ id: 'w1', attributes: WEB }] }),
  ],
  [
    'a request for claims that would be refused',
    401,
    () => askClaims(world, { workloads: [{ id: 'w1', attributes: WEB }] }, { session: 'none' }),
  ],
  ['a status that would be refused', 401, () => world.get(`/v1/clusters/${CLUSTER}/status`)],
]

describe('while records are not taken', () => {
  it.each(REQUESTS)('%s is refused', async (_what, status, ask) => {
    expect((await ask()).status).toBe(status)
    expect(world.records).toHaveLength(1)
    world.isTakingRecords = false
    const { status: refused, body, headers, text } = await ask()
    expect({ refused, code: body.code }).toEqual({ refused: 503, code: 'audit_unavailable' })
    expect(headers.get('Retry-After')).toBe('5')
    expect(text).not.toContain('eyJ')
  })

  it('the gateway is alive all the same', async () => {
    world.isTakingRecords = false
    expect((await world.get('/healthz')).status).toBe(200)
  })
})

it('a sink that throws has not taken its record', () => {
  const sink = guardSink(() => {
    throw new Error('broken')
  })
  expect(sink({ v: 1, event: 'fault', time: '', requestId: '', durationMs: 0, error: '' })).toBe(false)
})
