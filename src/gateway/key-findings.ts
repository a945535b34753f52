// Warns in the status of a section about issuers whose keys could not be fetched lately. It covers this isolate only: a
// fetch of another one may have succeeded.
import type { SectionValues } from '../config/compile/compile.ts'
import type { CrossFindings } from '../config/compile/cross-findings.ts'
import type { Issue } from '../core/issue.ts'
import { ISSUES_MAX } from '../core/limits.ts'
import type { Policy } from '../policy/policy.ts'
import type { KeySources } from '../token/keys/key-source.ts'

/** Finds each failing key source once, at the first attestor that uses it; at most `ISSUES_MAX`. */
export function findByKeys(values: Partial<SectionValues>, sources: KeySources): CrossFindings {
  return new Map(
    (['AgentAttestation', 'ServerlessAttestation'] as const).map((section) => [
      section,
      findOf(values[section]?.policies ?? [], sources),
    ]),
  )
}

function findOf(policies: readonly Policy[], sources: KeySources): readonly Issue[] {
  const found: Issue[] = []
  const seen = new Set<string>()
  for (const [at, { requirements }] of policies.entries()) {
    for (const [index, { anchor }] of requirements.entries()) {
      for (const spec of [anchor.fetchedFrom ?? []].flat()) {
        const { id, lastFailure, consecutiveFailures } = sources.status(spec)
        if (lastFailure === undefined || consecutiveFailures === 0 || seen.has(id)) continue
        seen.add(id)
        const message = `Keys cannot be fetched (attempts: ${consecutiveFailures}): ${lastFailure.reason}; ${lastFailure.nextStep}`
        const path = ['spec', 'policies', at, 'requiredAttestors', index]
        found.push({ code: 'keys_unavailable', path, message })
        if (found.length === ISSUES_MAX) return found
      }
    }
  }
  return found
}
