// Makes the audit record of a login, or of a serverless request, from its decision, within its bound.
import type { CallOutNote } from '../../attest/webhook-call.ts'
import type { Attribute } from '../../attribute/attribute.ts'
import {
  ATTESTATIONS_MAX,
  AUDIT_RECORD_MAX_BYTES,
  AUDITED_ISSUES_MAX_BYTES,
  AUDITED_POLICIES_MAX,
  CALL_OUTS_PER_REQUEST_MAX,
  ISSUES_MAX,
} from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { EvidenceName } from '../../policy/login/evidence.ts'
import type { EvidenceRefusal, PolicyTrace, Untraced } from '../../policy/login/trials.ts'
import type { AuditedCallOut, LoginRecord, ServerlessRecord } from './audit.ts'
import {
  type AuditedFacts,
  type AuditSpace,
  auditFacts,
  auditRefusal,
  auditString,
  createAuditSpace,
  listed,
  type Taken,
} from './audit-space.ts'
import { auditEvidence } from './audited-evidence.ts'

type Lists = 'attributes' | 'refusals' | 'policies' | 'policiesTried' | 'evidence' | 'callOuts' | 'detail'
type Listed = Lists | `${Lists}Omitted` | keyof AuditedFacts
/** The members of a record that have a bounded length. */
export type LoginFacts = Omit<LoginRecord, Listed>
/** Those of a record of evidence that gave an identity in place of a session, or did not. */
export type ServerlessFacts = Omit<ServerlessRecord, Listed>
type Recorded<Facts> = Facts & Pick<LoginRecord, Listed & keyof LoginRecord>

/** The findings of a decision about evidence. */
export interface LoginFindings {
  readonly evidence: readonly EvidenceName[]
  readonly refusals: readonly EvidenceRefusal[]
  readonly traces: readonly PolicyTrace[]
  /** Absent: every policy that was tried has a trace. */
  readonly untraced?: Untraced
  readonly attributes?: readonly Attribute[]
  readonly callOuts?: readonly CallOutNote[]
}

/** Makes the record of a request that was refused as a whole. @param found what is known about its sender */
export function recordRefusal<Facts extends LoginFacts | ServerlessFacts>(
  facts: Facts,
  refusal: Refusal,
  found: Pick<LoginFindings, 'evidence' | 'attributes' | 'callOuts'> = { evidence: [] },
): Recorded<Facts> {
  const evidence = auditEvidence(found.evidence, true)
  const fixed = {
    ...facts,
    detail: auditString(refusal.detail),
    ...(evidence.length === 0 ? {} : { evidence }),
    ...auditFacts(refusal, { entries: ISSUES_MAX, bytes: AUDITED_ISSUES_MAX_BYTES }),
  }
  const space = createAuditSpace(AUDIT_RECORD_MAX_BYTES, fixed)
  const attributes = takeAttributes(found, space)
  return { ...fixed, ...listed('attributes', attributes), ...listed('callOuts', takeCallOuts(found, space)) }
}

export function recordDecision<Facts extends LoginFacts | ServerlessFacts>(
  facts: Facts,
  found: LoginFindings,
): Recorded<Facts> {
  const evidence = auditEvidence(found.evidence, facts.outcome === 'refused')
  const fixed = { ...facts, evidence, ...countTried(found) }
  const space = createAuditSpace(AUDIT_RECORD_MAX_BYTES, fixed)
  // The most important list takes its space first.
  const attributes = takeAttributes(found, space)
  const callOuts = takeCallOuts(found, space)
  const refusals = space.take(found.refusals, ATTESTATIONS_MAX, auditRefusal)
  const traced = space.take(listOwnRefusals(found), AUDITED_POLICIES_MAX, ({ policy, refusals: own }) => ({
    policy,
    refusals: own.map(auditRefusal),
  }))
  const policies = { ...traced, omitted: traced.omitted + (found.untraced?.refusing ?? 0) }
  return {
    ...fixed,
    ...listed('attributes', attributes),
    ...listed('refusals', refusals),
    ...listed('policies', policies),
    ...listed('callOuts', callOuts),
  }
}

function takeAttributes({ attributes = [] }: Pick<LoginFindings, 'attributes'>, space: AuditSpace): Taken<Attribute> {
  return space.take(attributes, Number.POSITIVE_INFINITY, (attribute) => attribute)
}

function takeCallOuts({ callOuts = [] }: Pick<LoginFindings, 'callOuts'>, space: AuditSpace): Taken<AuditedCallOut> {
  return space.take(callOuts, CALL_OUTS_PER_REQUEST_MAX, ({ type, origin, requestId, tries, ...note }) => ({
    type: auditString(type),
    origin: auditString(origin),
    requestId: auditString(requestId),
    tries,
    durationMs: note.durationMillis,
    outcome: note.outcome,
    ...(note.reason === undefined ? {} : { reason: auditString(note.reason) }),
  }))
}

/** Lists refusals of evidence in an admitted login: its policy did not need that evidence. */
export function listEvidenceRefusals(evidence: readonly EvidenceName[]): readonly EvidenceRefusal[] {
  return evidence.flatMap(({ type, refusal }) => (refusal === undefined ? [] : [{ type, refusal }]))
}

/** Lists the policies with refusals of their own, without those of the evidence itself. */
function listOwnRefusals({ traces, evidence }: LoginFindings): readonly PolicyTrace[] {
  const ofEvidence = new Set(evidence.map(({ refusal }) => refusal))
  return traces.flatMap((trace) => {
    const refusals = trace.refusals.filter(({ refusal }) => !ofEvidence.has(refusal))
    return refusals.length === 0 ? [] : [{ ...trace, refusals }]
  })
}

function countTried({ traces, untraced }: LoginFindings): { readonly policiesTried?: number } {
  const policiesTried = traces.length + (untraced?.tried ?? 0)
  return policiesTried === 0 ? {} : { policiesTried }
}
