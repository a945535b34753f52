import { describe, expect, it } from 'vitest'
import { SUBJECT_VALUES_MAX } from '../../src/core/limits.ts'
import { compileTemplate } from '../../src/template/compile.ts'
import { issuesOf, outcome, render } from './rendering.ts'

const app = 'kubernetes.pod.label[app]'

describe('a subject template', () => {
  it.each([
    'O=Acme Corp,OU=Engineering',
    'C=D{{cluster.name}}',
    'O=Acme,CN={{cluster.name}}',
    'CN=a-{{cluster.name}}-b+OU=x,O=Acme\\, Inc',
  ])('compiles: %s', (text) => {
    expect(issuesOf(text, 'x509Subject')).toEqual([])
  })

  it.each([
    ['', 'subject_invalid', 0],
    ['{{cluster.name}}=x', 'subject_invalid', 0],
    ['O={{cluster.name}},{{cluster.name}}', 'subject_invalid', 19],
    ['O=a,FOO=b', 'subject_invalid', 4],
    ['O=a,CN=', 'subject_invalid', 7],
    ['C=DEU', 'subject_invalid', 2],
    ['C=D', 'subject_invalid', 2],
    ['C=DEU{{cluster.name}}', 'subject_invalid', 2],
    ['CN=#04{{cluster.name}}', 'subject_invalid', 3],
    [`CN={{cluster.name}}${'x'.repeat(65)}`, 'subject_invalid', 3],
    ['O="{{cluster.name}}"', 'subject_invalid', 2],
    ['O={{cluster.name | segments}}', 'filter_misplaced', 2],
  ])('does not compile: %j', (text, code, offset) => {
    const { template, issues } = compileTemplate(text, 'x509Subject', [])
    expect(template).toBeUndefined()
    expect(issues[0]).toMatchObject({ code, offset })
  })
})

describe('the values of a subject template', () => {
  const named = (count: number): string => Array.from({ length: count }, (_, index) => `OU=${index}`).join(',')

  it('are so many as the limit says, and no more', () => {
    expect(issuesOf(named(SUBJECT_VALUES_MAX), 'x509Subject')).toEqual([])
    const { issues } = compileTemplate(named(SUBJECT_VALUES_MAX + 1), 'x509Subject', [])
    const offset = named(SUBJECT_VALUES_MAX).length + ',OU='.length
    expect(issues).toMatchObject([{ code: 'subject_invalid', offset }])
  })
})

describe('renderSubject()', () => {
  it.each([
    ['web', 'O=Acme,CN=web'],
    ['x,O=admin', 'O=Acme,CN=x\\,O=admin'],
    ['x+OU=admin', 'O=Acme,CN=x\\+OU=admin'],
    ['#0401', 'O=Acme,CN=\\#0401'],
    [' a ', 'O=Acme,CN=\\ a\\ '],
    ['a\\', 'O=Acme,CN=a\\\\'],
    ['{{cluster.name}}', 'O=Acme,CN={{cluster.name}}'],
    ['Lučić', 'O=Acme,CN=Lučić'],
  ])('keeps %j one value', (value, subject) => {
    expect(outcome('x509Subject', `O=Acme,CN={{${app}}}`, { [app]: value })).toBe(subject)
  })

  it.each([
    ['CN={{x}}', 'a\u0000b', 'attribute_invalid'],
    ['CN={{x}}', 'a\nb', 'attribute_invalid'],
    ['CN={{x}}', '\ud800', 'attribute_invalid'],
    ['CN={{x}}', '', 'attribute_invalid'],
    ['CN={{x}}', 'a'.repeat(65), 'value_too_long'],
    ['CN=12345{{x}}', 'a'.repeat(60), 'value_too_long'],
    ['C={{x}}', 'DEU', 'value_too_long'],
    ['C={{x}}', 'D', 'subject_invalid'],
    ['C={{x}}', '12', 'subject_invalid'],
    ['DC={{x}}', 'bücher', 'subject_invalid'],
    ['SERIALNUMBER={{x}}', 'a_b', 'subject_invalid'],
  ])('refuses in %s the value %j', (text, value, code) => {
    const rendered = render('x509Subject', text.replace('x', app), { [app]: value })
    expect(rendered).toMatchObject({ ok: false, refusal: { code, where: app } })
  })

  it('holds a value to the bound of its type, and never cuts it', () => {
    expect(outcome('x509Subject', `CN={{${app}}}`, { [app]: 'a'.repeat(64) })).toBe(`CN=${'a'.repeat(64)}`)
    expect(outcome('x509Subject', `CN={{${app}}}`, { [app]: 'a'.repeat(65) })).toBe('value_too_long')
    const sa = 'kubernetes.pod.service_account'
    const rendered = render('x509Subject', `CN={{${app}}}{{${sa}}}`, { [app]: 'a'.repeat(60), [sa]: 'b'.repeat(5) })
    expect(rendered).toMatchObject({ ok: false, refusal: { code: 'value_too_long', where: app } })
  })

  it('takes one value of a multi-valued attribute', () => {
    expect(outcome('x509Subject', 'CN={{ssh_pop.principal}}', { 'ssh_pop.principal': ['h'] })).toBe('CN=h')
    expect(outcome('x509Subject', 'CN={{ssh_pop.principal}}', { 'ssh_pop.principal': ['h', 'i'] })).toBe(
      'attribute_invalid',
    )
  })
})
