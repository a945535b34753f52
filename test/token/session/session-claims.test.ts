// What a session of this version must say: a valid one, with one thing changed.
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { readSession } from '../../../src/token/session/session-claims.ts'

const ATTRIBUTE = { origin: 'k8s_token', name: 'k8s_token.namespace', value: 'ns' }
const PROOF = { type: 'k8s_token', anchor: 'a', facts: {}, tokenId: { issuer: 'https://oidc.example.com', jti: 'j' } }
const AGENT: JsonObject = {
  ver: 1,
  role: 'agent',
  sub: 's',
  jti: 'id',
  iat: 1_760_000_000,
  exp: 1_760_003_600,
  policy: 'p',
  cluster_id: 'c-1',
  attributes: [ATTRIBUTE],
  decision: { digest: 'd', proofs: [PROOF] },
}
const { cluster_id: _, ...issuerClaims } = AGENT
const ISSUER: JsonObject = { ...issuerClaims, role: 'issuer', allowed_clusters: ['c-1', 'c-2'], scope: 'claims status' }

/** The claims without the members that a change sets to `undefined`, as JSON has none. */
function readChanged(claims: JsonObject, change: Readonly<Record<string, unknown>>) {
  return readSession(JSON.parse(JSON.stringify({ ...claims, ...change })) as JsonObject)
}

describe('readSession()', () => {
  it('reads what is said of an agent, and of an issuer', () => {
    const common = {
      id: 'id',
      subject: 's',
      policy: 'p',
      attributes: [ATTRIBUTE],
      decision: { digest: 'd', proofs: [PROOF] },
      issuedAtSeconds: 1_760_000_000,
      expiresAtSeconds: 1_760_003_600,
    }
    const none = { clusterId: undefined, allowedClusters: undefined, scopes: undefined }
    expect(readSession(AGENT)).toEqual({ ...common, ...none, role: 'agent', clusterId: 'c-1' })
    const granted = { allowedClusters: ['c-1', 'c-2'], scopes: ['claims', 'status'] }
    expect(readSession(ISSUER)).toEqual({ ...common, ...none, ...granted, role: 'issuer' })
  })

  it.each<[string, JsonObject, Readonly<Record<string, unknown>>]>([
    ['no decision, as an earlier version', AGENT, { decision: undefined }],
    ['a proof without an id', AGENT, { decision: { digest: 'd', proofs: [{ ...PROOF, tokenId: undefined }] } }],
    ['no attributes', AGENT, { attributes: [] }],
    [
      'a number and a list as values',
      AGENT,
      {
        attributes: [
          { ...ATTRIBUTE, value: 7 },
          { ...ATTRIBUTE, value: ['x'] },
        ],
      },
    ],
    ['no scope and no clusters', ISSUER, { scope: undefined, allowed_clusters: undefined }],
  ])('takes %s', (_what, claims, change) => {
    expect(readChanged(claims, change)).toBeDefined()
  })

  it.each<[string, JsonObject, Readonly<Record<string, unknown>>]>([
    ['another version', AGENT, { ver: 2 }],
    ['another role', AGENT, { role: 'admin' }],
    ['another role, without a cluster', ISSUER, { role: 'admin' }],
    ...['sub', 'jti', 'policy', 'iat', 'exp', 'attributes', 'cluster_id'].map(
      (name): [string, JsonObject, Readonly<Record<string, unknown>>] => [`no ${name}`, AGENT, { [name]: undefined }],
    ),
    ...['sub', 'jti', 'policy', 'cluster_id', 'scope', 'allowed_clusters', 'attributes', 'decision'].map(
      (name): [string, JsonObject, Readonly<Record<string, unknown>>] => [`a number as ${name}`, AGENT, { [name]: 7 }],
    ),
    ['a time with a fraction', AGENT, { iat: 1.5 }],
    ['an end with a fraction', AGENT, { exp: 1.5 }],
    ['an issuer of one cluster', ISSUER, { cluster_id: 'c-1' }],
    ['a cluster that is no string', ISSUER, { allowed_clusters: ['c-1', 7] }],
    ['an attribute that is no object', AGENT, { attributes: [ATTRIBUTE, 'x'] }],
    ['an attribute without an origin', AGENT, { attributes: [{ ...ATTRIBUTE, origin: undefined }] }],
    ['an attribute without a name', AGENT, { attributes: [{ ...ATTRIBUTE, name: undefined }] }],
    ['an attribute without a value', AGENT, { attributes: [{ ...ATTRIBUTE, value: undefined }] }],
    ['an attribute with a fraction', AGENT, { attributes: [{ ...ATTRIBUTE, value: 1.5 }] }],
    ['an attribute with a list of numbers', AGENT, { attributes: [{ ...ATTRIBUTE, value: ['x', 1] }] }],
    ['a decision without a digest', AGENT, { decision: { proofs: [PROOF] } }],
    ['a decision without proofs', AGENT, { decision: { digest: 'd' } }],
    ...[
      { type: undefined },
      { type: 7 },
      { anchor: undefined },
      { facts: undefined },
      { tokenId: 'x' },
      { tokenId: null },
      { tokenId: { jti: 'j' } },
      { tokenId: { issuer: 'i' } },
    ].map((change): [string, JsonObject, Readonly<Record<string, unknown>>] => [
      `a proof with ${JSON.stringify(change)}`,
      AGENT,
      { decision: { digest: 'd', proofs: [PROOF, { ...PROOF, ...change }] } },
    ]),
    ['a proof that is no object', AGENT, { decision: { digest: 'd', proofs: ['x'] } }],
  ])('refuses %s', (_what, claims, change) => {
    expect(readChanged(claims, change)).toBeUndefined()
  })
})
