// What a policy accepts, its keys are fetched from: the compiler and the loader ask one function.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadKeys } from '../../src/token/keys/discovery.ts'
import { type FetchedSpec, makeDiscoveryUrl } from '../../src/token/keys/key-source-spec.ts'
import { compile } from '../config/document.ts'

const urlPolicy = { allowLoopback: false, privateOrigins: new Set(['https://kubernetes.default.svc']) }

function attestation(config: object): string {
  const policies = [{ name: 'p', requiredAttestors: [{ type: 'k8s_token', config }] }]
  return JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: { policies } })
}

function compiles(config: object): boolean {
  return compile('AgentAttestation', attestation(config), { urlPolicy }).ok
}

/** What the loader fetches first, or why it fetches nothing. */
async function firstFetch(spec: FetchedSpec): Promise<string> {
  const asked: string[] = []
  const loaded = await loadKeys(spec, {
    urlPolicy,
    fetch: (url) => {
      asked.push(String(url))
      return Promise.resolve(new Response('{}', { headers: { 'content-type': 'application/json' } }))
    },
  })
  return asked[0] ?? (!loaded.ok && loaded.failure.kind === 'url_forbidden' ? 'url_forbidden' : 'nothing')
}

const URLS: readonly [string, string][] = [
  ['a path', 'https://oidc.example.com/id/1'],
  ['a trailing slash', 'https://oidc.example.com/id/'],
  ['a query', 'https://example.org/foo?a=b'],
  ['an empty query', 'https://example.org/foo?'],
  ['a wildcard', 'https://*.example.com'],
  ['an empty label', 'https://a..com'],
  ['a port out of range', 'https://a.example.com:65536'],
  ['port zero', 'https://a.example.com:0'],
  ['an IDN', 'https://b\u00fccher.example.com'],
  ['punycode', 'https://xn--bcher-kva.example.com'],
  ['punycode that encodes nothing', 'https://xn--.example.com'],
  ['a trailing dot', 'https://a.example.com.'],
  ['a percent-encoded host', 'https://%61.example.com'],
  ['an IPv6 zone', 'https://[fe80::1%25eth0]'],
  ['an IPv6 address', 'https://[2606:4700::1111]'],
  ['two slashes in the path', 'https://a.example.com//b'],
  ['a parent segment', 'https://a.example.com/b/../c'],
  ['a fragment', 'https://a.example.com/#b'],
  ['a user', 'https://a@b.example.com'],
  ['2,048 characters', 'https://a.example.com/'.padEnd(2048, 'x')],
  ['2,049 characters', 'https://a.example.com/'.padEnd(2049, 'x')],
  ['a private origin that is listed', 'https://kubernetes.default.svc/x'],
  ['a private origin that is not listed', 'https://kubernetes.default.svc:6443/x'],
]

describe('a URL of a policy', () => {
  it.each(URLS)('with %s compiles as an issuer exactly if its keys would be fetched', async (_what, url) => {
    const fetched = await firstFetch({ kind: 'discovery', issuer: url })
    expect([url, compiles({ issuerURL: url })]).toEqual([url, fetched !== 'url_forbidden'])
    if (fetched !== 'url_forbidden') expect(fetched).toBe(makeDiscoveryUrl(url))
  })

  it.each(URLS)('with %s compiles as jwksURI exactly if its keys would be fetched', async (_what, url) => {
    const fetched = await firstFetch({ kind: 'jwks_uri', url })
    const config = { issuerURL: 'https://kubernetes.default.svc', jwksURI: url }
    expect([url, compiles(config)]).toEqual([url, fetched !== 'url_forbidden'])
  })

  it('compiles exactly if its keys would be fetched, whatever it is', async () => {
    const piece = fc.constantFrom(
      ...[
        'https://',
        'http://',
        'a',
        '.',
        '..',
        '/',
        '//',
        '?',
        '#',
        '@',
        ':',
        '%2e',
        '%',
        '*',
        '[',
        ']',
        '::1',
        '443',
      ],
      ...['0', '65536', 'example.com', 'xn--', '\u00fc', '\u200b', ' ', '_', '-', 'localhost', '.local', '127.0.0.1'],
    )
    const text = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(''))
    const url = fc.oneof(
      text,
      text.map((rest) => `https://a.example.com${rest}`),
      text.map((rest) => `https://${rest}`),
    )
    await fc.assert(
      fc.asyncProperty(url, async (issuerURL) => {
        const discovers = (await firstFetch({ kind: 'discovery', issuer: issuerURL })) !== 'url_forbidden'
        expect(compiles({ issuerURL })).toBe(discovers)
        const loads = (await firstFetch({ kind: 'jwks_uri', url: issuerURL })) !== 'url_forbidden'
        expect(compiles({ issuerURL: 'https://b.example.com', jwksURI: issuerURL })).toBe(loads)
      }),
    )
  })
})
