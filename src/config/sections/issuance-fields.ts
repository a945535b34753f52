// The fields of one issuance policy, the base or an override's: schema and compilation.
import * as v from 'valibot'
import type { Report } from '../../attest/attestor.ts'
import type { Surface } from '../../attribute/row.ts'
import { parseDurationSeconds } from '../../core/duration.ts'
import { foldName } from '../../core/fold.ts'
import type { Path } from '../../core/issue.ts'
import {
  CLAIM_NAME_MAX_LENGTH,
  CLAIMS_PER_POLICY_MAX,
  DNS_NAMES_PER_POLICY_MAX,
  JWT_TTL_DEFAULT_SECONDS,
  JWT_TTL_MAX_SECONDS,
  JWT_TTL_MIN_SECONDS,
  TEMPLATE_MAX_LENGTH,
  X509_TTL_DEFAULT_SECONDS,
  X509_TTL_MAX_SECONDS,
  X509_TTL_MIN_SECONDS,
} from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { durationForm, type StringForm } from '../../core/string-form.ts'
import type { AttributeUse, Issuance } from '../../policy/mapping/issuance.ts'
import { compileTemplate, type TemplateOf } from '../../template/compile.ts'
import type { ClaimTemplate, DnsNameTemplate } from '../../template/template.ts'
import type { ConditionCompiler } from '../compile/condition-budget.ts'
import type { SchemaMetadata } from '../compile/validate.ts'
import type { Legacy } from './legacy-templates.ts'
import { SALVAGED } from './policies.ts'

interface TtlBounds {
  readonly minSeconds: number
  readonly maxSeconds: number
  readonly defaultSeconds: number
  /** For messages. */
  readonly range: string
}

const X509_TTL: TtlBounds = {
  minSeconds: X509_TTL_MIN_SECONDS,
  maxSeconds: X509_TTL_MAX_SECONDS,
  defaultSeconds: X509_TTL_DEFAULT_SECONDS,
  range: '1h to 168h',
}
const JWT_TTL: TtlBounds = {
  minSeconds: JWT_TTL_MIN_SECONDS,
  maxSeconds: JWT_TTL_MAX_SECONDS,
  defaultSeconds: JWT_TTL_DEFAULT_SECONDS,
  range: '5m to 168h',
}

function formOf({ minSeconds, maxSeconds, range }: TtlBounds) {
  return { form: durationForm(minSeconds, maxSeconds, `a duration, ${range}`) } satisfies SchemaMetadata
}

/** A path has its own rules; a number or a boolean breaks the first of them. */
const PATH_FORM: StringForm = {
  accepts: (text) => text.startsWith('/'),
  words: 'a path such as "/ns/{{kubernetes.pod.namespace}}"',
}

const template = v.pipe(v.string(), v.maxLength(TEMPLATE_MAX_LENGTH))
const path = v.pipe(template, v.metadata({ form: PATH_FORM }))

export const policySchema = v.strictObject({
  pathTemplate: v.optional(
    v.pipe(path, v.description('Path of the SPIFFE ID; default that of the platform of the cluster')),
  ),
  x509: v.optional(
    v.strictObject({
      ttl: v.optional(
        v.pipe(
          v.string(),
          v.metadata(formOf(X509_TTL)),
          v.description('Lifetime of X.509-SVIDs, 1h to 168h; default 24h'),
        ),
      ),
      subject: v.optional(v.pipe(template, v.description('Subject as RFC 4514 writes it: O=Acme Corp,OU=Engineering'))),
      dnsNames: v.optional(v.pipe(v.array(template), v.metadata(SALVAGED), v.description('DNS names of X.509-SVIDs'))),
    }),
  ),
  jwt: v.optional(
    v.strictObject({
      ttl: v.optional(
        v.pipe(v.string(), v.metadata(formOf(JWT_TTL)), v.description('Lifetime of JWT-SVIDs, 5m to 168h; default 1h')),
      ),
      additionalClaims: v.optional(
        v.pipe(v.record(v.string(), template), v.metadata(SALVAGED), v.description('Claims by name, each a template')),
      ),
    }),
  ),
})

export type PolicyFields = v.InferOutput<typeof policySchema>

