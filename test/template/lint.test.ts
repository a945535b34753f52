import { describe, expect, it } from 'vitest'
import { compileTemplate } from '../../src/template/compile.ts'
import { issuesOf } from './rendering.ts'

const lints = (text: string): readonly string[] =>
  issuesOf(text, 'pathTemplate').filter((code) => code !== 'attribute_may_be_absent')

const ns = 'kubernetes.pod.namespace'
const sa = 'kubernetes.pod.service_account'
const owner = 'kubernetes.pod.owner'
const label = 'kubernetes.pod.label[app]'
const count = 'kubernetes.pod.image_count'

describe('attribute_self_declared', () => {
  it.each([
    ['jwtClaim', '{{aws_token.request_tags.env}}'],
    ['pathTemplate', '/{{aws_token.request_tags.env | default("x")}}'],
    ['dnsName', '{{aws_token.request_tags.env}}.example.org'],
    ['x509Subject', 'CN={{aws_token.request_tags.env}}'],
  ] as const)('is given in a %s', (surface, text) => {
    expect(issuesOf(text, surface)).toContain('attribute_self_declared')
    expect(issuesOf(text.replace('request_tags', 'principal_tags'), surface)).not.toContain('attribute_self_declared')
  })
})

describe('attribute_may_be_absent', () => {
  it('is found on every surface', () => {
    for (const surface of ['jwtClaim', 'dnsName'] as const) {
      expect(issuesOf(`{{${label}}}`, surface)).toEqual(['attribute_may_be_absent'])
    }
    expect(issuesOf(`CN={{${label}}}`, 'x509Subject')).toEqual(['attribute_may_be_absent'])
    expect(issuesOf(`/{{${label}}}`, 'pathTemplate')).toEqual(['attribute_may_be_absent'])
  })

  it('is not found with a default, or where the attribute is always there', () => {
    expect(issuesOf(`{{${label} | default("x")}}`, 'jwtClaim')).toEqual([])
    expect(issuesOf(`{{${ns}}}`, 'jwtClaim')).toEqual([])
  })
})

describe('path_never_valid', () => {
  it.each([
    `/{{${owner}}}`,
    `/{{${owner} | lower}}`,
    `/{{${owner} | segments}}`,
    `/{{${owner} | replace(":", "@")}}`,
    '/{{kubernetes.container.image.name}}',
    '/{{kubernetes.container.image.name | segments}}',
    '/{{kubernetes.container.image.id | replace("@", "-") | segments}}',
    '/{{k8s_token.issuer}}',
    '/{{systemd.fragment_path}}',
  ])('is found in %s', (text) => {
    expect(lints(text)).toContain('path_never_valid')
  })

  it.each([
    `/{{${owner} | replace(":", "-")}}`,
    '/{{kubernetes.container.image.name | replace(":", "-") | segments}}',
    '/x{{systemd.fragment_path | segments}}',
    `/{{${ns}}}`,
  ])('is not found in %s', (text) => {
    expect(lints(text)).not.toContain('path_never_valid')
  })

  it('prints the template that works', () => {
    const { issues } = compileTemplate(`/{{${owner}}}`, 'pathTemplate', [])
    const message = issues.find((issue) => issue.code === 'path_never_valid')?.message
    expect(message).toContain(`${owner} contains ":", which`)
    expect(message).toContain(`{{ ${owner} | replace(":", "-") }}`)
  })
})

describe('path_not_injective', () => {
  it.each([
    `/{{${ns}}}-{{${sa}}}`, // prod-etl/writer and prod/etl-writer
    `/{{${ns}}}{{${sa}}}`,
    `/{{${sa}}}.{{${sa}}}x{{${ns}}}`,
    `/{{${label}}}_{{${ns}}}_{{${label}}}-{{${sa}}}`,
    `/{{${label} | lower}}`,
    `/{{${label} | replace("-", "_")}}`,
    `/{{${label} | default("none")}}`,
    `/{{${label} | lower | default("-none")}}`,
    `/{{custom.a}}_{{custom.b}}`,
    `/{{custom.a | replace(":", "-")}}`,
    `/{{${owner} | replace(":", "")}}`,
    `/{{${owner} | replace(":", "a")}}`,
    `/{{${owner} | replace(":", "a") | default("-")}}`,
    `/{{${owner} | replace(":", "-") | lower}}`,
    `/{{${owner} | replace(":", "a") | replace("--", "/") | segments}}`,
    `/{{${owner} | replace(":", "a") | default("x/y") | segments}}`,
    `/{{${ns} | replace("a", "b")}}`,
    `/{{${ns} | replace("ab", "")}}`,
    `/{{custom.a}}-{{custom.b | segments}}`,
  ])('is found in %s', (text) => {
    expect(lints(text)).toContain('path_not_injective')
  })

  it.each([
    `/{{${ns}}}/{{${sa}}}`,
    `/{{${ns}}}_{{${sa}}}`,
    `/{{${ns}}}.{{${sa}}}`,
    `/{{${ns}}}-.-{{${sa}}}`,
    `/{{${sa}}}-{{${count}}}`,
    `/{{${ns}}}_{{${label}}}`,
    `/{{${ns}}}_{{${label}}}-{{${count}}}`,
    `/{{${ns}}}-{{${sa}}}/{{${ns}}}/{{${sa}}}`,
    `/{{${ns} | lower}}`,
    `/{{${ns} | replace("-", "_")}}`,
    `/{{${ns} | replace("-a-", "_")}}`,
    `/{{${ns} | replace("X", "a")}}`,
    `/{{${label} | default("-none")}}`,
    `/{{${owner} | replace(":", "-")}}`,
    `/{{${owner} | replace(":", "_")}}`,
    `/{{${owner} | replace(":", "-") | replace("--", "/") | segments}}`,
    `/{{${owner} | replace(":", "-") | default("x/y") | segments}}`,
    `/{{${label} | lower}}/{{${label}}}`,
    `/{{${ns}}}_{{custom.b | segments}}`,
  ])('is not found in %s', (text) => {
    const { template, issues } = compileTemplate(text, 'pathTemplate', [])
    expect(issues.filter((issue) => issue.code === 'path_not_injective')).toEqual([])
    expect(template).toBeDefined()
  })
})
