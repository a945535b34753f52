// The record of a login, made of what decided it, and never over its bound.
import type { Attribute } from '../attribute/attribute.ts'
import {
  ATTESTATIONS_MAX,
  AUDIT_RECORD_MAX_BYTES,
  AUDITED_ISSUES_MAX_BYTES,
  AUDITED_POLICIES_MAX,
  ISSUES_MAX,
} from '../core/limits.ts'
import type { Refusal } from '../core/refusal.ts'
import type { EvidenceName } from '../policy/login.ts'
import type { EvidenceRefusal, PolicyTrace, Untraced } from '../policy/trials.ts'
import type { AuditedEvidence, LoginRecord } from './audit.ts'
import { auditedRefusal, auditedText, createAuditSpace, expectedOf, listed } from './audit-space.ts'

type Lists = 'attributes' | 'refusals' | 'policies' | 'policiesTried' | 'evidence' | 'detail'
/** The members of a record that are short by themselves. */
export type LoginFacts = Omit<LoginRecord, Lists | `${Lists}Omitted` | 'expected'>

/** What a decision about evidence has found. */
export interface LoginFindings {
  readonly evidence: readonly EvidenceName[]
  readonly refusals: readonly EvidenceRefusal[]
  readonly traces: readonly PolicyTrace[]
  /** Absent: every policy that was tried has a trace. */
  readonly untraced?: Untraced
  readonly attributes?: readonly Attribute[]
}

/** For a request that was refused before any evidence was looked at. */
export function recordRefusal(facts: LoginFacts, { detail, audit }: Refusal): LoginRecord {
  const expected = expectedOf(audit, { entries: ISSUES_MAX, bytes: AUDITED_ISSUES_MAX_BYTES })
  return { ...facts, detail: auditedText(detail), ...expected }
}

export function recordDecision(facts: LoginFacts, found: LoginFindings): LoginRecord {
  const evidence = found.evidence.map(
    ({ type, digest }): AuditedEvidence => ({
      type,
      ...(digest === undefined ? {} : { digest }),
    }),
  )
  const fixed = { ...facts, evidence, ...triedOf(found) }
  const space = createAuditSpace(AUDIT_RECORD_MAX_BYTES, fixed)
  // What matters most has the first claim to the room.
  const attributes = space.take(found.attributes ?? [], Number.POSITIVE_INFINITY, (attribute) => attribute)
  const refusals = space.take(found.refusals, ATTESTATIONS_MAX, auditedRefusal)
  const traced = space.take(ownRefusals(found), AUDITED_POLICIES_MAX, ({ policy, refusals: own }) => ({
    policy,
    refusals: own.map(auditedRefusal),
  }))
  const policies = { ...traced, omitted: traced.omitted + (found.untraced?.refusing ?? 0) }
  return {
    ...fixed,
    ...listed('attributes', attributes),
    ...listed('refusals', refusals),
    ...listed('policies', policies),
  }
}

/** What was wrong with the evidence of an admitted login, though one policy could do without it. */
export function evidenceRefusals(evidence: readonly EvidenceName[]): readonly EvidenceRefusal[] {
  return evidence.flatMap(({ type, refusal }) => (refusal === undefined ? [] : [{ type, refusal }]))
}

/** The policies that refused something by themselves, each with that alone. */
function ownRefusals({ traces, evidence }: LoginFindings): readonly PolicyTrace[] {
  const ofEvidence = new Set(evidence.map(({ refusal }) => refusal))
  return traces.flatMap((trace) => {
    const refusals = trace.refusals.filter(({ refusal }) => !ofEvidence.has(refusal))
    return refusals.length === 0 ? [] : [{ ...trace, refusals }]
  })
}

function triedOf({ traces, untraced }: LoginFindings): { readonly policiesTried?: number } {
  const policiesTried = traces.length + (untraced?.tried ?? 0)
  return policiesTried === 0 ? {} : { policiesTried }
}
