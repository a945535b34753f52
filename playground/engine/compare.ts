// Two versions of the documents against all evidence at hand: who gains, who loses, and whose identity changes.
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import type { PlaygroundEngine } from './playground-engine.ts'
import type { MappingReport } from './report.ts'
import type { Situation } from './situation.ts'
import { NEARNESS, type Summary, summarizeLogin } from './summarize-login.ts'

/** One piece of evidence with what belongs to it. */
export interface ComparedCase extends Pick<Situation, 'evidence' | 'keys' | 'workload' | 'container' | 'atSeconds'> {
  readonly name: string
}

export type Change = 'loses' | 'gains' | 'changes' | 'same'

export interface Difference {
  readonly name: string
  readonly change: Change
  readonly before: Summary
  readonly after: Summary
  /** The identities of its workload, where they differ. */
  readonly identity?: { readonly before: string; readonly after: string }
}

/** Who loses comes first: that is what breaks. */
export const CHANGES: readonly Change[] = ['loses', 'gains', 'changes', 'same']

/**
 * Compares; the settings and the role of `situation` hold for both versions.
 *
 * @param isStale - asked between evaluations: the answer is wanted no longer, and `undefined` is returned
 */
export async function compareVersions(
  engine: PlaygroundEngine,
  situation: Situation,
  before: readonly PlacedDocument[],
  cases: readonly ComparedCase[],
  isStale: () => Promise<boolean>,
): Promise<readonly Difference[] | undefined> {
  const differences: Difference[] = []
  for (const { name, ...given } of cases) {
    if (await isStale()) return undefined
    const old = await engine.evaluate({ ...situation, ...given, documents: before })
    const now = await engine.evaluate({ ...situation, ...given })
    const [was, is] = [summarizeLogin(old.login), summarizeLogin(now.login)]
    const [mappedBefore, mappedAfter] = [describeIdentity(old.mapping), describeIdentity(now.mapping)]
    const isMoved = mappedBefore !== mappedAfter
    const identity = isMoved ? { identity: { before: mappedBefore, after: mappedAfter } } : {}
    differences.push({ name, change: chooseChange(was, is, isMoved), before: was, after: is, ...identity })
  }
  return differences.toSorted((a, b) => CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change))
}

function chooseChange(before: Summary, after: Summary, isMoved: boolean): Change {
  const step = NEARNESS[after.tone] - NEARNESS[before.tone]
  if (step !== 0) return step > 0 ? 'gains' : 'loses'
  return isMoved || before.title !== after.title ? 'changes' : 'same'
}

function describeIdentity(mapping: MappingReport): string {
  if (mapping.kind !== 'explained') return 'none'
  const { mapped } = mapping
  if (mapped.kind === 'refused') return `refused: ${mapped.refusal.code}`
  const { result } = mapped
  return 'error' in result ? `refused: ${result.error.code}` : result.spiffeId
}
