// Whether two entries name the same, compared after compilation: another spelling of an attribute is the same attribute.
import { describeFact, type Revocation, type RevokedFact } from '../../policy/revocation/revocation.ts'
import type { RevocationSet } from '../../policy/revocation/revocation-set.ts'

/** The entries of a document that name this fact. */
export function findSame(set: RevocationSet | undefined, fact: RevokedFact): readonly Revocation[] {
  return (
    set?.entries.filter((entry) => entry.fact.kind === fact.kind && describeFact(entry.fact) === describeFact(fact)) ??
    []
  )
}
