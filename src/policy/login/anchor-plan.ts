// Which anchors of a piece of evidence are worth a try, and which of those may cause a fetch. An issuer may have many: the
// name that the evidence calls, and what is in hand, leave one of them nearly always. An unsigned token gets this far, so
// the number of fetches and of signatures that it can cause is bounded.
import type { AttestContext } from '../../attest/attest-context.ts'
import type { Prospect } from '../../attest/attestor.ts'
import { ANCHOR_FETCHES_PER_EVIDENCE_MAX, ANCHORS_PER_NAME_MAX } from '../../core/limits.ts'
import type { AnchorGroup } from '../policy.ts'
import type { Piece } from './evidence.ts'

/** How often the request may still make anchors fetch. */
export interface FetchBudget {
  left: number
}

export interface AnchorPlan {
  /** What is in hand fits. */
  readonly ready: ReadonlySet<AnchorGroup>
  /** Verified together as soon as a policy asks for one of them: each may fetch. */
  readonly fetched: ReadonlySet<AnchorGroup>
  /** Called by another name than the evidence calls: all refuse as the first of them does. */
  readonly otherNames: ReadonlySet<AnchorGroup>
  /** Beyond the bound of signatures: the evidence does not say which of too many it means. */
  readonly ambiguous: ReadonlySet<AnchorGroup>
}

/** For evidence of more than one anchor. Takes its fetches from `budget`. */
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
  // Keys that are in hand and do not fit are asked for again only if no others fit: then they may have been rotated.
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
