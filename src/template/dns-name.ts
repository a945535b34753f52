// Templates of DNS names. No value adds a dot or a wildcard: the labels are those that the template has.
import type { Attributes } from '../attribute/attribute.ts'
import type { Issue, Path } from '../core/issue.ts'
import { quoteText } from '../core/printable.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { DNS_NAME_FAULTS, type DnsName, parseDnsName } from '../identity/dns-name.ts'
import { applyFilters } from './filter.ts'
import { lintReferences } from './lint.ts'
import { refuseValue, renderReference } from './render-reference.ts'
import { isReference, type Part, parseTemplate, type Reference } from './syntax.ts'
import type { DnsNameTemplate } from './template.ts'

/** Stands for a value while the static text is checked: a letter is legal wherever any value is. */
const STAND_IN = 'a'

/**
 * Compiles a DNS name. A literal `*` as the whole first label is allowed (RFC 4592); faults of literal parts are
 * issues.
 */
export function compileDnsName(
  text: string,
  path: Path,
): { readonly template?: DnsNameTemplate; readonly issues: readonly Issue[] } {
  const { parts, issues } = parseTemplate(text, 'dnsName', path)
  if (issues.length > 0) return { issues }
  const report = (message: string, offset: number): { readonly issues: readonly Issue[] } => ({
    issues: [{ code: 'dns_name_invalid', path, message, offset }],
  })

  const sample = parts.map((part) => (isReference(part) ? STAND_IN : part.text)).join('')
  const checked = parseDnsName(sample, { wildcard: true })
  if (!checked.ok) {
    return report(`The DNS name is invalid: ${DNS_NAME_FAULTS[checked.reason]}`, findOrigin(parts, checked.offset))
  }
  const references = parts.filter(isReference)
  for (const reference of references) {
    const fallback = applyFilters(reference.filters, undefined)
    if (!fallback.ok || /^[a-z0-9-]+$/.test(fallback.text)) continue
    const { name } = reference.attribute
    return report(`A label cannot be made of ${quoteText(fallback.text)}, the default of ${name}`, reference.offset)
  }
  return { template: { surface: 'dnsName', text, references, parts }, issues: lintReferences(references, path) }
}

/** Where in the template a place of the sample comes from. */
function findOrigin(parts: readonly Part[], offset: number): number {
  let at = 0
  let origin = 0
  for (const part of parts) {
    const length = isReference(part) ? STAND_IN.length : part.text.length
    origin = isReference(part) ? part.offset : part.offset + offset - at
    if (offset < at + length) return origin
    at += length
  }
  return origin
}

/**
 * Refuses with `attribute_missing`, `attribute_invalid`, `value_too_long` or `dns_name_invalid`; `where` names the
 * attribute.
 */
export function renderDnsName(template: DnsNameTemplate, attributes: Attributes): Checked<DnsName> {
  let text = ''
  const rendered: RenderedReference[] = []
  for (const part of template.parts) {
    const piece = isReference(part) ? renderLabel(part, attributes) : pass(part.text)
    if (!piece.ok) return piece
    text += piece.value
    if (isReference(part)) rendered.push({ reference: part, length: piece.value.length, end: text.length })
  }
  const parsed = parseDnsName(text, { wildcard: true })
  if (parsed.ok) return pass(parsed.value)
  const isTooLong = parsed.reason === 'too_long' || parsed.reason === 'label_too_long'
  const names = template.references.map((reference) => reference.attribute.name)
  // A value has no dot, so it belongs to one label; if a label is too long, one of its own values is the cause.
  const isInLabel = ({ length, end }: RenderedReference): boolean =>
    parsed.reason !== 'label_too_long' || findLabelNumber(text, end - length) === findLabelNumber(text, parsed.offset)
  const culprit = (isTooLong ? findLongest(rendered.filter(isInLabel)) : undefined) ?? template.references[0]
  const what = `${quoteText(text)} is not a DNS name: ${DNS_NAME_FAULTS[parsed.reason]}`
  return refuse({
    code: isTooLong ? 'value_too_long' : 'dns_name_invalid',
    detail: `Cannot use ${names.join(', ')} in a DNS name: ${what}; put literal text around it, or use another attribute`,
    ...(culprit === undefined ? {} : { where: culprit.attribute.name }),
  })
}

/** Where a reference was rendered to. */
interface RenderedReference {
  readonly reference: Reference
  readonly length: number
  readonly end: number
}

/** The one to name where the whole is too long; of equally long ones the first. */
function findLongest(rendered: readonly RenderedReference[]): Reference | undefined {
  return rendered.toSorted((a, b) => b.length - a.length)[0]?.reference
}

/** Finds the number of the label at `offset`. */
function findLabelNumber(name: string, offset: number): number {
  return name.slice(0, offset).split('.').length
}

function renderLabel(reference: Reference, attributes: Attributes): Checked<string> {
  const piece = renderReference(reference, attributes, 'dnsName')
  if (!piece.ok) return piece
  const text = piece.value
  if (text === '') {
    const fix = 'default("...") applies only to an absent attribute: send a value or use another attribute'
    return refuseValue('attribute_invalid', reference, 'dnsName', 'its value is empty', fix)
  }
  if (!/[^a-z0-9-]/.test(text)) return piece
  const forbidden = [...new Set(text.match(/[^a-z0-9-]/gu))]
  const what = `a label cannot hold its value ${quoteText(text)}`
  const lower = forbidden.some((character) => /[A-Z]/.test(character)) ? ['lower'] : []
  const others = forbidden.filter((character) => !/[A-Z]/.test(character)).slice(0, 3)
  const fix = [...lower, ...others.map((character) => `replace(${quoteText(character)}, "-")`)].join(' | ')
  return refuseValue('attribute_invalid', reference, 'dnsName', what, `use the filter ${fix}`)
}
