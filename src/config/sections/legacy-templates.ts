// The comma-separated templates that predate managed configuration: `claim={{attribute}},...` for JWTs, and
// `CN=...,O=...,SAN.DNS=...` for certificates. They apply where a policy omits the field; SAN entries always apply.
import type { Path } from '../../core/issue.ts'
import { quoteText } from '../../core/printable.ts'
import type { ClaimTemplate, DnsNameTemplate, PathTemplate, SubjectTemplate } from '../../template/template.ts'
import { CLAIMS, checkClaimName, checkCount, DNS_NAMES, type TemplateWork, useTemplate } from './issuance-work.ts'

export interface Legacy {
  readonly pathTemplate?: PathTemplate | undefined
  readonly subject?: SubjectTemplate | undefined
  readonly dnsNames: readonly DnsNameTemplate[]
  readonly claims: ReadonlyMap<string, ClaimTemplate>
}

export const NO_LEGACY: Legacy = { dnsNames: [], claims: new Map() }

export interface LegacyFields {
  readonly pathTemplate?: string | undefined
  readonly jwtCustomizationTemplate?: string | undefined
  readonly x509CustomizationTemplate?: string | undefined
}

export function compileLegacy(fields: LegacyFields, work: TemplateWork): Legacy {
  const { pathTemplate, jwtCustomizationTemplate, x509CustomizationTemplate } = fields
  const pathPath = ['legacy', 'pathTemplate']
  return {
    pathTemplate: pathTemplate === undefined ? undefined : useTemplate(pathTemplate, 'pathTemplate', pathPath, work),
    claims: compileClaims(jwtCustomizationTemplate ?? '', ['legacy', 'jwtCustomizationTemplate'], work),
    ...compileX509(x509CustomizationTemplate ?? '', ['legacy', 'x509CustomizationTemplate'], work),
  }
}

interface Entry {
  readonly text: string
  readonly offset: number
}

/** Splits at commas that are neither escaped nor inside a reference. */
function splitEntries(text: string): readonly Entry[] {
  const entries: Entry[] = []
  let start = 0
  let inReference = false
  for (let at = 0; at <= text.length; at++) {
    if (text.startsWith('{{', at)) inReference = true
    else if (text.startsWith('}}', at)) inReference = false
    else if (text[at] === '\\' && !inReference) at++
    else if (at >= text.length || (text[at] === ',' && !inReference)) {
      entries.push({ text: text.slice(start, at), offset: start })
      start = at + 1
    }
  }
  return entries.filter((entry) => entry.text.trim() !== '')
}

function compileClaims(text: string, path: Path, work: TemplateWork): ReadonlyMap<string, ClaimTemplate> {
  const claims = new Map<string, ClaimTemplate>()
  const entries = splitEntries(text)
  for (const entry of checkCount(entries.length, CLAIMS, path, work) ? entries : []) {
    const equals = entry.text.indexOf('=')
    const offset = entry.offset + entry.text.length - entry.text.trimStart().length
    if (equals < 0) {
      const message = 'Cannot read this claim: expected name={{attribute}}, with a comma between claims'
      work.report({ code: 'template_syntax', path, message, offset })
      continue
    }
    const name = entry.text.slice(0, equals).trim()
    checkClaimName(name, (issue) => work.report({ ...issue, path, offset }))
    if (claims.has(name)) {
      work.report({
        code: 'key_duplicate',
        path,
        message: `Cannot set the claim ${quoteText(name)} twice: remove one`,
        offset,
      })
    }
    const value = entry.text.slice(equals + 1)
    const valueOffset = entry.offset + equals + 1 + value.length - value.trimStart().length
    const claim = useTemplate(value.trim(), 'jwtClaim', path, work, (at) => valueOffset + at)
    if (claim !== undefined) claims.set(name, claim)
  }
  return claims
}

const SAN_DNS = 'SAN.DNS='
const SAN_IP = 'SAN.IP='

function compileX509(text: string, path: Path, work: TemplateWork): Pick<Legacy, 'subject' | 'dnsNames'> {
  const dnsNames: DnsNameTemplate[] = []
  const subject: Entry[] = []
  for (const entry of splitEntries(text)) {
    const trimmed = entry.text.trim()
    const offset = entry.offset + entry.text.length - entry.text.trimStart().length
    if (trimmed.startsWith(SAN_DNS)) {
      const name = trimmed.slice(SAN_DNS.length)
      const dnsName = useTemplate(name, 'dnsName', path, work, (at) => offset + SAN_DNS.length + at)
      if (dnsName !== undefined) dnsNames.push(dnsName)
    } else if (trimmed.startsWith(SAN_IP)) {
      const message =
        'Cannot put IP addresses into certificates: remove SAN.IP, or keep this cluster on its current server'
      work.report({ code: 'value_invalid', path, message, offset })
    } else {
      subject.push({ text: trimmed, offset })
    }
  }
  // Dropped, or each policy would report the same excess again.
  if (!checkCount(dnsNames.length, DNS_NAMES, path, work)) dnsNames.length = 0
  if (subject.length === 0) return { dnsNames }
  const joined = subject.map((entry) => entry.text).join(',')
  return { dnsNames, subject: useTemplate(joined, 'x509Subject', path, work, (at) => findOffset(subject, at)) }
}

/** Maps an offset in the joined entries to one in the template that they were split from. */
function findOffset(entries: readonly Entry[], offset: number): number {
  let left = offset
  for (const entry of entries) {
    if (left <= entry.text.length) return entry.offset + left
    left -= entry.text.length + 1
  }
  return 0
}
