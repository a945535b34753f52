// Which evidence a login brought, and of refused evidence whose it says it is: so that a record says who, whatever the
// code is. Nothing of that is verified, and it is as long as its sender likes: it gets room of its own.
import { AUDITED_CLAIMED_MAX_BYTES, QUOTED_AUDIENCES_MAX } from '../../core/limits.ts'
import type { EvidenceName } from '../../policy/login/evidence.ts'
import type { AuditedClaimed, AuditedEvidence } from './audit.ts'
import { auditString, boundFacts, createAuditSpace, type Facts } from './audit-space.ts'

/** `isRefused`: the whole login. Of an admitted one the attributes say who, and only refused evidence claims anything. */
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
