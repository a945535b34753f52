// A DNS name for a certificate (RFC 5280 section 4.2.1.6, preferred name syntax): letters, digits and hyphens.
import { DNS_LABEL_MAX_BYTES, DNS_NAME_MAX_BYTES } from '../core/limits.ts'
import { failParse, type Parsed } from './parse-result.ts'

declare const parsed: unique symbol
export type DnsName = string & { readonly [parsed]: 'DnsName' }

export const DNS_LABEL_FAULTS = {
  label_empty: 'a label is empty',
  label_too_long: `a label is longer than ${DNS_LABEL_MAX_BYTES} characters`,
  label_hyphen: 'a label starts or ends with a hyphen',
  label_character: 'a label may contain only lower-case letters, digits and "-"',
} as const
export type DnsLabelFault = keyof typeof DNS_LABEL_FAULTS

export const DNS_NAME_FAULTS = {
  ...DNS_LABEL_FAULTS,
  too_long: `the name is longer than ${DNS_NAME_MAX_BYTES} characters`,
  address: 'the name is an IP address, or ends in a number as only IP addresses do',
  wildcard_forbidden:
    'a wildcard must be the whole first label, before at least two other labels, and be written in the template',
} as const
export type DnsNameFault = keyof typeof DNS_NAME_FAULTS

/** Upper case is refused, not folded, so that one name has one spelling. */
export function checkDnsLabel(label: string): Parsed<string, DnsLabelFault> {
  if (label === '') return failParse('label_empty')
  const wrong = label.search(/[^a-z0-9-]/)
  if (wrong >= 0) return failParse('label_character', wrong)
  if (label.startsWith('-')) return failParse('label_hyphen')
  if (label.endsWith('-')) return failParse('label_hyphen', label.length - 1)
  return label.length > DNS_LABEL_MAX_BYTES
    ? failParse('label_too_long', DNS_LABEL_MAX_BYTES)
    : { ok: true, value: label }
}

/** Parses a DNS name. `wildcard`: whether `*.` is allowed in front, as only an author may write it, never a value. */
export function parseDnsName(text: string, options: { readonly wildcard: boolean }): Parsed<DnsName, DnsNameFault> {
  if (text.length > DNS_NAME_MAX_BYTES) return failParse('too_long', DNS_NAME_MAX_BYTES)
  const labels = text.split('.')
  let offset = 0
  for (const [index, label] of labels.entries()) {
    const isWildcard = index === 0 && label === '*'
    if (isWildcard && (!options.wildcard || labels.length < 3)) return failParse('wildcard_forbidden')
    const checked = isWildcard ? undefined : checkDnsLabel(label)
    if (checked?.ok === false) return failParse(checked.reason, offset + checked.offset)
    offset += label.length + 1
  }
  // WHATWG URL section 3.5: a host whose last label is a number is parsed as an IPv4 address by every browser.
  const last = labels.at(-1) ?? ''
  if (/^(?:[0-9]+|0x[0-9a-f]*)$/.test(last)) return failParse('address', text.length - last.length)
  return { ok: true, value: text as DnsName }
}
