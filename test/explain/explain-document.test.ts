// `postern/explain`: a verdict for a page or a pipeline, from a document, a body and a time alone.
import { beforeAll, describe, expect, it } from 'vitest'
import { explainDocument, type LoginToExplain, validateDocument } from '../../src/explain/explain-document.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { createSigningKey, type SigningKey, serviceAccountClaims, signClaims } from '../token/issuer.ts'

const NOW = 1_800_000_000
const ISSUER = 'https://oidc.example.com/id/1'
const settings = { trustDomain: 'example.org' }
const module = loadPolicyVm()

const documentOf = (change: object = {}): string =>
  JSON.stringify({
    section: 'AgentAttestation',
    schema: 'v1',
    spec: {
      policies: [
        {
          name: 'own',
          requiredAttestors: [
            { type: 'k8s_token', config: { issuerURL: ISSUER, serviceAccountName: 'spirl-agent', ...change } },
          ],
        },
      ],
    },
  })
const REVOCATIONS = JSON.stringify({ section: 'Revocations', schema: 'v1', spec: {} })
const bodyOf = (token: string): string => JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] })

let key: SigningKey
let other: SigningKey
let token: string
beforeAll(async () => {
  key = await createSigningKey('key-1')
  other = await createSigningKey('key-1')
  token = await signClaims(key, serviceAccountClaims(NOW, { iss: ISSUER }))
})

const explain = (change: Partial<LoginToExplain> = {}) =>
  explainDocument({
    document: documentOf(),
    evidence: bodyOf(token),
    settings,
    atSeconds: NOW,
    jwks: { keys: [key.publicJwk] },
    module,
    ...change,
  })

describe('a login', () => {
  it.each<[string, () => Partial<LoginToExplain>, object]>([
    ['of a body, with the key set', () => ({}), { kind: 'admitted', policy: 'own' }],
    ['of a bare token with space about it', () => ({ evidence: `\n${token}\n` }), { kind: 'admitted' }],
    ['without the key set', () => ({ jwks: undefined }) as object, { kind: 'undecided', policies: ['own'] }],
    [
      'signed by another key of the same id',
      () => ({ jwks: { keys: [other.publicJwk] } }),
      { kind: 'refused', answer: { status: 401, code: 'login_refused' } },
    ],
    ['after the end of its token', () => ({ atSeconds: NOW + 86_400 }), { kind: 'refused', answer: { status: 401 } }],
    [
      'of another service account',
      () => ({ document: documentOf({ serviceAccountName: 'x' }) }),
      { kind: 'refused', answer: { status: 403 } },
    ],
    [
      'within the skew that is given, and not without',
      () => ({ atSeconds: NOW + 3600 + 10, clockSkewSeconds: 0 }),
      { kind: 'refused', answer: { status: 401 } },
    ],
  ])('%s', async (_name, change, verdict) => {
    const made = await explain(change())
    expect(made).toMatchObject({ kind: 'explained', verdict })
    expect(JSON.stringify(made)).not.toContain(token.split('.')[2])
  })

  it.each<[string, string]>([
    ['', 'request_malformed'],
    ['{', 'request_malformed'],
    ['{}', 'request_malformed'],
    ['{"attestations":[{"type":"nobody","evidence":{}}]}', 'login_refused'],
  ])('of the body %j has no verdict of a policy', async (evidence, code) => {
    const made = await explain({ evidence })
    expect(made.kind === 'invalid_document' ? undefined : made.verdict).toMatchObject({
      kind: 'refused',
      answer: { code },
    })
  })

  it.each<[string, string, object]>([
    ['has an unknown field', documentOf({ isuerURL: 'x' }), { valid: false, section: 'AgentAttestation' }],
    ['has no section', '{}', { valid: false }],
    ['is of no login', REVOCATIONS, { section: 'Revocations' }],
    ['is no YAML', '{', { valid: false }],
  ])('is not judged by a document that %s', async (_name, document, validated) => {
    expect(await explain({ document })).toMatchObject({ kind: 'invalid_document', document: validated })
    expect(await validateDocument(document, settings)).toMatchObject(validated)
  })

  it.each<[string, Partial<LoginToExplain>]>([
    ['a time that is none', { atSeconds: Number.NaN }],
    ['a time before 1970', { atSeconds: -1 }],
    ['a skew in parts of seconds', { clockSkewSeconds: 0.5 }],
    ['a key set that is none', { jwks: { keys: 'x' } }],
  ])('is refused for %s', (_name, change) => expect(explain(change)).rejects.toThrow(TypeError))
})
