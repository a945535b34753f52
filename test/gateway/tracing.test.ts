// The trace of the caller is in the record, and how long an answer took is said only where that was asked for.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createWorld, type World } from './fixture.ts'
import { putBaseline } from './mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
beforeEach(() => {
  putBaseline(world)
  world.restart()
  world.records.length = 0
})
afterAll(() => world.stop())

const ask = (headers: Record<string, string>) =>
  world.app.request('/v1/clusters/c-1/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: '{}',
  })

it.each([
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '0af7651916cd43dd8448eb211c80319c'],
  ['00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', undefined],
  ['nonsense', undefined],
])('with traceparent %s the trace of the record is %s', async (traceparent, traceId) => {
  await ask({ traceparent })
  const [record] = world.records as readonly { readonly traceId?: string; readonly parentId?: string }[]
  expect([record?.traceId, record?.parentId === undefined]).toEqual([traceId, traceId === undefined])
})

it('says nothing of its time unless that was asked for', async () => {
  expect((await ask({})).headers.has('Server-Timing')).toBe(false)
})

it('says it where that was asked for, of refusals too', async () => {
  const timed = await createWorld({ environment: { SERVER_TIMING: 'true' } })
  try {
    const response = await timed.app.request('/v1/clusters/c-1/login', { method: 'POST', body: '{' })
    expect(response.headers.get('Server-Timing')).toMatch(/^gateway;dur=\d+$/)
  } finally {
    await timed.stop()
  }
})
