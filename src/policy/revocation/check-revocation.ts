// Checks a login, a session or a workload against the Revocations documents of its scope. What an entry says goes to
// the audit record; the caller reads only that it is revoked.
import { formatInstantSeconds } from '../../core/instant.ts'
import { REVOCATION_REASON_MAX_LENGTH } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import type { Refusal, RefusalCode } from '../../core/refusal.ts'
import { describeFact, type RevocationSubject } from './revocation.ts'
import { findRevocation, type RevocationSet } from './revocation-set.ts'

/** The compiled document of one scope that has one. */
export interface ScopedRevocations {
  /** Its key: `trust-domain/Revocations`. */
  readonly document: string
  readonly set: RevocationSet
}

const DETAILS = {
  evidence_revoked: 'the evidence verified, but something that it proves is revoked: the audit record names the entry',
  session_revoked: 'the session is revoked: the audit record names the entry',
  workload_revoked: 'the workload is revoked: the audit record names the entry',
} as const satisfies Partial<Record<RefusalCode, string>>

/**
 * Returns the refusal by the first entry that holds now and names something of the subject; `undefined` if none does.
 *
 * @param documents those of the trust domain and of the cluster
 * @param code the code of the refusal: it depends on who is refused
 * @param nowSeconds seconds since the epoch
 */
export function checkRevocation(
  documents: readonly ScopedRevocations[],
  code: keyof typeof DETAILS,
  subject: RevocationSubject,
  nowSeconds: number,
): Refusal | undefined {
  for (const { document, set } of documents) {
    const entry = findRevocation(set, subject, nowSeconds)
    if (entry === undefined) continue
    const { index, fact, untilSeconds, reason } = entry
    const audit = {
      revokedBy: `${document} spec.entries[${index}]`,
      revoked: printable(describeFact(fact), 2 * REVOCATION_REASON_MAX_LENGTH),
      until: formatInstantSeconds(untilSeconds),
      revocationReason: printable(reason, REVOCATION_REASON_MAX_LENGTH),
    }
    return { code, detail: DETAILS[code], audit }
  }
  return undefined
}

/** Returns `cluster_locked` if a document of the scope locks it now. */
export function checkLock(documents: readonly ScopedRevocations[], nowSeconds: number): Refusal | undefined {
  const locking = documents.find(({ set }) => set.lock !== undefined && nowSeconds < set.lock.untilSeconds)
  if (locking?.set.lock === undefined) return undefined
  const { untilSeconds, reason } = locking.set.lock
  return {
    code: 'cluster_locked',
    detail: 'logins and sessions are locked here by an operator: wait until they are unlocked',
    audit: {
      lockedBy: `${locking.document} spec.lock`,
      until: formatInstantSeconds(untilSeconds),
      lockReason: printable(reason, REVOCATION_REASON_MAX_LENGTH),
    },
  }
}
