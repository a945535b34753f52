// Plans which anchors of a piece of evidence are tried, and which of those may cause a fetch. An issuer may have many: the
// name in the evidence and the cached keys nearly always leave one. A forged token gets this far, so the number of fetches
// and of signature checks that it can cause is bounded.
import type { AttestContext } from '../../attest/attest-context.ts'
import type { Prospect } from '../../attest/shapes.ts'
import { ANCHOR_FETCHES_PER_EVIDENCE_MAX, ANCHORS_PER_NAME_MAX } from '../../core/limits.ts'
import type { AnchorGroup } from '../policy.ts'
import type { Piece } from './evidence.ts'

/** The number of fetches that the request may still cause. */
export interface FetchBudget {
  left: number
}

export interface AnchorPlan {
  /** The cached material matches the evidence. */
  readonly ready: ReadonlySet<AnchorGroup>
  /** Verified together as soon as a policy asks for one of them: each may fetch. */
  readonly fetched: ReadonlySet<AnchorGroup>
  /** Their names differ from the one in the evidence: all refuse as the first of them does. */
  readonly otherNames: ReadonlySet<AnchorGroup>
  /** Beyond the bound of signature checks: too many anchors match the name in the evidence. */
  readonly ambiguous: ReadonlySet<AnchorGroup>
}

/** Plans the anchors of evidence that has more than one. Takes its fetches from `budget`. */
export function planAnchors(piece: Piece, context: AttestContext, budget: FetchBudget): AnchorPlan {
  const { opened, attestor, candidates } = piece
  const groups = [...candidates.anchors.values()]
  const { name } = opened
  const isCalled = ({ anchor: { names } }: AnchorGroup): boolean =>
    name === undefined || names === undefined || names.includes(name)
  const called = groups.filter(isCalled)
  const otherNames = called.length === groups.length ? [] : groups.filter((group) => !isCalled(group))

  const by: Readonly<Record<Prospect, AnchorGroup[]>> = { ready: [], unlikely: [], absent: [], settled: [] }
  for (const group of called) {
    const prospect = attestor.prospect?.(opened.value, group.anchor, context) ?? 'ready'
    by[prospect].push(group)
  }
  const { ready, unlikely, absent } = by
  // Cached keys that do not match are fetched again only if no others match: then they may have been rotated.
  const wanted = ready.length > 0 ? absent : [...absent, ...unlikely]
  const fetched = wanted.slice(0, Math.min(ANCHOR_FETCHES_PER_EVIDENCE_MAX, budget.left))
  budget.left -= fetched.length
  return {
    ready: new Set(ready.slice(0, ANCHORS_PER_NAME_MAX)),
    fetched: new Set(fetched),
    otherNames: new Set(otherNames),
    ambiguous: new Set(ready.slice(ANCHORS_PER_NAME_MAX)),
  }
}
