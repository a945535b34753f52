import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttributeValue } from '../../src/attribute/attribute.ts'
import type { Checked } from '../../src/core/result.ts'
import { parseDistinguishedName } from '../../src/identity/distinguished-name.ts'
import { parseDnsName } from '../../src/identity/dns-name.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { compileTemplate } from '../../src/template/compile.ts'
import { renderPath } from '../../src/template/path.ts'
import { render, TRUST_DOMAIN, type Values } from './rendering.ts'

const NAMES = [
  'custom.a',
  'kubernetes.pod.namespace',
  'kubernetes.pod.label[app]',
  'kubernetes.pod.owner',
  'jwt.claim.x',
]
const FILTERS = [
  '',
  '| lower',
  '| replace(":", "-")',
  '| replace("/", ".")',
  '| default("none")',
  '| replace("a", "..")',
]

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...'ab./:,+=#;\\"<> \u0000{}*-A\ud800ſ'), maxLength: 8 }),
  fc.constantFrom(
    '..',
    '.',
    '',
    'a/b',
    '{{cluster.name}}',
    'x,O=admin',
    'x+OU=admin',
    '\u0000',
    'spire',
    'postern',
    '*',
    '#04',
  ),
  fc.constantFrom('web', 'default', 'ReplicaSet:web-1', 'a', '-a', 'a-'),
  fc.constant('x'.repeat(10_000)),
)
const value: fc.Arbitrary<AttributeValue | undefined> = fc.oneof(
  { weight: 8, arbitrary: hostile },
  { weight: 1, arbitrary: fc.array(hostile, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant(undefined) },
)
const values: fc.Arbitrary<Values> = fc
  .tuple(...NAMES.map(() => value))
  .map((list) =>
    Object.fromEntries(NAMES.flatMap((name, index) => (list[index] === undefined ? [] : [[name, list[index]]]))),
  )

const reference = fc
  .tuple(fc.constantFrom(...NAMES), fc.array(fc.constantFrom(...FILTERS), { maxLength: 2 }))
  .map(([name, filters]) => `{{ ${name} ${filters.join(' ')} }}`)

/** A refusal tells which attribute, on which surface, and what to do. */
function expectHelpful(rendered: Checked<unknown>, surface: string, codes: readonly string[]): void {
  if (rendered.ok) return
  const { code, where, detail } = rendered.refusal
  expect(codes).toContain(code)
  expect(NAMES).toContain(where)
  expect(detail).toContain(where)
  expect(detail).toContain(surface)
  expect(detail).toMatch(
    /replace\(|lower|default\(|another attribute|no filter can fix|send a value|may be a list|integer/,
  )
  expect(detail).not.toMatch(/[\u0000-\u001f\u007f-\u009f]|x{65}/)
}

describe('whatever the values are', () => {
  it('a path has exactly the segments of its template, or there is a helpful refusal', () => {
    const segment = fc.array(fc.oneof(reference, fc.constantFrom('x', '-', '.')), { minLength: 1, maxLength: 3 })
    const codes = ['attribute_missing', 'attribute_invalid', 'value_too_long', 'spiffe_id_invalid', 'path_reserved']
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 3 }), values, (segments, attributes) => {
        const text = segments.map((parts) => `/${parts.join('')}`).join('')
        const { template } = compileTemplate(text, 'pathTemplate', [])
        fc.pre(template !== undefined && template.references.length > 0)
        const rendered = renderPath(template, new Map(Object.entries(attributes)), TRUST_DOMAIN)
        expectHelpful(rendered, 'a path template', codes)
        if (!rendered.ok) return
        expect(parseSpiffeId(rendered.value.text)).toEqual({ ok: true, value: rendered.value })
        expect(rendered.value.segments).toHaveLength(segments.length)
        expect(['spire', 'postern']).not.toContain(rendered.value.segments[0])
      }),
      { numRuns: 400 },
    )
  })

  it('a path with segments keeps its own, and adds legal ones alone', () => {
    fc.assert(
      fc.property(values, (attributes) => {
        const rendered = render('pathTemplate', '/a/{{custom.a}}/b/{{jwt.claim.x | segments}}', attributes)
        if (!rendered.ok) return
        expect(parseSpiffeId(`spiffe://example.org${rendered.value}`).ok).toBe(true)
        expect(String(rendered.value).split('/').slice(0, 4)).toEqual([
          '',
          'a',
          attributes['custom.a']?.toString(),
          'b',
        ])
      }),
    )
  })

  it('a subject reads back as exactly the RDNs of its template, or there is a helpful refusal', () => {
    const codes = ['attribute_missing', 'attribute_invalid', 'value_too_long', 'subject_invalid']
    const type = fc.constantFrom('CN', 'O', 'L', 'UID', 'SERIALNUMBER', 'DC')
    const rdns = fc.array(fc.tuple(type, fc.constantFrom('', 'a ', '\\,'), fc.constantFrom(...NAMES)), {
      minLength: 1,
      maxLength: 3,
    })
    fc.assert(
      fc.property(rdns, values, (list, attributes) => {
        const text = list.map(([name, prefix, attribute]) => `${name}=${prefix}{{${attribute}}}`).join(',')
        const template = compileTemplate(text, 'x509Subject', []).template
        fc.pre(template !== undefined)
        const rendered = render('x509Subject', text, attributes)
        expectHelpful(rendered, 'an X.509 subject', codes)
        if (!rendered.ok) return
        const parsed = parseDistinguishedName(String(rendered.value))
        expect(parsed.ok && parsed.value.map((rdn) => rdn.map(({ type: of, value: is }) => [of.name, is]))).toEqual(
          list.map(([name, prefix, attribute]) => [
            [name, `${prefix.replace('\\', '')}${[attributes[attribute]].flat().join('')}`],
          ]),
        )
      }),
      { numRuns: 400 },
    )
  })

  it('a DNS name has exactly the labels of its template, or there is a helpful refusal', () => {
    const codes = ['attribute_missing', 'attribute_invalid', 'value_too_long', 'dns_name_invalid']
    fc.assert(
      fc.property(fc.array(reference, { minLength: 1, maxLength: 3 }), values, (labels, attributes) => {
        const text = `${labels.join('.')}.example.org`
        fc.pre(compileTemplate(text, 'dnsName', []).template !== undefined)
        const rendered = render('dnsName', text, attributes)
        expectHelpful(rendered, 'a DNS name', codes)
        if (!rendered.ok) return
        expect(parseDnsName(String(rendered.value), { wildcard: false }).ok).toBe(true)
        expect(String(rendered.value).split('.')).toHaveLength(labels.length + 2)
      }),
      { numRuns: 400 },
    )
  })

  it('a claim is its texts and values joined, or there is a helpful refusal', () => {
    const codes = ['attribute_missing', 'attribute_invalid', 'value_too_long']
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }), values, (names, attributes) => {
        const rendered = render('jwtClaim', `<${names.map((name) => `{{${name}}}`).join('|')}>`, attributes)
        expectHelpful(rendered, 'a JWT claim', codes)
        if (rendered.ok)
          expect(rendered.value).toBe(`<${names.map((name) => [attributes[name]].flat().join('')).join('|')}>`)
      }),
    )
  })
})

