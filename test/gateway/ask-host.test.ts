// The question to a host that a caller names: its bounds, its deadline, how many at once, and what is claimed before it.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { HTTP_DNS_BODY_MAX_BYTES, HTTP_DNS_PER_HOST_MAX, HTTP_DNS_TIMEOUT_MILLIS } from '../../src/core/limits.ts'
import { pass, refuse } from '../../src/core/result.ts'
import { createHostAsker } from '../../src/gateway/ask-host.ts'
import type { FetchLike } from '../../src/net/bounded-fetch.ts'

const PLACE = { hostname: 'web.lan', port: 3470, path: '/.well-known/postern/http-dns/1' }
const asked: { readonly url: string; readonly init: Parameters<FetchLike>[1] }[] = []
afterEach(() => {
  asked.length = 0
  vi.restoreAllMocks()
})

const answering = (answer: () => Response | Promise<Response>) =>
  createHostAsker(async (url, init) => {
    asked.push({ url, init })
    return answer()
  })
const causeOf = async (answer: () => Response | Promise<Response>): Promise<string> => {
  const served = await answering(answer)(PLACE)
  return served.kind === 'failed' ? served.cause : served.kind
}

describe('the question', () => {
  it('is one GET, without redirects, to listed networks', async () => {
    expect(await causeOf(() => new Response('x'))).toBe('answered')
    expect(asked).toMatchObject([
      {
        url: 'http://web.lan:3470/.well-known/postern/http-dns/1',
        init: { redirect: 'manual', reach: { mayBePrivate: false, listedNetworks: true } },
      },
    ])
    expect(asked[0]?.init).not.toHaveProperty('method')
    expect(asked[0]?.init).not.toHaveProperty('body')
  })

  it.each<[string, () => Response, string]>([
    ['as long as it may be', () => new Response('x'.repeat(HTTP_DNS_BODY_MAX_BYTES)), 'answered'],
    ['longer', () => new Response('x'.repeat(HTTP_DNS_BODY_MAX_BYTES + 1)), 'too_large'],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'http://127.0.0.1/' } }), 'redirected'],
    ['a permanent redirect', () => new Response(null, { status: 308, headers: { location: '/' } }), 'redirected'],
    ['not found', () => new Response('x', { status: 404 }), 'not_found'],
    ['created', () => new Response('x', { status: 201 }), 'status_unexpected'],
    ['a fault', () => new Response('x', { status: 500 }), 'server_error'],
  ])('is answered by a body that is %s', async (_what, answer, cause) => {
    expect(await causeOf(answer)).toBe(cause)
    expect(asked).toHaveLength(1)
  })

  it.each<[string, string]>([
    ['ECONNREFUSED', 'connection_refused'],
    ['ENOTFOUND', 'name_unresolved'],
    ['ERR_ADDRESS_NOT_PUBLIC', 'address_private'],
  ])('fails by %s as %s', async (code, cause) => {
    const failing = () => Promise.reject(Object.assign(new Error('no'), { code }))
    expect(await causeOf(failing)).toBe(cause)
  })

  it('says where to list a private address, and nothing of issuers', async () => {
    const served = await answering(() =>
      Promise.reject(Object.assign(new Error('no'), { code: 'ERR_ADDRESS_NOT_PUBLIC' })),
    )(PLACE)
    expect(JSON.stringify(served)).toContain('HTTP_DNS_NETWORKS')
    expect(JSON.stringify(served)).not.toContain('PRIVATE_ISSUERS')
  })

  it('ends at its deadline, on a host that never answers', async () => {
    const deadline = new AbortController()
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(deadline.signal)
    const waiting = causeOf(() => new Promise<Response>(() => undefined))
    deadline.abort()
    expect(await waiting).toBe('answer_timeout')
    expect(timeout.mock.calls).toEqual([[HTTP_DNS_TIMEOUT_MILLIS]])
    expect(HTTP_DNS_TIMEOUT_MILLIS).toBe(10_000)
  })
})

describe('questions at once', () => {
  it('are four to one host name, whatever the port, and the next one is let in when one has ended', async () => {
    const ends: (() => void)[] = []
    const ask = answering(() => new Promise((answer) => ends.push(() => answer(new Response('x')))))
    const first = Array.from({ length: HTTP_DNS_PER_HOST_MAX }, (_, at) => ask({ ...PLACE, port: 3470 + at }))
    const claims: string[] = []
    const claim = async () => {
      claims.push('claimed')
      return pass(undefined)
    }
    expect(await ask(PLACE, claim)).toMatchObject({ kind: 'failed', cause: 'busy' })
    // A challenge is not spent on a request that is not made.
    expect([claims, asked.length]).toEqual([[], HTTP_DNS_PER_HOST_MAX])
    const other = ask({ ...PLACE, hostname: 'db.lan' })
    await vi.waitFor(() => expect(ends).toHaveLength(HTTP_DNS_PER_HOST_MAX + 1))
    ends[0]?.()
    expect(await first[0]).toMatchObject({ kind: 'answered' })
    const next = ask(PLACE, claim)
    await vi.waitFor(() => expect(ends).toHaveLength(HTTP_DNS_PER_HOST_MAX + 2))
    for (const end of ends) end()
    expect((await Promise.all([...first, other, next])).map(({ kind }) => kind)).toEqual(
      Array(HTTP_DNS_PER_HOST_MAX + 2).fill('answered'),
    )
    expect(claims).toEqual(['claimed'])
  })

  it('free their place also where they fail, or where a claim is refused or throws', async () => {
    const ask = answering(() => Promise.reject(new Error('no')))
    const refusal = { code: 'evidence_replayed', detail: 'seen' } as const
    for (let count = 0; count < 2 * HTTP_DNS_PER_HOST_MAX; count++) {
      expect(await ask(PLACE)).toMatchObject({ kind: 'failed', cause: 'unreachable' })
      expect(await ask(PLACE, async () => refuse(refusal))).toEqual({ kind: 'refused', refusal })
      await expect(ask(PLACE, () => Promise.reject(new Error('a fault')))).rejects.toThrow('a fault')
    }
    // What was not claimed is not asked.
    expect(asked).toHaveLength(2 * HTTP_DNS_PER_HOST_MAX)
  })
})
