// Guarded fetch to a host that a caller names (`reach.listedNetworks`): it resolves once, and connects to an address that it
// has checked. The resolver is the test's; the server is on loopback, which development alone may list.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGuardedFetch, type Resolve } from '../../../src/runtime/http/guarded-fetch.ts'

let server: Server
let port: number
const hits: string[] = []
beforeAll(async () => {
  server = createServer((request, response) => {
    hits.push(`${request.headers.host}`)
    response.end('here')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  port = (server.address() as AddressInfo).port
})
afterAll(() => server.closeAllConnections())

/** Answers the lists in turn, the last one from then on; `asked` counts. */
function resolver(...answers: readonly (readonly string[])[]): Resolve & { asked: number; names: string[] } {
  const resolve = ((hostname, _options, done) => {
    resolve.names.push(hostname)
    const addresses = answers[Math.min(resolve.asked++, answers.length - 1)] ?? []
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }) as Resolve & { asked: number; names: string[] }
  resolve.asked = 0
  resolve.names = []
  return resolve
}

interface Options {
  readonly listed?: readonly string[]
  readonly allowLoopback?: boolean
  readonly isForIssuers?: true
}
const OPTIONS = { allowLoopback: true, privateOrigins: new Set<string>(), listedNetworks: ['127.0.0.0/8'] }
const init = () =>
  ({
    headers: {},
    redirect: 'manual',
    signal: AbortSignal.timeout(5000),
    reach: { mayBePrivate: false, listedNetworks: true },
  }) as const

function ask(resolve: Resolve, { listed = ['127.0.0.0/8'], allowLoopback = true, isForIssuers }: Options = {}) {
  hits.length = 0
  const options = { allowLoopback, privateOrigins: new Set([`http://web.lan:${port}`]), listedNetworks: listed }
  return createGuardedFetch({ ...options, resolve })(`http://web.lan:${port}/`, {
    headers: {},
    redirect: 'manual',
    signal: AbortSignal.timeout(5000),
    ...(isForIssuers ? {} : { reach: { mayBePrivate: false, listedNetworks: true } }),
  })
}

describe('a host that a caller names', () => {
  it('is asked at a listed address, by its own name', async () => {
    const resolve = resolver(['127.0.0.1'])
    expect(await (await ask(resolve)).text()).toBe('here')
    expect([hits, resolve.asked]).toEqual([[`web.lan:${port}`], 1])
  })

  it.each([
    ...['10.0.0.1', '192.168.1.1', '169.254.169.254', '100.100.100.200', '0.0.0.0', '224.0.0.1', '::', 'fe80::1'],
    ...['fd00:ec2::254', '::ffff:127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::', '::1'],
  ])('is not asked at %s, which is not listed or never reached', async (address) => {
    await expect(ask(resolver([address]))).rejects.toMatchObject({ code: 'ERR_ADDRESS_NOT_PUBLIC' })
    expect(hits).toEqual([])
  })

  it('is not asked on loopback outside development, even if that is listed', async () => {
    await expect(ask(resolver(['127.0.0.1']), { allowLoopback: false })).rejects.toMatchObject({
      code: 'ERR_ADDRESS_NOT_PUBLIC',
    })
    expect(hits).toEqual([])
  })

  it('is not asked on loopback that development lets issuers have, unless it is listed', async () => {
    await expect(ask(resolver(['127.0.0.1']), { listed: [] })).rejects.toMatchObject({ code: 'ERR_ADDRESS_NOT_PUBLIC' })
    // An origin of PRIVATE_ISSUERS is one for issuers.
    expect(await (await ask(resolver(['127.0.0.1']), { listed: [], isForIssuers: true })).text()).toBe('here')
  })

  it('is asked only at those of its addresses that may be reached', async () => {
    const mixed = resolver(['169.254.169.254', '10.0.0.1', '127.0.0.1'])
    expect(await (await ask(mixed)).text()).toBe('here')
    expect(hits).toHaveLength(1)
  })

  it('is resolved by its whole name, without the search list of the system, unless it is a single label', async () => {
    const whole = resolver(['127.0.0.1'])
    await ask(whole)
    expect(whole.names).toEqual(['web.lan.'])
    const single = resolver(['127.0.0.1'])
    await createGuardedFetch({ ...OPTIONS, resolve: single })(`http://web:${port}/`, init())
    expect(single.names).toEqual(['web'])
    const issuer = resolver(['127.0.0.1'])
    await ask(issuer, { isForIssuers: true })
    expect(issuer.names).toEqual(['web.lan'])
  })

  it('is resolved once: a name that changes its address meanwhile (DNS rebinding) changes nothing', async () => {
    const there = resolver(['127.0.0.1'], ['169.254.169.254'])
    expect(await (await ask(there)).text()).toBe('here')
    expect(there.asked).toBe(1)
    const elsewhere = resolver(['169.254.169.254'], ['127.0.0.1'])
    await expect(ask(elsewhere)).rejects.toMatchObject({ code: 'ERR_ADDRESS_NOT_PUBLIC' })
    expect([elsewhere.asked, hits]).toEqual([1, []])
  })

  it.each(['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::1]', '[::ffff:7f00:1]'])(
    'is not asked outside development where the URL has the address %s',
    async (host) => {
      hits.length = 0
      const guarded = createGuardedFetch({ allowLoopback: false, privateOrigins: new Set(), listedNetworks: [] })
      await expect(guarded(`http://${host}:${port}/`, init())).rejects.toMatchObject({ code: 'ERR_ADDRESS_NOT_PUBLIC' })
      expect(hits).toEqual([])
    },
  )
})
