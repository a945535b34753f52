// What the tests of this folder share: a trust domain, and templates that have to compile.
import type { AttributeValue } from '../../src/attribute/attribute.ts'
import type { Surface } from '../../src/attribute/row.ts'
import type { Checked } from '../../src/core/result.ts'
import { parseTrustDomain } from '../../src/identity/trust-domain.ts'
import { renderClaim } from '../../src/template/claim.ts'
import { compileTemplate, type TemplateOf } from '../../src/template/compile.ts'
import { renderDnsName } from '../../src/template/dns-name.ts'
import { renderPath } from '../../src/template/path.ts'
import { renderSubject } from '../../src/template/subject.ts'

const parsed = parseTrustDomain('example.org')
if (!parsed.ok) throw new Error(parsed.reason)
export const TRUST_DOMAIN = parsed.value

export type Values = Readonly<Record<string, AttributeValue>>

export function compiled<S extends Surface>(text: string, surface: S): TemplateOf<S> {
  const { template, issues } = compileTemplate(text, surface, [])
  if (template === undefined) throw new Error(JSON.stringify(issues))
  return template
}

/** The codes of all issues, warnings included. */
export function issuesOf(text: string, surface: Surface): readonly string[] {
  return compileTemplate(text, surface, []).issues.map((issue) => issue.code)
}

/** What the text renders to on a surface. */
export function render(surface: Surface, text: string, values: Values): Checked<string | readonly string[]> {
  const attributes = new Map(Object.entries(values))
  switch (surface) {
    case 'pathTemplate': {
      const id = renderPath(compiled(text, surface), attributes, TRUST_DOMAIN)
      return id.ok ? { ok: true, value: id.value.path } : id
    }
    case 'jwtClaim':
      return renderClaim(compiled(text, surface), attributes)
    case 'x509Subject':
      return renderSubject(compiled(text, surface), attributes)
    case 'dnsName':
      return renderDnsName(compiled(text, surface), attributes)
  }
}

/** The rendered text, or the code of the refusal. */
export function outcome(surface: Surface, text: string, values: Values): string | readonly string[] {
  const rendered = render(surface, text, values)
  return rendered.ok ? rendered.value : rendered.refusal.code
}
