// The mapping as a whole, held to properties: whatever the values are, nothing appears that no template has.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attributes, AttributeValue } from '../../../src/attribute/attribute.ts'
import { parseDistinguishedName } from '../../../src/identity/distinguished-name.ts'
import { parseDnsName } from '../../../src/identity/dns-name.ts'
import { createPathPrefixes, type PathBounds } from '../../../src/identity/path-prefixes.ts'
import { parseSpiffeId } from '../../../src/identity/spiffe-id.ts'
import { type Identity, type MappingContext, mapWorkload } from '../../../src/policy/mapping/mapping.ts'
import { compile } from '../../config/document.ts'
import { contextOf } from '../mapping-context.ts'

function boundsOf(side: PathBounds['side'], ...paths: readonly string[]): PathBounds {
  return { side, prefixes: createPathPrefixes(paths) }
}

const WEB: Attributes = new Map<string, AttributeValue>([
  ['kubernetes.pod.namespace', 'default'],
  ['kubernetes.pod.service_account', 'web'],
  ['kubernetes.pod.image_count', 2],
  ['jwt.claim.groups', ['a', 'b']],
])

const identityOf = (spec: object, attributes = WEB, change: Partial<MappingContext> = {}): Identity => {
  const mapped = mapWorkload(attributes, contextOf(spec, change))
  if (!mapped.ok) throw new Error(`${mapped.refusal.code}: ${mapped.refusal.detail}`)
  return mapped.value
}
const codeOf = (spec: object, attributes = WEB, change: Partial<MappingContext> = {}): string | undefined => {
  const mapped = mapWorkload(attributes, contextOf(spec, change))
  return mapped.ok ? undefined : mapped.refusal.code
}

describe('mapWorkload()', () => {
  it('keeps a list that a claim refers to alone, and writes counts as text', () => {
    const additionalClaims = { groups: '{{jwt.claim.groups}}', count: 'n{{kubernetes.pod.image_count}}' }
    expect(identityOf({ policy: { jwt: { additionalClaims } } }).jwt.claims).toEqual({
      groups: ['a', 'b'],
      count: 'n2',
    })
    expect(codeOf({ policy: { jwt: { additionalClaims: { groups: 'x{{jwt.claim.groups}}' } } } })).toBe(
      'attribute_invalid',
    )
  })

  it.each(['kubernetes.pod.namespace', 'cluster.name'])('lets no name come from two sides: %s', (name) => {
    expect(codeOf({}, WEB, { agent: new Map([[name, 'x']]) })).toBe('attribute_conflict')
  })

  it('refuses by the gate of what was selected, and not by that of another part', () => {
    const spec = { policyOverrides: [{ when: { 'kubernetes.pod.namespace': 'prod' }, policy: {} }] }
    const refusal = { code: 'version_required', detail: 'x' } as const
    const gates: MappingContext['gates'] = {
      undecidable: undefined,
      refusalFor: ({ index }) => (index === 0 ? refusal : undefined),
    }
    expect(codeOf(spec, WEB, { gates })).toBeUndefined()
    expect(codeOf(spec, new Map([...WEB, ['kubernetes.pod.namespace', 'prod']]), { gates })).toBe('version_required')
  })

  it.each<[string, number, string | undefined]>([
    ['before the one that holds', 0, 'attribute_not_enabled'],
    ['the one that holds itself', 1, 'attribute_not_enabled'],
    ['behind the one that holds', 2, undefined],
  ])('refuses past an override that cannot be decided: it is %s', (_what, index, code) => {
    const when = (name: string) => ({ when: { 'kubernetes.pod.namespace': name }, policy: {} })
    const spec = { policyOverrides: [when('a'), when('default'), when('b')] }
    const undecidable = { index, refusal: { code: 'attribute_not_enabled', detail: 'x' } } as const
    expect(codeOf(spec, WEB, { gates: { undecidable, refusalFor: () => undefined } })).toBe(code)
  })

  it('refuses past an override that cannot be decided where none holds', () => {
    const undecidable = { index: 0, refusal: { code: 'attribute_not_enabled', detail: 'x' } } as const
    const gates = { undecidable, refusalFor: () => undefined }
    expect(
      codeOf({ policyOverrides: [{ when: { 'kubernetes.pod.namespace': 'a' }, policy: {} }] }, WEB, { gates }),
    ).toBe('attribute_not_enabled')
  })

  it.each<[string, readonly string[], string | undefined]>([
    ['a prefix of the path', ['c-1'], undefined],
    ['two segments of it', ['c-1', 'ns'], undefined],
    ['the whole path', ['c-1', 'ns', 'default', 'sa', 'web'], undefined],
    ['more than the path', ['c-1', 'ns', 'default', 'sa', 'web', 'x'], 'path_outside_cluster'],
    ['part of a segment', ['c-'], 'path_outside_cluster'],
    ['another path', ['c-2'], 'path_outside_cluster'],
  ])('holds paths to the prefix that is %s', (_what, prefix, code) => {
    expect(codeOf({}, WEB, { pathBounds: boundsOf('inside', '/x', `/${prefix.join('/')}`) })).toBe(code)
    // Outside the same prefixes is all that is not inside them.
    const outside = code === undefined ? 'path_outside_cluster' : undefined
    expect(codeOf({}, WEB, { pathBounds: boundsOf('outside', '/x', `/${prefix.join('/')}`) })).toBe(outside)
  })

  it('lets nothing through by an empty list of prefixes', () => {
    expect(codeOf({}, WEB, { pathBounds: boundsOf('inside') })).toBe('path_outside_cluster')
  })
})

