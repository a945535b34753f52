import { describe, expect, it } from 'vitest'
import { ATTRIBUTE_VALUE_MAX_BYTES, FILTER_OUTPUT_MAX_BYTES, SPIFFE_ID_MAX_BYTES } from '../../src/core/limits.ts'
import { compileTemplate } from '../../src/template/compile.ts'
import { issuesOf, outcome, render } from './rendering.ts'

const ns = 'kubernetes.pod.namespace'
const owner = 'kubernetes.pod.owner'
const note = 'kubernetes.pod.annotation[note]'

describe('a path template', () => {
  it.each([
    ['', 'path_invalid', 0],
    ['/', 'path_invalid', 1],
    ['ns/x', 'path_invalid', 0],
    [`{{${ns}}}/x`, 'path_invalid', 0],
    ['/a/', 'path_invalid', 3],
    ['/a//b', 'path_invalid', 3],
    [`/{{${ns}}}/`, 'path_invalid', 30],
    ['/a/./b', 'path_invalid', 3],
    ['/../b', 'path_invalid', 1],
    ['/a b', 'path_invalid', 2],
    ['/a/ä', 'path_invalid', 3],
    ['/a%2e', 'path_invalid', 2],
    ['/a?b', 'path_invalid', 2],
    ['/spire/x', 'path_reserved', 1],
    ['/postern', 'path_reserved', 1],
    [`/{{${ns} | default("")}}`, 'path_invalid', 1],
    [`/{{${ns} | default("a b")}}`, 'path_invalid', 1],
    [`/{{${ns} | default("a/b")}}`, 'path_invalid', 1],
    [`/{{${ns} | default(" a/b") | segments}}`, 'path_invalid', 1],
    [`/{{${ns} | default("a/b ") | segments}}`, 'path_invalid', 1],
    [`/{{${ns} | segments}}/x`, 'filter_misplaced', 1],
    [`/{{${ns} | segments}}x`, 'filter_misplaced', 1],
    [`/{{${ns} | segments | lower}}`, 'filter_misplaced', 1],
    [`/{{${ns} | segments | segments}}`, 'filter_misplaced', 1],
  ])('does not compile: %j', (text, code, offset) => {
    const { template, issues } = compileTemplate(text, 'pathTemplate', [])
    expect(template).toBeUndefined()
    expect(issues).toContainEqual(expect.objectContaining({ code, offset }))
  })

  it.each([
    '/a',
    '/...',
    '/x/spire',
    '/spire-agent',
    '/Spire',
    `/x{{${ns} | segments}}`,
    `/{{${ns} | default("a/b") | segments}}`,
  ])('compiles: %s', (text) => {
    expect(issuesOf(text, 'pathTemplate').filter((code) => code !== 'path_not_injective')).toEqual([])
  })

  it('compiles as long as its static text leaves room for a trust domain, and no longer', () => {
    const longest = `/${'a'.repeat(SPIFFE_ID_MAX_BYTES - 'spiffe://a/'.length)}`
    expect(issuesOf(longest, 'pathTemplate')).toEqual([])
    expect(issuesOf(`${longest}a`, 'pathTemplate')).toEqual(['path_invalid'])
  })
})

