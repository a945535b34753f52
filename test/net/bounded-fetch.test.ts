import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FetchBounds, type FetchFailure, type FetchLike, fetchJson } from '../../src/net/bounded-fetch.ts'
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