describe('whatever the values are', () => {
  const NAMES = [
    'kubernetes.pod.namespace',
    'kubernetes.pod.label[app]',
    'kubernetes.pod.owner',
    'jwt.claim.x',
    'custom.a',
  ]
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: fc.constantFrom(...'ab./:,+=#;\\"<> \u0000\n{}*-A\ud800ſé'), maxLength: 8 }),
    fc.constantFrom('..', '.', '', 'a/b', '/', '{{cluster.name}}', 'x,O=admin', 'x+OU=admin', '\u0000', '*', '#04'),
    fc.constantFrom('spire', 'postern', 'web', 'default', 'ReplicaSet:web-1', '__proto__', 'constructor'),
    fc.constant('x'.repeat(10_000)),
    fc.constant('é'.repeat(5_000)),
  )
  const value: fc.Arbitrary<AttributeValue | undefined> = fc.oneof(
    { weight: 8, arbitrary: hostile },
    { weight: 1, arbitrary: fc.array(hostile, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  )
  const TAME = ['default', 'web', 'ReplicaSet:web-1', 'plain', 'x']
  /** Harmless values with some exchanged, so that what is hostile gets as far as it can. */
  const attributes = fc
    .tuple(
      ...TAME.map((tame) => fc.oneof({ weight: 2, arbitrary: fc.constant(tame) }, { weight: 1, arbitrary: value })),
    )
    .map((list): Attributes => {
      const entries = NAMES.map((name, index) => [name, list[index]] as const)
      return new Map(entries.filter((entry): entry is readonly [string, AttributeValue] => entry[1] !== undefined))
    })

  const filters = fc.constantFrom('', ' | lower', ' | replace(":", "-")', ' | replace("/", ".")', ' | default("none")')
  const reference = fc.tuple(fc.constantFrom(...NAMES), filters).map(([name, filter]) => `{{${name}${filter}}}`)
  const segment = fc.array(fc.oneof(reference, fc.constantFrom('x', '-', '.')), { minLength: 1, maxLength: 3 })
  const rdn = fc.tuple(fc.constantFrom('CN', 'O', 'OU', 'L', 'UID'), reference).map(([type, text]) => ({ type, text }))
  const claimNames = fc.uniqueArray(fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString', 'x,y'), {
    maxLength: 4,
  })
  const spec = fc.record({
    segments: fc.array(segment, { minLength: 1, maxLength: 4 }),
    rdns: fc.array(rdn, { minLength: 1, maxLength: 4 }),
    claims: claimNames,
    claim: reference,
    label: reference,
  })

  const CODES = [
    'attribute_missing',
    'attribute_invalid',
    'value_too_long',
    'spiffe_id_invalid',
    'path_reserved',
    'subject_invalid',
    'dns_name_invalid',
  ]
  const SURFACES = ['pathTemplate', 'jwtClaim', 'x509Subject', 'dnsName']

  it('an identity has exactly the segments, RDNs, claims and labels of its templates, or its refusal helps', () => {
    let identities = 0
    fc.assert(
      fc.property(spec, attributes, ({ segments, rdns, claims, claim, label }, workload) => {
        // As text: `__proto__` in an object is no member of it.
        const additionalClaims = claims.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(claim)}`).join(', ')
        const document = `{"section": "SVIDIssuancePolicy", "schema": "v1", "spec": {"policy": {
          "pathTemplate": ${JSON.stringify(segments.map((parts) => `/${parts.join('')}`).join(''))},
          "jwt": {"additionalClaims": {${additionalClaims}}},
          "x509": {
            "subject": ${JSON.stringify(rdns.map(({ type, text }) => `${type}=${text}`).join(','))},
            "dnsNames": [${JSON.stringify(`${label}.example.org`)}]}}}}`
        const compiled = compile('SVIDIssuancePolicy', document)
        fc.pre(compiled.ok)
        const mapped = mapWorkload(workload, contextOf({}, { policy: compiled.value }))
        if (!mapped.ok) {
          const { code, where = '', detail } = mapped.refusal
          expect(CODES).toContain(code)
          expect(SURFACES).toContain(mapped.surface)
          expect(NAMES).toContain(where)
          expect(detail).toContain(where)
          expect(detail).toMatch(/replace\(|lower|default\(|another attribute|no filter|send a value|may be a list/)
          expect(detail).not.toMatch(/[\u0000-\u001f\u007f-\u009f]|x{65}/)
          return
        }
        identities++
        const { spiffeId, jwt, x509 } = mapped.value
        const id = parseSpiffeId(spiffeId)
        expect(id.ok && id.value.segments.length).toBe(segments.length)
        expect(spiffeId).toMatch(/^spiffe:\/\/example\.org(\/[A-Za-z0-9._-]+)+$/)
        expect(spiffeId).not.toMatch(/^spiffe:\/\/example\.org\/(spire|postern)(\/|$)/)

        expect(Object.keys(jwt.claims)).toEqual(claims)
        expect(JSON.parse(JSON.stringify(jwt.claims), (_key, item: unknown) => item)).toEqual(
          JSON.parse(
            `{${claims.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(jwt.claims[name])}`).join(', ')}}`,
          ),
        )

        const subject = parseDistinguishedName(x509.subject ?? '')
        expect(subject.ok && subject.value.map((part) => part.map(({ type }) => type.name))).toEqual(
          rdns.map(({ type }) => [type]),
        )

        expect(x509.dnsNames).toHaveLength(1)
        const [name = ''] = x509.dnsNames
        expect(parseDnsName(name, { wildcard: false }).ok).toBe(true)
        expect(name.split('.')).toHaveLength(3)
      }),
      { numRuns: 1500 },
    )
    // The property would hold of a mapping that refuses everything.
    expect(identities).toBeGreaterThan(30)
  })

  it('a value that looks like a template stays text', () => {
    const workload: Attributes = new Map([...WEB, ['custom.a', '{{kubernetes.pod.namespace}}']])
    const { jwt, x509 } = identityOf(
      { policy: { jwt: { additionalClaims: { a: '{{custom.a}}' } }, x509: { subject: 'O={{custom.a}}' } } },
      workload,
    )
    expect(jwt.claims).toEqual({ a: '{{kubernetes.pod.namespace}}' })
    expect(x509.subject).toBe('O={{kubernetes.pod.namespace}}')
  })

  it('a value that looks like more RDNs stays one', () => {
    const workload: Attributes = new Map([...WEB, ['custom.a', 'x,O=admin+OU=y']])
    expect(identityOf({ policy: { x509: { subject: 'CN={{custom.a}}' } } }, workload).x509.subject).toBe(
      'CN=x\\,O=admin\\+OU=y',
    )
  })
})
