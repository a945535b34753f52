import { describe, expect, it } from 'vitest'
import { readKeySet } from '../../../src/token/keys/key-set.ts'
import { type KeySourceSpec, makeDiscoveryUrl, makeKeySourceId } from '../../../src/token/keys/key-source-spec.ts'

describe('identity', () => {
  it('tells sources by where keys come from', () => {
    const keys = readKeySet({ keys: [] })
    if (keys === undefined) throw new Error('not a key set')
    const specs: KeySourceSpec[] = [
      { kind: 'discovery', issuer: 'https://a.example.com' },
      { kind: 'discovery', issuer: 'https://a.example.com/' },
      { kind: 'discovery', issuer: 'https://a.example.com', jwksOrigins: ['https://b.example.com'] },
      { kind: 'jwks_uri', url: 'https://a.example.com' },
      { kind: 'inline', digest: 'sha256:00', keys },
      { kind: 'inline', digest: 'sha256:01', keys },
    ]
    expect(new Set(specs.map(makeKeySourceId)).size).toBe(specs.length)
  })
})

describe('discovery', () => {
  it.each([
    ['https://a.example.com', 'https://a.example.com/.well-known/openid-configuration'],
    ['https://a.example.com/', 'https://a.example.com/.well-known/openid-configuration'],
    ['https://a.example.com/id/1/', 'https://a.example.com/id/1/.well-known/openid-configuration'],
    ['https://a.example.com/id/1//', 'https://a.example.com/id/1//.well-known/openid-configuration'],
  ])('discovers %s at %s', (name, url) => {
    expect(makeDiscoveryUrl(name)).toBe(url)
  })
})
