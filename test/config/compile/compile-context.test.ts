// The gateway and the tool compile with the same settings: what they are made of decides alike for both.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { EVERY_FEATURE } from '../../../src/attest/host-features.ts'
import { compileDocument } from '../../../src/config/compile/compile.ts'
import { createContextFor } from '../../../src/config/compile/compile-context.ts'
import { clusterKey, parseClusterId, trustDomainKey } from '../../../src/config/document-key.ts'
import { isError } from '../../../src/core/issue.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'
import { TABLE } from '../compile-context.ts'

const settings = {
  trustDomain: 'example.org',
  issuerUrl: 'https://login.example.org',
  allowLoopbackIssuers: false,
  privateIssuers: ['https://10.0.0.1:6443'],
  canSeal: true,
  canClaim: true,
  hostFeatures: EVERY_FEATURE,
  audience: 'spiffe://example.org',
}

function codes(issuerURL: string, change: Partial<typeof settings> = {}): readonly string[] {
  const id = parseClusterId('c-1')
  if (id === undefined) throw new Error('no id')
  const policies = [{ name: 'p', requiredAttestors: [{ type: 'k8s_token', config: { issuerURL } }] }]
  const bytes = encodeUtf8(JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: { policies } }))
  const context = createContextFor({ ...settings, ...change }, TABLE)(clusterKey(id, 'AgentAttestation'))
  const result = compileDocument('AgentAttestation', bytes, context)
  return result.ok ? [] : result.issues.filter(isError).map(({ code }) => code)
}

describe('createContextFor()', () => {
  it.each<[string, string, Partial<typeof settings>, readonly string[]]>([
    ['a public issuer', 'https://oidc.example.com', {}, []],
    ['the gateway itself', 'https://login.example.org', {}, ['issuer_forbidden']],
    ['a private origin that is listed', 'https://10.0.0.1:6443', {}, []],
    ['a private origin that is not', 'https://10.0.0.1:6443', { privateIssuers: [] }, ['url_forbidden']],
    ['loopback', 'http://127.0.0.1:1', {}, ['url_forbidden']],
    ['loopback in development', 'http://127.0.0.1:1', { allowLoopbackIssuers: true }, []],
  ])('decides on %s', (_what, issuer, change, expected) => {
    expect(codes(issuer, change)).toEqual(expected)
  })

  it('asks for exact pins in the trust domain alone', () => {
    const contextFor = createContextFor(settings, TABLE)
    expect(contextFor(trustDomainKey('TrustDomain')).exactPins).toBe(true)
    const id = parseClusterId('c-1')
    if (id !== undefined) expect(contextFor(clusterKey(id, 'Cluster')).exactPins).toBe(false)
  })

  it('is the only place that makes a context of settings', () => {
    const makers = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
      (file) =>
        file.endsWith('.ts') &&
        /exactPins: (?!true)(?!boolean)|privateOrigins: new Set/.test(readFileSync(`src/${file}`, 'utf8')),
    )
    expect(makers).toEqual(['config/compile/compile-context.ts'])
  })
})