describe('renderPath()', () => {
  it('names the attribute that is too long', () => {
    const long = 'kubernetes.pod.annotation[long]'
    const rendered = render('pathTemplate', `/{{${ns}}}/{{${long}}}/{{${note}}}`, {
      [ns]: 'n',
      [long]: 'a'.repeat(SPIFFE_ID_MAX_BYTES - 10),
      [note]: 'b'.repeat(20),
    })
    expect(rendered).toMatchObject({ ok: false, refusal: { code: 'value_too_long', where: long } })
  })

  it.each([
    ['a slash', 'default/../admin', 'attribute_invalid'],
    ['a parent segment', '..', 'spiffe_id_invalid'],
    ['a dot segment', '.', 'spiffe_id_invalid'],
    ['nothing', '', 'attribute_invalid'],
    ['a space', 'a b', 'attribute_invalid'],
    ['a NUL', 'a\u0000b', 'attribute_invalid'],
    ['a lone surrogate', 'a\ud800', 'attribute_invalid'],
    ['a letter beyond ASCII', 'ſpire', 'attribute_invalid'],
    ['a percent escape', '%2e%2e', 'attribute_invalid'],
    ['template text', '{{cluster.name}}', 'attribute_invalid'],
    ['a newline', 'a\n', 'attribute_invalid'],
  ])('refuses a value with %s, naming attribute, surface and mend', (_what, value, code) => {
    const rendered = render('pathTemplate', `/x/{{${note}}}`, { [note]: value })
    expect(rendered).toMatchObject({ ok: false, refusal: { code, where: note } })
    const detail = rendered.ok ? '' : rendered.refusal.detail
    expect(detail).toContain(note)
    expect(detail).toContain('a path template')
    expect(detail).toMatch(/replace\(|default\(|another attribute|no filter can fix/)
  })

  it('names the filter that lets the owner of a pod through', () => {
    const rendered = render('pathTemplate', `/{{${owner}}}`, { [owner]: 'ReplicaSet:web-1' })
    expect(rendered.ok ? '' : rendered.refusal.detail).toContain('replace(":", "-")')
    expect(outcome('pathTemplate', `/{{${owner} | replace(":", "-")}}`, { [owner]: 'ReplicaSet:web-1' })).toBe(
      '/ReplicaSet-web-1',
    )
  })

  it('refuses what an attribute cannot be, even if a path could hold it', () => {
    expect(outcome('pathTemplate', `/{{${ns}}}`, { [ns]: 'Default' })).toBe('attribute_invalid')
    expect(outcome('pathTemplate', `/{{${ns}}}`, { [ns]: 'a_b' })).toBe('attribute_invalid')
    expect(outcome('pathTemplate', `/{{${ns} | replace("/", "-")}}`, { [ns]: 'a/b' })).toBe('attribute_invalid')
  })

  it('lets slashes through where segments says so, and checks each segment', () => {
    const text = `/ref/{{${note} | segments}}`
    expect(outcome('pathTemplate', text, { [note]: 'refs/heads/main' })).toBe('/ref/refs/heads/main')
    for (const value of ['a//b', '/a', 'a/', 'a/../b', './a']) {
      expect(outcome('pathTemplate', text, { [note]: value })).toBe('spiffe_id_invalid')
    }
    expect(outcome('pathTemplate', text, { [note]: 'a/b c' })).toBe('attribute_invalid')
  })

  it.each([
    [`/{{${note}}}`, 'spire'],
    [`/{{${note}}}/x`, 'postern'],
    [`/{{${note} | segments}}`, 'spire/agent'],
    [`/spi{{${note}}}`, 're'],
  ])('never renders a reserved path: %s', (text, value) => {
    expect(outcome('pathTemplate', text, { [note]: value })).toBe('path_reserved')
  })

  it('renders a multi-valued attribute only if it has one value', () => {
    const text = '/{{ssh_pop.principal}}'
    expect(outcome('pathTemplate', text, { 'ssh_pop.principal': ['a'] })).toBe('/a')
    expect(outcome('pathTemplate', text, { 'ssh_pop.principal': [] })).toBe('attribute_invalid')
    const rendered = render('pathTemplate', text, { 'ssh_pop.principal': ['a', 'b', 'c'] })
    expect(rendered.ok ? '' : rendered.refusal.detail).toContain('3 values')
  })

  it('uses a default for absence, never for an empty value', () => {
    const text = `/{{${note} | default("none")}}`
    expect(outcome('pathTemplate', text, {})).toBe('/none')
    expect(outcome('pathTemplate', text, { [note]: '' })).toBe('attribute_invalid')
    expect(outcome('pathTemplate', `/{{${note}}}`, {})).toBe('attribute_missing')
  })

  it('runs filters from left to right', () => {
    expect(outcome('pathTemplate', `/{{${note} | lower | replace("a", "B")}}`, { [note]: 'AaX' })).toBe('/BBx')
    expect(outcome('pathTemplate', `/{{${note} | replace("a", "B") | lower}}`, { [note]: 'AaX' })).toBe('/abx')
    expect(outcome('pathTemplate', `/{{${note} | replace("aa", "$&")| replace("$&", "b")}}`, { [note]: 'aaa' })).toBe(
      '/ba',
    )
    expect(outcome('pathTemplate', `/{{${note} | lower | replace("İ", "x")}}`, { [note]: 'İ' })).toBe('/x')
  })

  it('holds filters to the bytes of their output, before building it', () => {
    const text = `/{{${note} | replace("a", "bb") | replace("bb", "c")}}`
    const fits = 'a'.repeat(FILTER_OUTPUT_MAX_BYTES / 2)
    expect(outcome('jwtClaim', text.slice(1), { [note]: fits })).toBe('c'.repeat(FILTER_OUTPUT_MAX_BYTES / 2))
    expect(outcome('jwtClaim', text.slice(1), { [note]: `${fits}a` })).toBe('value_too_long')
    expect(
      outcome('jwtClaim', `{{${note} | lower}}`, { [note]: 'ä'.repeat(FILTER_OUTPUT_MAX_BYTES / 2) }),
    ).toHaveLength(1024)
    expect(outcome('jwtClaim', `{{${note} | lower}}`, { [note]: `a${'ä'.repeat(FILTER_OUTPUT_MAX_BYTES / 2)}` })).toBe(
      'value_too_long',
    )
    const bomb = `{{${note} | replace("a", "${'b'.repeat(3000)}")}}`
    expect(outcome('jwtClaim', bomb, { [note]: 'a'.repeat(ATTRIBUTE_VALUE_MAX_BYTES) })).toBe('value_too_long')
  })

  it('holds the whole ID to 2048 bytes', () => {
    const text = `/{{${note}}}/{{${note}}}`
    const half = (SPIFFE_ID_MAX_BYTES - 'spiffe://example.org//'.length) / 2
    expect(outcome('pathTemplate', text, { [note]: 'a'.repeat(half) })).toHaveLength(2 * half + 2)
    expect(outcome('pathTemplate', text, { [note]: 'a'.repeat(half + 1) })).toBe('value_too_long')
  })

  it('quotes a value cut to 64 characters, without control characters', () => {
    const rendered = render('pathTemplate', `/{{${note}}}`, { [note]: `\u001b[2J\u202e\n${'x'.repeat(500)}` })
    const detail = rendered.ok ? '' : rendered.refusal.detail
    expect(detail).toContain('"\\u001b[2J\\u202e\\n')
    expect(detail).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
    expect(detail).not.toContain('x'.repeat(65))
  })
})
