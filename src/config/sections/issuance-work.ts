// What compiling the fields of an issuance policy and its legacy templates share: how many values there may be, the
// names of claims, and templates with the attributes that they use.
import type { Report } from '../../attest/attest-context.ts'
import type { Surface } from '../../attribute/row.ts'
import type { Path } from '../../core/issue.ts'
import { CLAIM_NAME_MAX_LENGTH, CLAIMS_PER_POLICY_MAX, DNS_NAMES_PER_POLICY_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { AttributeUse } from '../../policy/mapping/issuance.ts'
import { compileTemplate, type TemplateOf } from '../../template/compile.ts'
import type { ConditionCompiler } from '../compile/condition-budget.ts'
import { foldName } from '../fold-name.ts'

/** What compiling templates reports and records. */
export interface TemplateWork {
  readonly report: Report
  readonly uses: AttributeUse[]
  readonly additionalClaims: Path[]
}

/** State shared by the parts of section SVIDIssuancePolicy while it compiles. */
export interface IssuanceWork extends TemplateWork {
  readonly conditions: ConditionCompiler
  /** Misspelt names that may still get a hint: each is compared with the whole catalogue, and few issues are listed. */
  hintsLeft: number
}

interface CountBound {
  readonly max: number
  /** Names the values in messages. */
  readonly what: string
}

export const CLAIMS: CountBound = { max: CLAIMS_PER_POLICY_MAX, what: 'additional claims' }
export const DNS_NAMES: CountBound = { max: DNS_NAMES_PER_POLICY_MAX, what: 'DNS names, those of spec.legacy included' }

/**
 * Whether `count` is within the bound; reports `value_out_of_range` if not. Each value is rendered for every workload
 * of a request.
 */
export function checkCount(count: number, { max, what }: CountBound, path: Path, work: TemplateWork): boolean {
  if (count <= max) return true
  const message = `Cannot render ${count} values for each workload: a policy may have at most ${max} ${what}`
  work.report({ code: 'value_out_of_range', path, message })
  return false
}

/** Claims that a policy cannot set (RFC 7519 section 4.1, RFC 7800 section 3.1): the issuer sets or withholds them. */
const RESERVED_CLAIMS = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'cnf'])
/** Claims that relying parties use for authorization (RFC 8693 section 4.1, RFC 9068 section 2.2). */
const SENSITIVE_CLAIMS = new Set(['act', 'azp', 'client_id', 'scope'])

/**
 * The caller sets the paths of issues. Folded first: a relying party that folds names would read `ſub` or `ＳＵＢ` as
 * `sub`.
 */
export function checkClaimName(name: string, report: Report): void {
  const shown = quoteText(name)
  const folded = foldName(name)
  if (RESERVED_CLAIMS.has(folded)) {
    report({
      code: 'claim_reserved',
      path: [],
      message: `Cannot set the claim ${shown}: it is reserved for the issuer. Choose another name`,
    })
  } else if (SENSITIVE_CLAIMS.has(folded)) {
    const message = `Many relying parties use the claim ${shown} for authorization: choose another name unless you intend that`
    report({ code: 'claim_sensitive', path: [], message })
  }
  if (name === '' || name.length > CLAIM_NAME_MAX_LENGTH) {
    const message = `Cannot use ${shown} as a claim name: expected 1 to ${CLAIM_NAME_MAX_LENGTH} characters`
    report({ code: 'name_invalid', path: [], message })
  }
}

/**
 * Compiles a template, reports its issues and records the attributes that it uses.
 *
 * @param base maps an offset in `text` to one in the value at `path`, for a template that is a part of that value
 */
export function useTemplate<S extends Surface>(
  text: string,
  surface: S,
  path: Path,
  work: TemplateWork,
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
