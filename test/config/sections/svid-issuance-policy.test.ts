import { describe, expect, it } from 'vitest'
import { changed, compile, cpuMillisOf, found } from '../document.ts'

const valid = `section: SVIDIssuancePolicy
schema: v1
spec:
  policy:
    pathTemplate: "/{{cluster.name}}/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}"
    x509:
      ttl: "24h"
      subject: "O=Acme Corp,OU=Engineering"
      dnsNames:
        - "{{kubernetes.pod.service_account}}.example.org"
    jwt:
      ttl: "12h"
      additionalClaims:
        namespace: "{{kubernetes.pod.namespace}}"
  policyOverrides:
    - when: { kubernetes.pod.namespace: production }
      policy:
        pathTemplate: "/{{cluster.name}}/prod/{{kubernetes.pod.service_account}}"
        x509: { ttl: "4h", subject: "O=Acme Corp", dnsNames: [] }
        jwt: { ttl: "5m", additionalClaims: {} }
`
function listOf<T>(size: number, make: (at: number) => T): readonly T[] {
  return Array.from({ length: size }, (_, at) => make(at))
}

const head = 'section: SVIDIssuancePolicy\nschema: v1\nspec:'

describe('section SVIDIssuancePolicy', () => {
  it("compiles the reference's document", () => {
    const result = compile('SVIDIssuancePolicy', valid)
    expect(found(result)).toEqual([])
    if (!result.ok) throw new Error('does not compile')
    const { base, overrides } = result.value
    expect(base.pathTemplate?.segments).toHaveLength(5)
    expect(base.x509).toMatchObject({ ttlSeconds: 86_400, subject: { text: 'O=Acme Corp,OU=Engineering' } })
    expect(base.x509.dnsNames.map(({ text }) => text)).toEqual(['{{kubernetes.pod.service_account}}.example.org'])
    expect(base.jwt.ttlSeconds).toBe(43_200)
    expect([...base.jwt.claims.keys()]).toEqual(['namespace'])
    expect(overrides).toHaveLength(1)
    expect(overrides[0]?.when).toEqual([{ attribute: 'kubernetes.pod.namespace', values: new Set(['production']) }])
    expect(overrides[0]?.issuance).toMatchObject({
      x509: { ttlSeconds: 14_400, dnsNames: [] },
      jwt: { ttlSeconds: 300 },
    })
  })

  it('has a default for every field', () => {
    const result = compile('SVIDIssuancePolicy', `${head} {policy: {}}\n`)
    expect(result.ok && result.value.base).toEqual({
      x509: { ttlSeconds: 86_400, dnsNames: [] },
      jwt: { ttlSeconds: 3600, claims: new Map() },
    })
  })

  it.each([
    ['lifetimes alone', ' {policy: {x509: {ttl: 1h}, jwt: {ttl: 168h}}}'],
    [
      'several attributes in when',
      ' {policy: {}, policyOverrides: [{when: {kubernetes.pod.namespace: a, kubernetes.pod.name: b}, policy: {}}]}',
    ],
    [
      'several values in when',
      ' {policy: {}, policyOverrides: [{when: {kubernetes.pod.namespace: [a, b]}, policy: {}}]}',
    ],
    ['a label in when', ' {policy: {}, policyOverrides: [{when: {"kubernetes.pod.label[app]": a}, policy: {}}]}'],
    ['overrides alone', ' {policyOverrides: [{when: {kubernetes.pod.namespace: a}, policy: {x509: {ttl: 4h}}}]}'],
    ['a claim named __proto__', ' {policy: {jwt: {additionalClaims: {__proto__: "{{kubernetes.pod.namespace}}"}}}}'],
    ['a lifetime in minutes', ' {policy: {x509: {ttl: 90m}, jwt: {ttl: 1h30m}}}'],
  ])('compiles %s', (_what, spec) => {
    expect(found(compile('SVIDIssuancePolicy', `${head}${spec}\n`))).toEqual([])
  })

  it.each<[string, string, string, readonly string[]]>([
    [
      'a misspelt field',
      'pathTemplate: "/{{cluster.name}}/ns',
      'pathTemplates: "/{{cluster.name}}/ns',
      ['5:5 field_unknown spec.policy.pathTemplates'],
    ],
    [
      'a template without quotes',
      '"/{{cluster.name}}/prod/{{kubernetes.pod.service_account}}"',
      '{{cluster.name}}',
      ['18:23 text_unquoted spec.policyOverrides.0.policy.pathTemplate'],
    ],
    [
      'an unknown attribute',
      'ns/{{kubernetes.pod.namespace}}',
      'ns/{{kubernetes.pod.namspace}}',
      ['5:43 attribute_unknown spec.policy.pathTemplate'],
    ],
    [
      'an attribute that no path may have',
      'prod/{{kubernetes.pod.service_account}}',
      'prod/{{kubernetes.pod.container.app.image.name}}',
      ['18:47 attribute_surface_forbidden spec.policyOverrides.0.policy.pathTemplate'],
    ],
    [
      'a path without a slash',
      '"/{{cluster.name}}/prod',
      '"{{cluster.name}}/prod',
      ['18:24 path_invalid spec.policyOverrides.0.policy.pathTemplate'],
    ],
    [
      'a reserved path',
      '"/{{cluster.name}}/prod',
      '"/spire/prod',
      ['18:25 path_reserved spec.policyOverrides.0.policy.pathTemplate'],
    ],
    [
      'an unclosed reference',
      'prod/{{kubernetes.pod.service_account}}',
      'prod/{{kubernetes.pod.service_account',
      ['18:47 template_syntax spec.policyOverrides.0.policy.pathTemplate'],
    ],
    [
      'an unknown filter',
      'namespace: "{{kubernetes.pod.namespace}}"',
      'namespace: "{{kubernetes.pod.namespace | uper}}"',
      ['14:50 filter_unknown spec.policy.jwt.additionalClaims.namespace'],
    ],
    [
      'a subject that is no name',
      'O=Acme Corp,OU=Engineering',
      'Acme Corp',
      ['8:22 subject_invalid spec.policy.x509.subject'],
    ],
    [
      'a claim that only issuers set',
      'namespace: "{{',
      'sub: "{{',
      ['14:9 claim_reserved spec.policy.jwt.additionalClaims.sub'],
    ],
    [
      'such a claim in other letters',
      'namespace: "{{',
      '"ＩＳＳ": "{{',
      ['14:9 claim_reserved spec.policy.jwt.additionalClaims.ＩＳＳ'],
    ],
    [
      'such a claim with a long s',
      'namespace: "{{',
      'ſub: "{{',
      ['14:9 claim_reserved spec.policy.jwt.additionalClaims.ſub'],
    ],
    ['a claim without a name', 'namespace: "{{', '"": "{{', ['14:9 name_invalid spec.policy.jwt.additionalClaims.']],
    [
      'a claim that is the same for all',
      '"{{kubernetes.pod.namespace}}"',
      '"prod"',
      ['14:21 template_static spec.policy.jwt.additionalClaims.namespace'],
    ],
    [
      'a number for a claim',
      '"{{kubernetes.pod.namespace}}"',
      '1',
      ['14:20 text_unquoted spec.policy.jwt.additionalClaims.namespace'],
    ],
    ['an X.509 lifetime that is too short', '"24h"', '"59m"', ['7:12 value_out_of_range spec.policy.x509.ttl']],
    ['an X.509 lifetime that is too long', '"24h"', '"168h1s"', ['7:12 value_out_of_range spec.policy.x509.ttl']],
    ['a JWT lifetime that is too short', '"12h"', '"4m59s"', ['12:12 value_out_of_range spec.policy.jwt.ttl']],
    ['a JWT lifetime that is too long', '"12h"', '"169h"', ['12:12 value_out_of_range spec.policy.jwt.ttl']],
    ['a lifetime in days', '"12h"', '"1d"', ['12:12 value_invalid spec.policy.jwt.ttl']],
    ['a lifetime without a unit', '"12h"', '3600', ['12:12 text_unquoted spec.policy.jwt.ttl']],
    [
      'an unknown attribute in when',
      '{ kubernetes.pod.namespace: production }',
      '{ kubernetes.namespace: production }',
      ['16:15 attribute_unknown spec.policyOverrides.0.when.kubernetes.namespace'],
    ],
    [
      'an attribute in two spellings',
      '{ kubernetes.pod.namespace: production }',
      '{ "kubernetes.pod.label[a]": x, kubernetes.pod.label.a: y }',
      ['16:45 key_duplicate spec.policyOverrides.0.when.kubernetes.pod.label.a'],
    ],
    [
      'a when that matches all',
      '{ kubernetes.pod.namespace: production }',
      '{}',
      ['16:13 value_empty spec.policyOverrides.0.when'],
    ],
    [
      'a when left blank',
      ' { kubernetes.pod.namespace: production }',
      '',
      ['16:7 value_empty spec.policyOverrides.0.when'],
    ],
    [
      'a when without values',
      '{ kubernetes.pod.namespace: production }',
      '{ kubernetes.pod.namespace: [] }',
      ['16:41 value_empty spec.policyOverrides.0.when.kubernetes.pod.namespace'],
    ],
    [
      'a number in when',
      '{ kubernetes.pod.namespace: production }',
      '{ kubernetes.pod.image_count: 1 }',
      ['16:43 text_unquoted spec.policyOverrides.0.when.kubernetes.pod.image_count'],
    ],
    [
      'an override without when',
      'when: { kubernetes.pod.namespace: production }\n      policy',
      'policy',
      ['16:7 field_missing spec.policyOverrides.0.when'],
    ],
    [
      'a condition that is no bool',
      'when: {',
      'condition: "1"\n      when: {',
      ['16:19 condition_type spec.policyOverrides.0.condition'],
    ],
    [
      'a DNS name with an empty label',
      '.example.org"',
      '..example.org"',
      ['10:47 dns_name_invalid spec.policy.x509.dnsNames.0'],
    ],
    [
      'a legacy field outside legacy',
      'policy:\n    pathTemplate',
      'jwtCustomizationTemplate: x\n  policy:\n    pathTemplate',
      ['4:3 field_unknown spec.jwtCustomizationTemplate'],
    ],
  ])('refuses %s', (_what, from, to, expected) => {
    const result = compile('SVIDIssuancePolicy', changed(valid, from, to))
    expect(result.ok).toBe(false)
    expect(found(result)).toEqual(expected)
  })

  it.each<[string, object, string]>([
    [
      'claims',
      { policy: { jwt: { additionalClaims: Object.fromEntries(listOf(101, (at) => [`c${at}`, 'static'])) } } },
      'value_out_of_range spec.policy.jwt.additionalClaims',
    ],
    [
      'DNS names',
      {
        policyOverrides: [
          { when: { 'kubernetes.pod.name': 'a' }, policy: { x509: { dnsNames: listOf(101, () => '?') } } },
        ],
      },
      'value_out_of_range spec.policyOverrides.0.policy.x509.dnsNames',
    ],
    [
      'DNS names of a legacy template',
      { policy: {}, legacy: { x509CustomizationTemplate: listOf(101, (at) => `SAN.DNS=o${at}.example.org`).join() } },
      'value_out_of_range spec.legacy.x509CustomizationTemplate',
    ],
    [
      'values of a subject',
      { policy: { x509: { subject: listOf(33, (at) => `OU=u${at}`).join() } } },
      'subject_invalid spec.policy.x509.subject',
    ],
    [
      'filters',
      { policy: { pathTemplate: `/{{kubernetes.pod.name${'|lower'.repeat(17)}}}` } },
      'template_syntax spec.policy.pathTemplate',
    ],
  ])('reports too many %s once, at their place, and compiles none of them', (_what, spec, issue) => {
    const result = compile('SVIDIssuancePolicy', JSON.stringify({ section: 'SVIDIssuancePolicy', schema: 'v1', spec }))
    expect(result.ok ? [] : result.issues.map(({ code, path }) => `${code} ${path.join('.')}`)).toEqual([issue])
  })

  it('takes lifetimes at both bounds', () => {
    for (const [from, to] of [
      ['"24h"', '"1h"'],
      ['"24h"', '"168h"'],
      ['"12h"', '"5m"'],
      ['"12h"', '"168h"'],
    ] as const) {
      expect(compile('SVIDIssuancePolicy', changed(valid, from, to)).ok).toBe(true)
    }
  })

  it('warns of a claim that is read as a right', () => {
    const result = compile('SVIDIssuancePolicy', changed(valid, 'namespace: "{{', 'scope: "{{'))
    expect(result.ok).toBe(true)
    expect(found(result)).toEqual(['14:9 claim_sensitive spec.policy.jwt.additionalClaims.scope'])
  })

  it('warns of what an override drops without saying so', () => {
    const result = compile(
      'SVIDIssuancePolicy',
      changed(valid, '        jwt: { ttl: "5m", additionalClaims: {} }\n', ''),
    )
    expect(found(result)).toEqual(['17:7 override_resets_field spec.policyOverrides.0.policy'])
    expect(result.ok && result.warnings[0]?.message).toContain('jwt.ttl, jwt.additionalClaims:')
    expect(result.ok && result.value.overrides[0]?.issuance.jwt).toEqual({ ttlSeconds: 3600, claims: new Map() })
  })

  it.each<[string, readonly string[], readonly number[]]>([
    ['the same attribute and value', ['{kubernetes.pod.namespace: a}', '{kubernetes.pod.namespace: a}'], [1]],
    ['one of the values', ['{kubernetes.pod.namespace: [a, b]}', '{kubernetes.pod.namespace: b}'], [1]],
    [
      'an attribute more',
      ['{kubernetes.pod.namespace: a}', '{kubernetes.pod.name: x, kubernetes.pod.namespace: a}'],
      [1],
    ],
    ['another spelling', ['{"kubernetes.pod.label[a]": x}', '{kubernetes.pod.label.a: x}'], [1]],
    ['a value more', ['{kubernetes.pod.namespace: a}', '{kubernetes.pod.namespace: [a, b]}'], []],
    [
      'an attribute less',
      ['{kubernetes.pod.name: x, kubernetes.pod.namespace: a}', '{kubernetes.pod.namespace: a}'],
      [],
    ],
    ['another value', ['{kubernetes.pod.namespace: a}', '{kubernetes.pod.namespace: b}'], []],
    [
      'the narrower one first',
      [
        '{kubernetes.pod.namespace: a, kubernetes.pod.name: x}',
        '{kubernetes.pod.namespace: a}',
        '{kubernetes.pod.namespace: [a]}',
      ],
      [2],
    ],
  ])('warns of an override that is never reached: %s', (_what, whens, shadowed) => {
    const overrides = whens.map((when) => `    - {when: ${when}, policy: {}}\n`).join('')
    const result = compile('SVIDIssuancePolicy', `${head}\n  policy: {}\n  policyOverrides:\n${overrides}`)
    expect(found(result)).toEqual(
      shadowed.map((index) => `${6 + index}:8 override_shadowed spec.policyOverrides.${index}.when`),
    )
  })

  describe('with legacy templates', () => {
    function legacy(lines: string, policy = '{}'): ReturnType<typeof compile<'SVIDIssuancePolicy'>> {
      return compile('SVIDIssuancePolicy', `${head}\n  policy: ${policy}\n  legacy:\n${lines.replace(/^/gm, '    ')}\n`)
    }

    it('uses them where the policy says nothing', () => {
      const result = legacy(
        `pathTemplate: "/{{cluster.name}}/{{kubernetes.pod.uid}}"
jwtCustomizationTemplate: "ns={{kubernetes.pod.namespace}}, app={{kubernetes.pod.name | replace(\\",\\", \\"=\\")}}"
x509CustomizationTemplate: "CN={{kubernetes.pod.service_account}},O=Acme\\\\, Inc,SAN.DNS={{kubernetes.pod.service_account}}.example.org"`,
      )
      expect(found(result)).toEqual([])
      if (!result.ok) throw new Error('does not compile')
      const { base } = result.value
      expect(base.pathTemplate?.text).toBe('/{{cluster.name}}/{{kubernetes.pod.uid}}')
      expect([...base.jwt.claims].map(([name, { text }]) => [name, text])).toEqual([
        ['ns', '{{kubernetes.pod.namespace}}'],
        ['app', '{{kubernetes.pod.name | replace(",", "=")}}'],
      ])
      expect(base.x509.subject?.text).toBe('CN={{kubernetes.pod.service_account}},O=Acme\\, Inc')
      expect(base.x509.dnsNames.map(({ text }) => text)).toEqual(['{{kubernetes.pod.service_account}}.example.org'])
    })

    it('lets the policy win, but keeps their DNS names', () => {
      const result = legacy(
        `jwtCustomizationTemplate: "ns={{kubernetes.pod.namespace}}"
x509CustomizationTemplate: "O=Old,SAN.DNS=old.example.org"`,
        '{x509: {subject: "O=New", dnsNames: ["new.example.org"]}, jwt: {additionalClaims: {pod: "{{kubernetes.pod.name}}"}}}',
      )
      if (!result.ok) throw new Error('does not compile')
      const { x509, jwt } = result.value.base
      expect([...jwt.claims.keys()]).toEqual(['pod'])
      expect(x509.subject?.text).toBe('O=New')
      expect(x509.dnsNames.map(({ text }) => text)).toEqual(['new.example.org', 'old.example.org'])
    })

    it('takes an empty one for none', () => {
      const result = legacy('jwtCustomizationTemplate: ""\nx509CustomizationTemplate: ""')
      expect(result.ok && result.value.base).toEqual({
        x509: { ttlSeconds: 86_400, dnsNames: [] },
        jwt: { ttlSeconds: 3600, claims: new Map() },
      })
    })

    const jwt = 'spec.legacy.jwtCustomizationTemplate'
    const x509 = 'spec.legacy.x509CustomizationTemplate'
    it.each<[string, string, readonly string[]]>([
      [
        'a claim without =',
        'jwtCustomizationTemplate: "a={{kubernetes.pod.name}}, b"',
        [`6:59 template_syntax ${jwt}`],
      ],
      ['a static claim', 'jwtCustomizationTemplate: "a=b"', [`6:34 template_static ${jwt}`]],
      ['a reserved claim', 'jwtCustomizationTemplate: "sub={{kubernetes.pod.name}}"', [`6:32 claim_reserved ${jwt}`]],
      [
        'a claim twice',
        'jwtCustomizationTemplate: "a={{kubernetes.pod.name}},a={{kubernetes.pod.uid}}"',
        [`6:58 key_duplicate ${jwt}`],
      ],
      [
        'an unknown attribute',
        'jwtCustomizationTemplate: "a={{kubernetes.pod.nam}}"',
        [`6:36 attribute_unknown ${jwt}`],
      ],
      ['an IP address', 'x509CustomizationTemplate: "O=x,SAN.IP=10.0.0.1"', [`6:37 value_invalid ${x509}`]],
      [
        'a subject that is none',
        'x509CustomizationTemplate: "SAN.DNS=a.example,O=x,bad"',
        [`6:58 subject_invalid ${x509}`],
      ],
      [
        'a DNS name that is none',
        'x509CustomizationTemplate: "O=x,SAN.DNS=a..example"',
        [`6:47 dns_name_invalid ${x509}`],
      ],
      ['an empty path', 'pathTemplate: ""', ['6:19 value_empty spec.legacy.pathTemplate']],
      ['a field more', 'ttl: 1h', ['6:5 field_unknown spec.legacy.ttl']],
    ])('refuses %s', (_what, line, expected) => {
      const result = legacy(line)
      expect(result.ok).toBe(false)
      expect(found(result)).toEqual(expected)
    })
  })

  const claims = 'a: "{{kubernetes.pod.nam}}", b: "{{kubernetes.pod.nam}}"'
  const override = `    - {when: {kubernetes.pod.nam: a}, policy: {jwt: {additionalClaims: {${claims}}}}}\n`
  const names = Array.from({ length: 40_000 }, (_, index) => `aws_iid.ec2.instance.tagg.${index}: b`)
  it.each([
    ['24,000 in as many values', override.repeat(8000)],
    ['40,000 of one map', `    - {policy: {}, when: {${names.join(', ')}}}`],
  ])('hints at the right name of misspelt ones in bounded time: %s', (_what, overrides) => {
    const text = `${head}\n  policyOverrides:\n${overrides}`
    const millis = cpuMillisOf(() => expect(found(compile('SVIDIssuancePolicy', text))).toHaveLength(100))
    expect(millis).toBeLessThan(2000)
  })
})
