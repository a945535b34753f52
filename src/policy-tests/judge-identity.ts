// An identity or a mapping refusal against what a case expects of it, for workloads with an agent and without.
import { writeCanonicalJson } from '../core/json.ts'
import { printable } from '../core/printable.ts'
import type { WorkloadResult } from '../policy/mapping/workload.ts'
import type { IdentityExpectation } from './case-parts.ts'
import type { Judgement } from './judge-login.ts'

type Identity = Omit<Exclude<WorkloadResult, { readonly error: unknown }>, 'id'>

const FIELDS = ['spiffeId', 'claims', 'subject', 'dnsNames'] as const

/** Only what is expected is compared, each exactly. */
export function fits(expected: IdentityExpectation, got: Required<IdentityExpectation>): boolean {
  return FIELDS.every((field) => {
    const wanted = expected[field]
    return wanted === undefined || writeCanonicalJson(wanted) === writeCanonicalJson(got[field])
  })
}

/** What was asked for, or all of it where nothing was. */
export function pickAsked(
  expected: IdentityExpectation | undefined,
  got: Required<IdentityExpectation>,
): IdentityExpectation {
  const asked = FIELDS.filter((field) => expected === undefined || expected[field] !== undefined)
  return Object.fromEntries(asked.map((field) => [field, got[field]]))
}

/** What a workload that gets an identity has, as it is compared. */
export function readIdentity({ spiffeId, jwt, x509 }: Identity): Required<IdentityExpectation> {
  return { spiffeId, claims: { ...jwt.claims }, subject: x509.subject ?? '', dnsNames: x509.dnsNames }
}

/** The refusal of one workload, as the gateway would answer it. */
export interface MappedError {
  readonly code: string
  readonly attribute?: string | undefined
  readonly detail: string
}

/** A refusal against one that is expected, or against something else. */
export function judgeError(
  { code, attribute, detail }: MappedError,
  expected: { readonly kind: string; readonly code?: string; readonly attribute?: string | undefined },
): Pick<Judgement, 'passed' | 'actual' | 'notes'> {
  const passed =
    expected.kind === 'error' &&
    expected.code === code &&
    (expected.attribute === undefined || expected.attribute === attribute)
  return { passed, actual: describeError(code, attribute), notes: passed ? [] : [printable(detail)] }
}

export function describeError(code: string, attribute: string | undefined): string {
  return `refused: ${code}${attribute === undefined ? '' : ` (${attribute})`}`
}

export function describeIdentity(identity: IdentityExpectation): string {
  const parts = FIELDS.flatMap((field) => {
    const value = identity[field]
    if (value === undefined) return []
    return [
      field === 'spiffeId'
        ? String(value)
        : `${field} ${typeof value === 'string' ? value : writeCanonicalJson(value)}`,
    ]
  })
  return printable(parts.join(', '))
}
