// How long and how large a body may be, by a timer of the test: nothing here waits.
import { describe, expect, it } from 'vitest'
import { REQUEST_BODY_TIMEOUT_MILLIS } from '../../src/core/limits.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import { readBytes } from '../../src/net/read-bytes.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { sleep } from '../../src/runtime/sleep.ts'
import { createWorld } from '../gateway/fixture.ts'

type Source = UnderlyingDefaultSource<Uint8Array>

function requestOf(source: Source, headers: Readonly<Record<string, string>> = {}): Request {
  const init = { method: 'POST', body: new ReadableStream(source), duplex: 'half', headers }
  return new Request('http://127.0.0.1/', init as RequestInit)
}

/** A timer that fires when told to; it records for how long it was set, and whether it was freed. */
function createTimer() {
  const set: number[] = []
  let fire = (): void => undefined
  let isFreed = false
  return {
    set,
    isFreed: () => isFreed,
    fire: () => fire(),
    sleep: (millis: number, signal?: AbortSignal): Promise<void> => {
      set.push(millis)
      signal?.addEventListener('abort', () => {
        isFreed = true
      })
      return new Promise((resolve) => {
        fire = resolve
      })
    },
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('readBytes()', () => {
  it.each([
    ['at the bound', 6, true],
    ['over it', 5, false],
  ])('reads chunks %s, and frees its timer', async (_what, maxBytes, ok) => {
    const timer = createTimer()
    const request = requestOf({
      start(controller) {
        controller.enqueue(bytes('abc'))
        controller.enqueue(bytes('def'))
        controller.close()
      },
    })
    const read = await readBytes(request, maxBytes, timer.sleep)
    expect(read).toEqual(
      ok
        ? { ok: true, value: bytes('abcdef') }
        : { ok: false, refusal: expect.objectContaining({ code: 'body_too_large' }) },
    )
    expect([timer.set, timer.isFreed()]).toEqual([[REQUEST_BODY_TIMEOUT_MILLIS], true])
  })

  it.each<[string, Source]>([
    ['never begins', {}],
    ['stops', { start: (controller) => controller.enqueue(bytes('{')) }],
    ['does not end its cancelling either', { cancel: () => new Promise(() => undefined) }],
    ['fails in its cancelling', { cancel: () => Promise.reject(new Error('cancel')) }],
  ])('refuses a body that %s when its time is over', async (_what, source) => {
    const timer = createTimer()
    const read = readBytes(requestOf(source), 100, timer.sleep)
    timer.fire()
    expect(await read).toMatchObject({ ok: false, refusal: { code: 'request_timeout' } })
  })

  it.each([
    ['at the bound', 6, 'abcdef', { ok: true, value: bytes('abcdef') }],
    ['with nothing in it', 6, '', { ok: true, value: bytes('') }],
  ])('reads a declared body %s, and frees its timer', async (_what, maxBytes, body, expected) => {
    const timer = createTimer()
    const headers = { 'Content-Length': '6' }
    const request = new Request('http://127.0.0.1/', { method: 'POST', body, headers })
    expect(await readBytes(request, maxBytes, timer.sleep)).toEqual(expected)
    expect([timer.set, timer.isFreed()]).toEqual([[REQUEST_BODY_TIMEOUT_MILLIS], true])
  })

  it.each<[string, Source, string]>([
    [
      'is longer',
      {
        start: (controller) => {
          controller.enqueue(bytes('abcdefg'))
          controller.close()
        },
      },
      'body_too_large',
    ],
    ['fails', { pull: () => Promise.reject(new Error('reset')) }, 'request_aborted'],
  ])('refuses a declared body that %s', async (_what, source, code) => {
    const request = requestOf(source, { 'Content-Length': '6' })
    expect(await readBytes(request, 6, createTimer().sleep)).toMatchObject({ ok: false, refusal: { code } })
  })

  it('ends the transfer of a body that it does not take, and of no other', async () => {
    for (const [maxBytes, isCancelled] of [
      [2, true],
      [3, false],
    ] as const) {
      let reason: unknown = 'not cancelled'
      const source: Source = {
        pull: (controller) => {
          controller.enqueue(bytes('abc'))
          if (maxBytes === 3) controller.close()
        },
        cancel: (why) => {
          reason = why
        },
      }
      await readBytes(requestOf(source), maxBytes, createTimer().sleep)
      expect(reason).toBe(isCancelled ? undefined : 'not cancelled')
    }
  })

  it('refuses a body that fails', async () => {
    const read = await readBytes(
      requestOf({
        pull: () => Promise.reject(new Error('SECRET')),
      }),
      100,
      createTimer().sleep,
    )
    expect(read).toMatchObject({ ok: false, refusal: { code: 'request_aborted' } })
    expect(JSON.stringify(read)).not.toContain('SECRET')
  })

  it('sets no timer where there is nothing to read', async () => {
    const timer = createTimer()
    const empty = new Request('http://127.0.0.1/', { method: 'POST' })
    expect(await readBytes(empty, 100, timer.sleep)).toEqual({ ok: true, value: new Uint8Array() })
    const declared = new Request('http://127.0.0.1/', {
      method: 'POST',
      body: 'x',
      headers: { 'Content-Length': '101' },
    })
    expect(await readBytes(declared, 100, timer.sleep)).toMatchObject({ refusal: { code: 'body_too_large' } })
    expect(timer.set).toEqual([])
  })
})

describe.each(['/v1/clusters/c-1/login', '/v1/trust-domain/login'])('POST %s', (path) => {
  const [over, never] = [Promise.resolve(), new Promise<void>(() => undefined)]
  it.each<[string, number, string, Source, Promise<void>]>([
    ['that stalls', 408, 'request_timeout', {}, over],
    ['that fails', 400, 'request_aborted', { pull: () => Promise.reject(new Error('reset')) }, never],
  ])(
    'answers a body %s with its code, and one record that is no fault',
    async (_what, status, code, source, deadline) => {
      const world = await createWorld()
      try {
        const app = createGateway({
          settings: world.settings,
          source: world.store,
          module: loadPolicyVm(),
          fetch: (url, init) => fetch(url, init),
          clock: Date.now,
          sleep: (millis, signal) => (millis === REQUEST_BODY_TIMEOUT_MILLIS ? deadline : sleep(millis, signal)),
          audit: (record) => !('requestId' in record) || world.records.push(record) > 0,
        })
        const request = requestOf(source)
        const response = await app.request(path, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: request.body,
          duplex: 'half',
        } as RequestInit)
        expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code])
        expect(world.records).toMatchObject([{ event: 'login', outcome: 'refused', status, code }])
      } finally {
        await world.stop()
      }
    },
  )
})
