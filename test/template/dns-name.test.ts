import { describe, expect, it } from 'vitest'
import { compileTemplate } from '../../src/template/compile.ts'
import { issuesOf, outcome, render } from './rendering.ts'

const app = 'kubernetes.pod.label[app]'
const sa = 'kubernetes.pod.service_account'

describe('a DNS name template', () => {
  it.each(['web.example.org', `{{${sa}}}.o.example.cloud`, `*.{{${sa}}}.example.org`, `a-{{${sa}}}-b.example.org`])(
    'compiles: %s',
    (text) => {
      expect(issuesOf(text, 'dnsName')).toEqual([])
    },
  )

  it.each([
    ['', 0],
    [`{{${sa}}}.Example.org`, 35],
    [`{{${sa}}}..org`, 35],
    [`{{${sa}}}.`, 35],
    [`a.*.{{${sa}}}`, 2],
    [`*{{${sa}}}.example.org`, 0],
    [`*.{{${sa}}}`, 0],
    [`{{${sa}}}.1`, 35],
    [`-{{${sa}}}.org`, 0],
    [`{{${app} | default("a.b")}}.org`, 0],
  ])('does not compile: %j', (text, offset) => {
    const { template, issues } = compileTemplate(text, 'dnsName', [])
    expect(template).toBeUndefined()
    expect(issues[0]).toMatchObject({ code: 'dns_name_invalid', offset })
  })
})

describe('renderDnsName()', () => {
  it('renders a label', () => {
    expect(outcome('dnsName', `{{${sa}}}.o.example.cloud`, { [sa]: 'web' })).toBe('web.o.example.cloud')
    expect(outcome('dnsName', `*.{{${sa}}}.example.cloud`, { [sa]: 'web' })).toBe('*.web.example.cloud')
  })

  it.each([
    ['a.b', 'replace(".", "-")'],
    ['*', 'replace("*", "-")'],
    ['a_b', 'replace("_", "-")'],
    ['Web', 'lower'],
    ['', 'another attribute'],
    ['bü', 'replace("ü", "-")'],
    ['a\u0000', 'replace('],
  ])('refuses the value %j and names the mend', (value, mend) => {
    const rendered = render('dnsName', `{{${app}}}.example.org`, { [app]: value })
    expect(rendered).toMatchObject({ ok: false, refusal: { code: 'attribute_invalid', where: app } })
    expect(rendered.ok ? '' : rendered.refusal.detail).toContain(mend)
  })

  it('names the attribute that is too long, in the label or in the name', () => {
    const ns = 'kubernetes.pod.namespace'
    const label = render('dnsName', `{{${sa}}}.{{${ns}}}-{{${app}}}.example.org`, {
      [sa]: 'a'.repeat(63),
      [ns]: 'n',
      [app]: 'b'.repeat(62),
    })
    expect(label).toMatchObject({ ok: false, refusal: { code: 'value_too_long', where: app } })
    const template = `{{${ns}}}.${`{{${app}}}.`.repeat(4)}example.org`
    const whole = render('dnsName', template, { [ns]: 'n', [app]: 'b'.repeat(60) })
    expect(whole).toMatchObject({ ok: false, refusal: { code: 'value_too_long', where: app } })
  })

  it('refuses what only the whole name is wrong', () => {
    expect(outcome('dnsName', `{{${app}}}.example.org`, { [app]: '-a' })).toBe('dns_name_invalid')
    expect(outcome('dnsName', `web.{{${app}}}`, { [app]: '1' })).toBe('dns_name_invalid')
    expect(outcome('dnsName', `{{${app}}}.example.org`, { [app]: 'a'.repeat(63) })).toHaveLength(75)
    expect(outcome('dnsName', `{{${app}}}.example.org`, { [app]: 'a'.repeat(64) })).toBe('value_too_long')
  })
})