/** What the parts of the section share while it compiles. */
export interface IssuanceWork {
  readonly report: Report
  readonly uses: AttributeUse[]
  readonly additionalClaims: Path[]
  readonly conditions: ConditionCompiler
}

/** Compiles the fields; what is missing comes from the legacy templates or is a default, and never another policy's. */
export function compileIssuance(fields: PolicyFields, path: Path, legacy: Legacy, work: IssuanceWork): Issuance {
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
      // Shared where it can be: ten thousand overrides may have those of the legacy template alone.
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

interface CountBound {
  readonly max: number
  /** For messages. */
  readonly what: string
}

export const CLAIMS: CountBound = { max: CLAIMS_PER_POLICY_MAX, what: 'additional claims' }
export const DNS_NAMES: CountBound = { max: DNS_NAMES_PER_POLICY_MAX, what: 'DNS names, those of spec.legacy included' }

/** Whether there are few enough; reports it where not. Each is rendered for every workload of a request. */
export function checkCount(count: number, { max, what }: CountBound, path: Path, work: IssuanceWork): boolean {
  if (count <= max) return true
  const message = `Cannot render ${count} values for each workload: a policy has at most ${max} ${what}`
  work.report({ code: 'value_out_of_range', path, message })
  return false
}

function readTtl(text: string | undefined, bounds: TtlBounds, path: Path, work: IssuanceWork): number {
  if (text === undefined) return bounds.defaultSeconds
  const seconds = parseDurationSeconds(text)
  if (seconds === undefined) {
    const message = `Cannot use ${quoteText(text)} as a duration: write hours, minutes and seconds, for example 12h`
    work.report({ code: 'value_invalid', path, message })
    return bounds.defaultSeconds
  }
  if (seconds < bounds.minSeconds || seconds > bounds.maxSeconds) {
    const message = `Cannot use ${quoteText(text)} as this lifetime: it is ${bounds.range}`
    work.report({ code: 'value_out_of_range', path, message })
  }
  return seconds
}

function compileClaims(
  claims: Readonly<Record<string, string>>,
  path: Path,
  work: IssuanceWork,
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

/** Claims that a policy cannot set (RFC 7519 section 4.1, RFC 7800 section 3.1): the issuer answers for them alone. */
const RESERVED_CLAIMS = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'cnf'])
/** Claims that relying parties read as rights (RFC 8693 section 4.1, RFC 9068 section 2.2). */
const SENSITIVE_CLAIMS = new Set(['act', 'azp', 'client_id', 'scope'])

/** Paths of issues are the caller's. `ſub` and `ＳＵＢ` are `sub` to a reader that folds them. */
export function checkClaimName(name: string, report: Report): void {
  const shown = quoteText(name)
  const folded = foldName(name)
  if (RESERVED_CLAIMS.has(folded)) {
    report({ code: 'claim_reserved', path: [], message: `Cannot set the claim ${shown}: only the issuer sets it` })
  } else if (SENSITIVE_CLAIMS.has(folded)) {
    const message = `The claim ${shown} is read as a right by many relying parties: choose another name if it is none`
    report({ code: 'claim_sensitive', path: [], message })
  }
  if (name === '' || name.length > CLAIM_NAME_MAX_LENGTH) {
    const message = `Cannot use ${shown} as a claim: a name has 1 to ${CLAIM_NAME_MAX_LENGTH} characters`
    report({ code: 'name_invalid', path: [], message })
  }
}

/**
 * A template, its issues reported and its attributes noted. `base` is the offset of `text` in the value at `path`, for
 * a template that is a part of it.
 */
export function useTemplate<S extends Surface>(
  text: string,
  surface: S,
  path: Path,
  work: IssuanceWork,
  base: (offset: number) => number = (offset) => offset,
): TemplateOf<S> | undefined {
  const { template: compiled, issues } = compileTemplate(text, surface, path)
  for (const issue of issues) {
    work.report(issue.offset === undefined ? issue : { ...issue, offset: base(issue.offset) })
  }
  for (const { attribute, offset } of compiled?.references ?? []) {
    work.uses.push({ attribute, path, offset: base(offset) })
  }
  return compiled
}
