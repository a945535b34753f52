import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Surface } from '../../src/attribute/row.ts'
import { REFERENCE_FILTERS_MAX, TEMPLATE_MAX_LENGTH, TEMPLATE_MAX_PARTS } from '../../src/core/limits.ts'
import { compileTemplate } from '../../src/template/compile.ts'
import { isReference, parseTemplate } from '../../src/template/syntax.ts'
import { issuesOf, outcome } from './rendering.ts'

const SURFACES: readonly Surface[] = ['pathTemplate', 'jwtClaim', 'x509Subject', 'dnsName']

describe('a reference', () => {
  it.each([
    ['{{kubernetes.pod.namespace}}'],
    ['{{ kubernetes.pod.namespace }}'],
    ['{{\n\tkubernetes.pod.namespace\r\n}}'],
    ['{{kubernetes.pod.namespace|lower}}'],
    ['{{ kubernetes.pod.namespace | lower | replace("x","y") | default( "a" ) }}'],
    ['{{ kubernetes.pod.namespace | replace( "}}" , "\\"\\\\" ) }}'],
  ])('is read: %j', (text) => {
    expect(outcome('jwtClaim', text, { 'kubernetes.pod.namespace': 'shop' })).toBe('shop')
  })

  it.each([
    ['kubernetes.pod.label[a/b]'],
    ['kubernetes.pod.label.a/b'],
    ['kubernetes.pod.label.[a/b]'],
    ["kubernetes.pod.label.'a/b'"],
  ])('may be written in any notation: %s', (name) => {
    expect(outcome('jwtClaim', `{{${name}}}`, { 'kubernetes.pod.label[a/b]': 'web' })).toBe('web')
  })

  it.each([
    ['custom.[a|b}} c]', 'custom.a|b}} c'],
    ["custom.'a|b}} c'", 'custom.a|b}} c'],
    ['docker.container.label["a"]', 'docker.container.label["a"]'],
  ])('may hold anything in brackets or quotes: %s', (written, name) => {
    expect(outcome('jwtClaim', `{{ ${written} }}`, { [name]: 'x' })).toBe('x')
  })

  it.each([
    ['{{', 'template_syntax', 0],
    ['{{ }}', 'template_syntax', 3],
    ['{{kubernetes.pod.name', 'template_syntax', 0],
    ['{{kubernetes.pod.name}', 'template_syntax', 0],
    ['a}}b', 'template_syntax', 1],
    ['{{kubernetes.pod.name}} }}', 'template_syntax', 24],
    ['{{kubernetes.pod.name lower}}', 'template_syntax', 22],
    ['{{kubernetes.pod.name |}}', 'template_syntax', 23],
    ['{{kubernetes.pod.name | lower()x}}', 'template_syntax', 31],
    ['{{kubernetes.pod.name | lower("x")}}', 'template_syntax', 24],
    ['{{kubernetes.pod.name | replace("a")}}', 'template_syntax', 24],
    ['{{kubernetes.pod.name | replace("", "a")}}', 'template_syntax', 24],
    ["{{kubernetes.pod.name | default('a')}}", 'template_syntax', 32],
    ['{{kubernetes.pod.name | default("a)}}', 'template_syntax', 32],
    ['{{kubernetes.pod.name | default("\\n")}}', 'template_syntax', 33],
    ['{{kubernetes.pod.name | default("a" "b")}}', 'template_syntax', 36],
    ['{{kubernetes.pod.label[app}}', 'template_syntax', 22],
    ["{{kubernetes.pod.label.'app}}", 'template_syntax', 23],
    ['{{kubernetes.pod.name | upper}}', 'filter_unknown', 24],
    ['{{kubernetes.pod.name | constructor}}', 'filter_unknown', 24],
    ['{{kubernetes.pod.name | __proto__}}', 'filter_unknown', 24],
    ['{{ kubernetes.pod.nam }}', 'attribute_unknown', 3],
    ['{{ __proto__ }}', 'attribute_unknown', 3],
    ['{{ {{kubernetes.pod.name}} }}', 'template_syntax', 3],
    ['{{kubernetes.pod.name | segments}}', 'filter_misplaced', 0],
  ])('is refused with its place: %j', (text, code, offset) => {
    expect(compileTemplate(text, 'jwtClaim', ['spec', 'x']).issues[0]).toMatchObject({
      code,
      offset,
      path: ['spec', 'x'],
    })
  })

  it('suggests the nearest real name and filter', () => {
    const issues = compileTemplate('{{kubernetes.pod.lable[app]}}{{kubernetes.pod.name | lowr}}', 'jwtClaim', []).issues
    expect(issues.map((issue) => issue.message)).toEqual([
      expect.stringContaining('"kubernetes.pod.label[app]"'),
      expect.stringContaining('"lower"'),
    ])
  })
})

describe('parseTemplate()', () => {
  it('lists every faulty reference at once', () => {
    expect(
      issuesOf('/{{nope}}/{{kubernetes.pod.name | nope}}/{{kubernetes.pod.container.a.image.id}}', 'pathTemplate'),
    ).toEqual(['attribute_unknown', 'filter_unknown', 'attribute_surface_forbidden'])
  })

  it('takes templates up to the limits and none beyond', () => {
    const reference = '{{kubernetes.pod.name}}'
    const longest = reference + 'x'.repeat(TEMPLATE_MAX_LENGTH - reference.length)
    expect(issuesOf(longest, 'jwtClaim')).toEqual([])
    expect(issuesOf(`${longest}x`, 'jwtClaim')).toEqual(['template_syntax'])
    const filtered = (count: number): string => `{{kubernetes.pod.name${' | lower'.repeat(count)}}}`
    expect(issuesOf(filtered(REFERENCE_FILTERS_MAX), 'jwtClaim')).toEqual([])
    expect(issuesOf(filtered(REFERENCE_FILTERS_MAX + 1), 'jwtClaim')).toEqual(['template_syntax'])
    expect(issuesOf(reference.repeat(TEMPLATE_MAX_PARTS), 'jwtClaim')).toEqual([])
    expect(issuesOf(reference.repeat(TEMPLATE_MAX_PARTS + 1), 'jwtClaim')).toEqual(['template_syntax'])
  })

  it('never throws, and either has issues or accounts for the whole text', () => {
    const token = fc.constantFrom(
      ...[
        '{{',
        '}}',
        '|',
        '"',
        '(',
        ')',
        ',',
        ' ',
        '/',
        'lower',
        'replace',
        'default',
        'segments',
        '[',
        ']',
        "'",
        '\\',
      ],
      ...['kubernetes.pod.name', 'kubernetes.pod.label', '.', 'custom.x', 'a', '\ud800', 'ä', 'O=', '+', '*'],
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), fc.constantFrom(...SURFACES), (tokens, surface) => {
        const text = tokens.join('')
        const { template, issues } = compileTemplate(text, surface, [])
        expect(template !== undefined || issues.length > 0).toBe(true)
        for (const { offset = 0 } of issues) expect(offset).toBeLessThanOrEqual(text.length)
        const { parts, issues: syntax } = parseTemplate(text, surface, [])
        if (syntax.length > 0) return
        for (const part of parts) {
          const found = isReference(part) ? '{{' : part.text
          expect(text.startsWith(found, part.offset)).toBe(true)
        }
      }),
    )
  })
})
