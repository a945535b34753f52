// What the fetch of Workers does to a response as workerd hands it over: `gzip` and `br` decoded, with the header kept,
// and everything else as it came. That workerd does so is held by the conformance tests.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { QUOTED_MAX_CHARACTERS } from '../../../src/core/limits.ts'
import { quoteText } from '../../../src/core/printable.ts'
import { type FetchedJson, fetchJson } from '../../../src/net/bounded-fetch.ts'
import { createWorkerFetch } from '../../../src/runtime/http/worker-fetch.ts'

const DOCUMENT = '{"keys":[]}'
const BOUNDS = { maxBytes: 1000, timeoutMillis: 2_000 }

interface Body {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly pulls: () => number
  readonly isCancelled: () => boolean
}

function makeBody(chunks: Iterable<Uint8Array>, end?: Error): Body {
  const left = chunks[Symbol.iterator]()
  let pulls = 0
  let isCancelled = false
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        const { done, value } = left.next()
        if (done !== true) {
          pulls++
          controller.enqueue(Uint8Array.from(value))
        } else if (end === undefined) controller.close()
        else controller.error(end)
      },
      cancel() {
        isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, pulls: () => pulls, isCancelled: () => isCancelled }
}

function get(coding: string | undefined, { stream }: Body, status = 200): Promise<FetchedJson> {
  const headers = coding === undefined ? {} : { 'content-encoding': coding }
  const fetch = createWorkerFetch(async () => new Response(stream, { status, headers }))
  return fetchJson(fetch, 'https://issuer.example/keys', BOUNDS)
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('createWorkerFetch()', () => {
  it('sends nothing where it would have to trust authorities of a document', async () => {
    let sent = 0
    const fetch = createWorkerFetch(async () => {
      sent++
      return Response.json({})
    })
    const reach = { mayBePrivate: false, authorities: ['PEM'] }
    expect((await fetchJson(fetch, 'https://webhook.example/', { ...BOUNDS, reach })).ok).toBe(false)
    expect((await fetchJson(fetch, 'https://webhook.example/', { ...BOUNDS, reach: { mayBePrivate: false } })).ok).toBe(
      true,
    )
    expect(sent).toBe(1)
  })

  it.each([
    ['no coding', undefined, bytes(DOCUMENT)],
    ['identity', 'identity', bytes(DOCUMENT)],
    ['gzip, decoded already', 'gzip', bytes(DOCUMENT)],
    ['br, decoded already', 'br', bytes(DOCUMENT)],
    ['x-gzip, as it came', 'x-gzip', gzipSync(DOCUMENT)],
    ['deflate, as it came', 'deflate', deflateSync(DOCUMENT)],
  ])('reads %s', async (_what, coding, content) => {
    expect(await get(coding, makeBody([content]))).toMatchObject({
      ok: true,
      value: { keys: [] },
      bytes: DOCUMENT.length,
    })
  })

  it.each([
    ['zstd', bytes('(\xb5/\xfd')],
    ['GZIP', gzipSync(DOCUMENT)],
    ['gzip, br', brotliCompressSync(gzipSync(DOCUMENT))],
    ['gzip, gzip', gzipSync(gzipSync(DOCUMENT))],
  ])('refuses %s, and reads none of it', async (coding, content) => {
    const body = makeBody([content])
    expect(await get(coding, body)).toEqual({
      ok: false,
      failure: { kind: 'coding_unsupported', facts: { coding: quoteText(coding) } },
    })
    expect([body.pulls(), body.isCancelled()]).toEqual([0, true])
  })

  it.each([QUOTED_MAX_CHARACTERS, QUOTED_MAX_CHARACTERS + 1, 20_000])(
    'keeps no more than the bound of a coding whose name has %d characters',
    async (length) => {
      const name = 'x'.repeat(length)
      const fetched = await get(name, makeBody([bytes(DOCUMENT)]))
      const kept =
        fetched.ok || fetched.failure.kind !== 'coding_unsupported' ? '' : String(fetched.failure.facts['coding'])
      expect(kept.length).toBeLessThanOrEqual(QUOTED_MAX_CHARACTERS + '""…'.length)
      expect(kept === quoteText(name)).toBe(length <= QUOTED_MAX_CHARACTERS)
    },
  )

  it.each([
    ['deflate', 'deflate', bytes(DOCUMENT), undefined, { kind: 'coding_broken', facts: { coding: '"deflate"' } }],
    [
      'deflate without its header',
      'deflate',
      deflateRawSync(DOCUMENT),
      undefined,
      { kind: 'coding_broken', facts: { coding: '"deflate"' } },
    ],
    [
      'what workerd says of gzip',
      'gzip',
      bytes('{'),
      new TypeError('Gzip decompression failed.'),
      { kind: 'coding_broken', facts: { coding: '"gzip"' } },
    ],
    [
      'what workerd says of br',
      'br',
      bytes('{'),
      new TypeError('Brotli compressed stream ended prematurely.'),
      { kind: 'coding_broken', facts: { coding: '"br"' } },
    ],
    ['a lost connection', 'gzip', bytes('{'), new Error('Network connection lost.'), { kind: 'body_cut', facts: {} }],
  ] as const)('tells damaged content from a transfer that failed: %s', async (_what, coding, content, end, failure) => {
    expect(await get(coding, makeBody([content], end))).toEqual({ ok: false, failure })
  })

  it('leaves the coding of other answers alone', async () => {
    expect(await get('zstd', makeBody([bytes('x')]), 404)).toEqual({
      ok: false,
      failure: { kind: 'not_found', facts: { status: 404 } },
    })
  })
})

describe('what only other hosts can do', () => {
  it.each([
    ['authorities of its own', { mayBePrivate: false, authorities: ['-----BEGIN CERTIFICATE-----'] }],
    ['networks that are listed', { mayBePrivate: false, listedNetworks: true }],
  ] as const)('is not asked of the platform: %s', async (_what, reach) => {
    let asked = 0
    const workerFetch = createWorkerFetch(async () => {
      asked++
      return new Response(DOCUMENT)
    })
    const init = { headers: {}, redirect: 'manual', signal: AbortSignal.timeout(1000) } as const
    await expect(workerFetch('https://a.example', { ...init, reach })).rejects.toThrow('Workers cannot choose')
    expect(asked).toBe(0)
  })
})
