import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FetchBounds, type FetchFailure, type FetchLike, fetchJson } from '../../src/token/bounded-fetch.ts'
import { KEYS_PATH, sendJson, startIssuer, type TestIssuer } from './issuer.ts'

const BOUNDS: FetchBounds = { maxBytes: 1000, timeoutMillis: 2_000 }

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await startIssuer()
})
afterAll(() => issuer.stop())

async function failureOf(bounds: FetchBounds = BOUNDS, get: FetchLike = fetch): Promise<FetchFailure | 'fetched'> {
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
    expect(await failureOf()).toEqual({ kind: 'redirected', status })
    expect(issuer.requests.slice(before)).toEqual([KEYS_PATH])
  })

  it.each([201, 204, 400, 401, 403, 404, 429, 500, 503])('takes no answer of status %d', async (status) => {
    issuer.answer(KEYS_PATH, (_request, response) => void response.writeHead(status).end(status === 204 ? '' : '{}'))
    expect(await failureOf()).toEqual({ kind: 'status', status })
  })

  it('takes a body of the largest size and none of one byte more, length stated or not', async () => {
    for (const stated of [true, false]) {
      for (const [size, expected] of [
        [1000, 'fetched'],
        [1001, { kind: 'too_large', maxBytes: 1000 }],
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
    expect(await failureOf()).toEqual({ kind: 'too_large', maxBytes: 1000 })
  })

  it('gives up on a slow body', async () => {
    issuer.answer(KEYS_PATH, (_request, response) => void response.write('{"keys":'))
    expect(await failureOf({ ...BOUNDS, timeoutMillis: 60 })).toEqual({ kind: 'timeout', timeoutMillis: 60 })
  })

  it('gives up on an answer that does not come', async () => {
    issuer.answer(KEYS_PATH, () => undefined)
    expect(await failureOf({ ...BOUNDS, timeoutMillis: 60 })).toEqual({ kind: 'timeout', timeoutMillis: 60 })
  })

  it('gives up on a fetch that ignores its signal', async () => {
    const deaf: FetchLike = () => new Promise(() => undefined)
    expect(await failureOf({ ...BOUNDS, timeoutMillis: 20 }, deaf)).toEqual({ kind: 'timeout', timeoutMillis: 20 })
  })

  it('says that a connection that is cut is unreachable', async () => {
    issuer.setDown(true)
    expect(await failureOf()).toEqual({ kind: 'unreachable' })
    issuer.setDown(false)
  })

  it('says the same of a fetch that throws', async () => {
    const broken: FetchLike = () => {
      throw new TypeError('no network')
    }
    expect(await failureOf(BOUNDS, broken)).toEqual({ kind: 'unreachable' })
  })

  it.each([
    ['', 'syntax_invalid'],
    ['<html>', 'syntax_invalid'],
    ['{"keys":[],"keys":[]}', 'member_duplicate'],
    ['\ufeff{}', 'encoding_invalid'],
    ['['.repeat(40), 'depth_exceeded'],
  ])('refuses the body %j', async (body, fault) => {
    issuer.answer(KEYS_PATH, (_request, response) => void response.end(body))
    expect(await failureOf()).toEqual({ kind: 'malformed', fault })
  })
})
