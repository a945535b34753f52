// Strings that a token is compared with: what no token holds is a warning, at its place.
import { describe, expect, it } from 'vitest'
import { compileConfig } from '../policy/fixture.ts'

const jwksURI = 'https://keys.example.com/jwks'
const issuer = 'https://kubernetes.default.svc.cluster.local'
const pins = { serviceAccountNamespace: 'a', serviceAccountName: 'b' }

function warned(change: object): readonly string[] {
  const { requirement, issues } = compileConfig({ issuerURL: issuer, jwksURI, ...pins, ...change })
  expect(requirement).toBeDefined()
  return issues.map(({ code, path, offset }) => `${code} ${path.join('.')} ${offset}`)
}

describe('an issuer whose keys come from elsewhere', () => {
  it.each([
    issuer,
    `${issuer}/`,
    'https://oidc.example.com/id/1',
    'kubernetes/serviceaccount',
    `${issuer}/.well-known`,
  ])('may be %s', (issuerURL) => expect(warned({ issuerURL })).toEqual([]))

  it.each<[string, string, number]>([
    ['the address of its discovery document', `${issuer}/.well-known/openid-configuration`, issuer.length],
    ['the address of another of its documents', `${issuer}/.well-known/jwks.json`, issuer.length],
    ['a zero width space behind it', `${issuer}\u200b`, issuer.length],
    ['a byte order mark in front of it', `\ufeff${issuer}`, 0],
    ['a blank behind it', `${issuer} `, issuer.length],
    ['a blank in front of it', ` ${issuer}`, 0],
    ['a tab behind it', `${issuer}\t`, issuer.length],
    ['a line end behind it', `${issuer}\n`, issuer.length],
    ['a no-break space in it', 'https://a.example\u00a0/b', 17],
    ['a letter that only looks like one', 'https://ex\u0430mple.com', 10],
  ])('is warned of with %s', (_what, issuerURL, offset) => {
    expect(warned({ issuerURL })).toEqual([`value_suspicious issuerURL ${offset}`])
    const inline = compileConfig({ issuerURL, jwks: { keys: [{ kty: 'EC' }] }, ...pins }).issues
    expect(inline.map(({ code }) => code)).toContain('key_unusable')
  })
})

describe('other strings that are compared literally', () => {
  it.each<[string, object, string]>([
    ['namespace', { serviceAccountNamespace: 'a ' }, 'value_suspicious serviceAccountNamespace 1'],
    ['account', { serviceAccountName: 'b\n' }, 'value_suspicious serviceAccountName 1'],
    ['audience', { audiences: ['x', 'y\u200b'] }, 'value_suspicious audiences.1 1'],
    ['account pattern', { allowedServiceAccounts: ['a:\u00a0b'] }, 'value_suspicious allowedServiceAccounts.0 2'],
    ['node', { allowedNodes: ['ip-10-*', '\tip'] }, 'value_suspicious allowedNodes.1 0'],
  ])('are warned of: %s', (_what, change, expected) => {
    expect(warned(change)).toEqual([expected])
  })
})
