// The fields of one issuance policy, the base or an override's: schema and compilation.
import * as v from 'valibot'
import { formatDuration, parseDurationSeconds } from '../../core/duration.ts'
import type { Path } from '../../core/issue.ts'
import {
  JWT_TTL_DEFAULT_SECONDS,
  JWT_TTL_MAX_SECONDS,
  JWT_TTL_MIN_SECONDS,
  TEMPLATE_MAX_LENGTH,
  X509_TTL_DEFAULT_SECONDS,
  X509_TTL_MAX_SECONDS,
  X509_TTL_MIN_SECONDS,
} from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { makeDurationForm, type StringForm } from '../../core/string-form.ts'
import type { Issuance } from '../../policy/mapping/issuance.ts'
import type { ClaimTemplate, DnsNameTemplate } from '../../template/template.ts'
import type { SchemaMetadata } from '../compile/validate.ts'
import { CLAIMS, checkClaimName, checkCount, DNS_NAMES, type TemplateWork, useTemplate } from './issuance-work.ts'
import type { Legacy } from './legacy-templates.ts'
import { SALVAGED } from './salvaged.ts'

interface TtlBounds {
  readonly minSeconds: number
  readonly maxSeconds: number
  readonly defaultSeconds: number
}

const X509_TTL: TtlBounds = {
  minSeconds: X509_TTL_MIN_SECONDS,
  maxSeconds: X509_TTL_MAX_SECONDS,
  defaultSeconds: X509_TTL_DEFAULT_SECONDS,
}
const JWT_TTL: TtlBounds = {
  minSeconds: JWT_TTL_MIN_SECONDS,
  maxSeconds: JWT_TTL_MAX_SECONDS,
  defaultSeconds: JWT_TTL_DEFAULT_SECONDS,
}

/** Formats bounds for messages: `1h to 168h`. */
function formatRange({ minSeconds, maxSeconds }: TtlBounds): string {
  return `${formatDuration(minSeconds)} to ${formatDuration(maxSeconds)}`
}

function createTtlForm(bounds: TtlBounds) {
  const { minSeconds, maxSeconds } = bounds
  return {
    form: makeDurationForm(minSeconds, maxSeconds, `a duration, ${formatRange(bounds)}`),
  } satisfies SchemaMetadata
}

function describeTtl(what: string, bounds: TtlBounds): string {
  return `Lifetime of ${what}, ${formatRange(bounds)}; default ${formatDuration(bounds.defaultSeconds)}`
}

/** A path starts with `/`, so an unquoted YAML number or boolean is never one. */
const PATH_FORM: StringForm = {
  accepts: (text) => text.startsWith('/'),
  words: 'a path such as "/ns/{{kubernetes.pod.namespace}}"',
}

const template = v.pipe(v.string(), v.maxLength(TEMPLATE_MAX_LENGTH))
const path = v.pipe(template, v.metadata({ form: PATH_FORM }))

export const policySchema = v.strictObject({
  pathTemplate: v.optional(
    v.pipe(path, v.description('Path of the SPIFFE ID; the default depends on the platform of the cluster')),
  ),
  x509: v.optional(
    v.strictObject({
      ttl: v.optional(
        v.pipe(v.string(), v.metadata(createTtlForm(X509_TTL)), v.description(describeTtl('X.509-SVIDs', X509_TTL))),
      ),
      subject: v.optional(v.pipe(template, v.description('Subject in RFC 4514 form: O=Acme Corp,OU=Engineering'))),
      dnsNames: v.optional(
        v.pipe(v.array(template), v.metadata(SALVAGED), v.description('DNS names of X.509-SVIDs, each a template')),
      ),
    }),
  ),
  jwt: v.optional(
    v.strictObject({
      ttl: v.optional(
        v.pipe(v.string(), v.metadata(createTtlForm(JWT_TTL)), v.description(describeTtl('JWT-SVIDs', JWT_TTL))),
      ),
      additionalClaims: v.optional(
        v.pipe(v.record(v.string(), template), v.metadata(SALVAGED), v.description('Claims by name, each a template')),
      ),
    }),
  ),
})

export type PolicyFields = v.InferOutput<typeof policySchema>

/**
 * Compiles the fields. A missing field comes from the legacy templates or is the default; it is never inherited from
 * another policy.
 */
export function compileIssuance(fields: PolicyFields, path: Path, legacy: Legacy, work: TemplateWork): Issuance {
  const { x509, jwt } = fields
  const pathTemplate =
    fields.pathTemplate === undefined
      ? legacy.pathTemplate
      : useTemplate(fields.pathTemplate, 'pathTemplate', [...path, 'pathTemplate'], work)
  const subjectPath = [...path, 'x509', 'subject']
  const subject =
    x509?.subject === undefined ? legacy.subject : useTemplate(x509.subject, 'x509Subject', subjectPath, work)
  const dnsNames: DnsNameTemplate[] = []
  const dnsTexts = x509?.dnsNames ?? []
  const isFew = checkCount(dnsTexts.length + legacy.dnsNames.length, DNS_NAMES, [...path, 'x509', 'dnsNames'], work)
  for (const [index, text] of isFew ? dnsTexts.entries() : []) {
    if (text === undefined) continue
    const dnsName = useTemplate(text, 'dnsName', [...path, 'x509', 'dnsNames', index], work)
    if (dnsName !== undefined) dnsNames.push(dnsName)
  }
  return {
    ...(pathTemplate === undefined ? {} : { pathTemplate }),
    x509: {
      ttlSeconds: readTtl(x509?.ttl, X509_TTL, [...path, 'x509', 'ttl'], work),
      ...(subject === undefined ? {} : { subject }),
      // The array is shared if possible: ten thousand overrides may use only the names of the legacy template.
      dnsNames: dnsNames.length === 0 ? legacy.dnsNames : [...dnsNames, ...legacy.dnsNames],
    },
    jwt: {
      ttlSeconds: readTtl(jwt?.ttl, JWT_TTL, [...path, 'jwt', 'ttl'], work),
      claims:
        jwt?.additionalClaims === undefined
          ? legacy.claims
          : compileClaims(jwt.additionalClaims, [...path, 'jwt', 'additionalClaims'], work),
    },
  }
}

function readTtl(text: string | undefined, bounds: TtlBounds, path: Path, work: TemplateWork): number {
  if (text === undefined) return bounds.defaultSeconds
  const seconds = parseDurationSeconds(text)
  if (seconds === undefined) {
    const message = `Cannot use ${quoteText(text)} as a duration: expected hours, minutes and seconds, for example 12h`
    work.report({ code: 'value_invalid', path, message })
    return bounds.defaultSeconds
  }
  if (seconds < bounds.minSeconds || seconds > bounds.maxSeconds) {
    const message = `Cannot use ${quoteText(text)} as this lifetime: expected ${formatRange(bounds)}`
    work.report({ code: 'value_out_of_range', path, message })
  }
  return seconds
}

function compileClaims(
  claims: Readonly<Record<string, string>>,
  path: Path,
  work: TemplateWork,
): ReadonlyMap<string, ClaimTemplate> {
  work.additionalClaims.push(path)
  const compiled = new Map<string, ClaimTemplate>()
  const entries = Object.entries(claims)
  for (const [name, text] of checkCount(entries.length, CLAIMS, path, work) ? entries : []) {
    const claimPath = [...path, name]
    checkClaimName(name, (issue) => work.report({ ...issue, path: claimPath, atKey: true }))
    const claim = useTemplate(text, 'jwtClaim', claimPath, work)
    if (claim !== undefined) compiled.set(name, claim)
  }
  return compiled
}
