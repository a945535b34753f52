// What compiling the fields of an issuance policy and its legacy templates share: how many values there may be, the names
// of claims, and templates with the attributes that they use.
import type { Report } from '../../attest/attest-context.ts'
import type { Surface } from '../../attribute/row.ts'
import type { Path } from '../../core/issue.ts'
import { CLAIM_NAME_MAX_LENGTH, CLAIMS_PER_POLICY_MAX, DNS_NAMES_PER_POLICY_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { AttributeUse } from '../../policy/mapping/issuance.ts'
import { compileTemplate, type TemplateOf } from '../../template/compile.ts'
import type { ConditionCompiler } from '../compile/condition-budget.ts'
import { foldName } from '../fold-name.ts'

/** What the parts of the section share while it compiles. */
export interface IssuanceWork {
  readonly report: Report
  readonly uses: AttributeUse[]
  readonly additionalClaims: Path[]
  readonly conditions: ConditionCompiler
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
