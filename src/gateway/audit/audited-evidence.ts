// Lists the evidence of a login, and for refused evidence what it claims, so that the record of any refusal shows who
// sent it. Claims are unverified and may be of any length, so they have a bound of their own.
import { AUDITED_CLAIMED_MAX_BYTES, QUOTED_AUDIENCES_MAX } from '../../core/limits.ts'
import type { EvidenceName } from '../../policy/login/evidence.ts'
import type { AuditedClaimed, AuditedEvidence } from './audit.ts'
import { auditString, boundFacts, createAuditSpace, type Facts } from './audit-space.ts'

/**
 * @param isRefused whether the whole login was. If it was admitted, the attributes show who logged in, so only refused
 *   evidence has claims.
 */
export function auditEvidence(names: readonly EvidenceName[], isRefused: boolean): readonly AuditedEvidence[] {
  const space = createAuditSpace(AUDITED_CLAIMED_MAX_BYTES, {})
  return names.map(({ type, digest, refusal, readClaimed }) => {
    const facts = (isRefused || refusal !== undefined) && readClaimed !== undefined ? { ...readClaimed() } : {}
    const claimed: AuditedClaimed = boundFacts(facts satisfies Facts, space, QUOTED_AUDIENCES_MAX)
    return {
      type: auditString(type),
      ...(digest === undefined ? {} : { digest }),
      ...(Object.keys(claimed).length === 0 ? {} : { claimed }),
    }
  })
}
