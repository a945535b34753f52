import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type FetchBounds,
  type FetchFailure,
  type FetchLike,
  fetchBytes,
  fetchJson,
} from '../../src/net/bounded-fetch.ts'
import { makeContentError } from '../../src/net/content-coding.ts'
import { KEYS_PATH, sendJson, startIssuer, type TestIssuer } from '../token/issuer.ts'

const BOUNDS: FetchBounds = { maxBytes: 1000, timeoutMillis: 2_000 }

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await startIssuer()
})
afterAll(() => issuer.stop())

type Failed = Pick<FetchFailure, 'kind' | 'facts'>

async function failureOf(bounds: FetchBounds = BOUNDS, get: FetchLike = fetch): Promise<Failed | 'fetched'> {
  const result = await fetchJson(get, issuer.jwksUrl, bounds)
  return result.ok ? 'fetched' : result.failure
}

describe('fetchJson()', () => {
  it('fetches JSON, whatever its content type says', async () => {
    issuer.answer(KEYS_PATH, (_request, response) => sendJson(response, { keys: [] }, 'text/plain'))
    expect(await fetchJson(fetch, issuer.jwksUrl, BOUNDS)).toMatchObject({ ok: true, value: { keys: [] }, bytes: 11 })
  })

  it.each([301, 302, 303, 307, 308])('does not follow a %d', async (status) => {
    const before = issuer.requests.length
    issuer.answer(KEYS_PATH, (_request, response) => {
      response.writeHead(status, { location: `${issuer.origin}/elsewhere` }).end('{}')
    })
    const location = `"${issuer.origin}/elsewhere"`
    expect(await failureOf()).toEqual({ kind: 'redirected', facts: { status, location } })
    expect(issuer.requests.slice(before)).toEqual([KEYS_PATH])
  })

  it.each([
    [201, 'status_unexpected'],
    [204, 'status_unexpected'],
    [400, 'status_unexpected'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [429, 'rate_limited'],
    [500, 'server_error'],
    [503, 'server_error'],
    [599, 'server_error'],
  ] as const)('takes no answer of status %d', async (status, kind) => {
    issuer.answer(KEYS_PATH, (_request, response) => void response.writeHead(status).end(status === 204 ? '' : '{}'))
    expect(await failureOf()).toEqual({ kind, facts: { status } })
  })

  it('takes a body of the largest size and none of one byte more, length stated or not', async () => {
    for (const stated of [true, false]) {
      for (const [size, expected] of [
        [1000, 'fetched'],
        [1001, { kind: 'too_large', facts: { bytes: 1000 } }],
      ] as const) {
        issuer.answer(KEYS_PATH, (_request, response) => {
          if (stated) response.setHeader('content-length', size)
          response.write(`"${'x'.repeat(size - 2)}"`)
          response.end()
        })
        expect(await failureOf()).toEqual(expected)
      }
    }
  })

  it('ends at the bound a body that never ends', async () => {
    issuer.answer(KEYS_PATH, (_request, response) => {
      const more = (): void =>
        void response.write('x'.repeat(64 * 1024), () => response.destroyed || setImmediate(more))
      more()
    })
    expect(await failureOf()).toEqual({ kind: 'too_large', facts: { bytes: 1000 } })
  })

  it('gives up on a slow body', async () => {
    issuer.answer(KEYS_PATH, (_request, response) => void response.write('{"keys":'))
    expect(await failureOf({ ...BOUNDS, timeoutMillis: 1000 })).toEqual({
      kind: 'body_timeout',
      facts: { millis: 1000 },
    })
  })

  it('gives up on an answer that does not come', async () => {
    issuer.answer(KEYS_PATH, () => undefined)
    expect(await failureOf({ ...BOUNDS, timeoutMillis: 60 })).toEqual({ kind: 'answer_timeout', facts: { millis: 60 } })
  })

  it('gives up on a fetch that ignores its signal', async () => {
    const deaf: FetchLike = () => new Promise(() => undefined)
    expect(await failureOf({ ...BOUNDS, timeoutMillis: 20 }, deaf)).toEqual({
      kind: 'answer_timeout',
      facts: { millis: 20 },
    })
  })

  it('says that a connection that is cut was reset', async () => {
    issuer.setDown(true)
    expect(await failureOf()).toEqual({ kind: 'connection_reset', facts: {} })
    issuer.setDown(false)
  })

  it('has no cause for a fetch that throws something else', async () => {
    const broken: FetchLike = () => {
      throw new TypeError('no network')
    }
    expect(await failureOf(BOUNDS, broken)).toEqual({ kind: 'unreachable', facts: {} })
  })

  it.each([
    ['', 'body_empty', {}],
    ['<html>', 'html', { contentType: '""' }],
    ['{"keys":[],"keys":[]}', 'json_member_duplicate', { line: 1, column: 12 }],
    ['{\n"keys":}', 'json_syntax', { line: 2, column: 8 }],
    ['\ufeff{}', 'byte_order_mark', {}],
    ['['.repeat(40), 'json_too_deep', { line: 1, column: 33 }],
  ])('refuses the body %j', async (body, kind, facts) => {
    issuer.answer(KEYS_PATH, (_request, response) => void response.end(body))
    expect(await failureOf()).toEqual({ kind, facts })
  })
})

describe('what the host is asked for', () => {
  /** Answers with `response`, and keeps what it was given. */
  function createHost(response: () => Response | Promise<Response>) {
    const asked: Parameters<FetchLike>[1][] = []
    const get: FetchLike = async (_url, init) => {
      asked.push(init)
      return response()
    }
    return { get, asked }
  }
  const URL = 'https://oidc.example.com/keys'

  it('is a GET that follows no redirect, with a name', async () => {
    const { get, asked } = createHost(() => new Response('{}'))
    await fetchJson(get, URL, BOUNDS)
    const headers = { accept: 'application/json', 'user-agent': expect.stringMatching(/^Postern\/\d/) }
    expect(asked).toEqual([
      { headers, redirect: 'manual', signal: expect.any(AbortSignal), onPhase: expect.any(Function) },
    ])
    await fetchJson(get, URL, { ...BOUNDS, accept: 'text/plain', reach: { mayBePrivate: true } })
    expect(asked[1]).toMatchObject({ headers: { ...headers, accept: 'text/plain' }, reach: { mayBePrivate: true } })
  })

  it('is a POST of JSON, whose headers cannot replace ours', async () => {
    const { get, asked } = createHost(() => new Response('{}'))
    const post = { json: '{"a":1}', headers: { 'content-type': 'text/html', 'user-agent': 'x', signature: 's' } }
    await fetchJson(get, URL, { ...BOUNDS, post })
    expect(asked).toMatchObject([{ method: 'POST', body: '{"a":1}', redirect: 'manual' }])
    expect(asked[0]?.headers).toEqual({
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Postern/),
      signature: 's',
    })
  })

  it.each([
    [{ kind: 'coding_unsupported', coding: 'zstd' }, 'zstd'],
    [{ kind: 'coding_broken', coding: 'gzip' }, 'gzip'],
  ] as const)('may fail for its content: %j', async (failure, coding) => {
    const { get } = createHost(() => Promise.reject(makeContentError(failure)))
    expect(await failureOf(BOUNDS, get)).toEqual({ kind: failure.kind, facts: { coding: `"${coding}"` } })
  })

  it('may name its content only by an error of its own', async () => {
    const broken = (): ReadableStream =>
      new ReadableStream({ pull: () => Promise.reject(Object.assign(new Error(), { code: 'Z_DATA_ERROR' })) })
    const { get } = createHost(() => new Response(broken(), { headers: { 'content-encoding': 'br' } }))
    expect(await failureOf(BOUNDS, get)).toEqual({ kind: 'coding_broken', facts: { coding: '"br"' } })
  })

  it.each(['connect', 'answer'] as const)('may time out while it is in the phase %s', async (phase) => {
    const get: FetchLike = (_url, { onPhase }) => {
      onPhase?.(phase)
      return new Promise(() => undefined)
    }
    expect(await failureOf({ ...BOUNDS, timeoutMillis: 20 }, get)).toEqual({
      kind: `${phase}_timeout`,
      facts: { millis: 20 },
    })
  })

  it('may give up on a connection before we do', async () => {
    const { get } = createHost(() => Promise.reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })))
    expect(await failureOf(BOUNDS, get)).toEqual({ kind: 'connect_timeout', facts: { millis: BOUNDS.timeoutMillis } })
  })

  it('may answer without a body', async () => {
    const { get } = createHost(() => new Response(null))
    expect(await fetchBytes(get, URL, BOUNDS)).toMatchObject({ ok: true, bytes: new Uint8Array() })
  })

  it.each([
    [300, { location: '/x' }, { kind: 'redirected', facts: { status: 300, location: '"/x"' } }],
    [399, {}, { kind: 'redirected', facts: { status: 399, location: 'an unnamed location' } }],
    [400, { location: '/x' }, { kind: 'status_unexpected', facts: { status: 400 } }],
    [429, { 'retry-after': '7' }, { kind: 'rate_limited', facts: { status: 429 }, retryAfterSeconds: 7 }],
    [503, { 'retry-after': '7' }, { kind: 'server_error', facts: { status: 503 }, retryAfterSeconds: 7 }],
    [500, { 'retry-after': '7' }, { kind: 'server_error', facts: { status: 500 } }],
  ])('may answer %d with headers %j', async (status, headers, failure) => {
    const { get } = createHost(() => new Response('', { status, headers }))
    expect(await failureOf(BOUNDS, get)).toEqual(failure)
  })

  it('may hide a redirect', async () => {
    const hidden = Object.defineProperties(new Response(''), {
      type: { value: 'opaqueredirect' },
      status: { value: 0 },
    })
    const { get } = createHost(() => hidden)
    expect(await failureOf(BOUNDS, get)).toEqual({
      kind: 'redirected',
      facts: { status: 0, location: 'an unnamed location' },
    })
  })

  it.each([
    ['whose status is no 200', 500, 1],
    ['that is too large', 200, 2000],
  ])('ends the transfer of an answer %s', async (_what, status, length) => {
    let isCancelled = false
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(length)),
      cancel: () => {
        isCancelled = true
      },
    })
    const { get } = createHost(() => new Response(body, { status }))
    expect(await failureOf(BOUNDS, get)).not.toBe('fetched')
    expect(isCancelled).toBe(true)
  })
})