describe('a path template without path_not_injective', () => {
  // Few values, chosen to meet in one path as soon as they can; all combinations of them are rendered.
  const worlds: Readonly<Record<string, readonly (AttributeValue | undefined)[]>> = {
    'kubernetes.pod.namespace': ['a', 'b', 'aa', 'a-a', 'a-a-a', 'a-b'],
    'kubernetes.pod.service_account': ['a', 'b', 'aa', 'a-a', 'a.a', 'a-b'],
    'kubernetes.pod.label[app]': ['a', 'A', 'a-a', 'a_a', 'a.a', 'none', undefined],
    'kubernetes.pod.owner': ['A:a', 'Aa:a', 'A:aa', 'A:a-a', 'a:a', 'A:_', undefined],
    'kubernetes.pod.image_count': [0, 1, 11],
    'custom.a': ['a', '-', 'a-', '-a', 'a:a', 'a-a', 'a/a', undefined],
  }
  const names = Object.keys(worlds)
  const text = fc.constantFrom('a', 'b', '-', '_', '.', ':', '-a', '--', 'A', '_a', 'none', '')
  const filter = fc.oneof(
    { weight: 1, arbitrary: fc.constant('lower') },
    { weight: 2, arbitrary: text.map((fallback) => `default("${fallback}")`) },
    { weight: 4, arbitrary: fc.tuple(text, text).map(([from, to]) => `replace("${from}", "${to}")`) },
  )
  const piped = fc
    .tuple(fc.constantFrom(...names), fc.oneof(fc.constant([]), fc.array(filter, { maxLength: 3 })))
    .map(([name, filters]) => `{{${[name, ...filters].join('|')}}}`)
  const literal = fc.constantFrom('-', '_', '.', 'a', '-_', '1')
  const segment = fc
    .array(fc.tuple(fc.oneof(fc.constant(''), literal), piped), { minLength: 1, maxLength: 3 })
    .map((parts) => `/${parts.flat().join('')}`)
  const template = fc
    .array(segment, { minLength: 1, maxLength: 2 })
    .map((segments) => segments.join(''))
    .chain((path) => fc.constantFrom(path, path.replace(/\}\}$/, '|segments}}')))

  function combinations(of: readonly string[]): readonly ReadonlyMap<string, AttributeValue>[] {
    return of.reduce<readonly ReadonlyMap<string, AttributeValue>[]>(
      (maps, name) =>
        maps.flatMap((map) =>
          (worlds[name] ?? []).map((is) => (is === undefined ? map : new Map([...map, [name, is]]))),
        ),
      [new Map()],
    )
  }

  it('never gives two sets of attributes one SPIFFE ID', () => {
    let rendered = 0
    fc.assert(
      fc.property(template, (path) => {
        const { template: read, issues } = compileTemplate(path, 'pathTemplate', [])
        if (read === undefined || issues.some((issue) => issue.code === 'path_not_injective')) return
        const used = [...new Set(read.references.map(({ attribute }) => attribute.name))]
        if (used.length > 3) return
        const seen = new Map<string, string>()
        for (const attributes of combinations(used)) {
          const id = renderPath(read, attributes, TRUST_DOMAIN)
          if (!id.ok) continue
          const told = JSON.stringify([...attributes])
          const other = seen.get(id.value.text)
          if (other !== undefined) expect.fail(`${path} gives ${id.value.text} for ${other} and for ${told}`)
          seen.set(id.value.text, told)
          rendered++
        }
      }),
      { numRuns: 3000 },
    )
    expect(rendered).toBeGreaterThan(2_000)
  })
})
