// What the engine answers to the page. Plain data, and no token in it.
import type { Attribute } from '../../src/attribute/attribute.ts'
import type { SectionScope } from '../../src/config/sections/section.ts'
import type { SectionName } from '../../src/config/sections/table.ts'
import type { LocatedIssue } from '../../src/config/yaml/located-issue.ts'
import { type Fix, findSeverity } from '../../src/core/issue.ts'
import { ISSUE_MESSAGE_MAX_LENGTH } from '../../src/core/limits.ts'
import { printable } from '../../src/core/printable.ts'
import type { ExplainedEvidence, RefusedBody } from '../../src/explain/explain-evidence.ts'
import type { ExplainedWorkload } from '../../src/explain/explain-mapping.ts'
import type { ExplanationJson, PolicyJson } from '../../src/explain/explain-report.ts'
import type { Verdict } from '../../src/explain/explain-verdict.ts'
import type { SettingProblem } from './read-settings.ts'

export interface PageIssue {
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly message: string
  /** From 1, columns in UTF-16 units; absent where an issue stands for others that are not listed. */
  readonly line?: number
  readonly column?: number
  /** The edit that the message proposes. */
  readonly fix?: Fix
}

/** An issue as the page shows it. */
export function makeIssue(issue: LocatedIssue): PageIssue {
  const { code, message, line, column, fix, omitted } = issue
  return {
    severity: findSeverity(issue),
    code,
    message: printable(message, ISSUE_MESSAGE_MAX_LENGTH),
    ...(omitted === undefined ? { line, column } : {}),
    ...(fix === undefined ? {} : { fix }),
  }
}

export interface DocumentReport {
  readonly scope: SectionScope
  readonly section: SectionName
  readonly digest: string
  readonly isValid: boolean
  readonly compiles: boolean
  readonly issues: readonly PageIssue[]
}

/** How the signatures and proofs of a login stand: see `readSignature`. */
export type Signature = 'verified' | 'unchecked' | 'failed' | 'absent'

export type LoginReport =
  | { readonly kind: 'no_evidence' }
  /** There is no document of policies: the gateway refuses with 403. */
  | { readonly kind: 'no_document'; readonly section: SectionName }
  /** Sections that do not compile: the gateway goes on with their last good versions, or answers 503. */
  | { readonly kind: 'invalid_document'; readonly sections: readonly SectionName[] }
  | { readonly kind: 'refused_body'; readonly verdict: RefusedBody }
  | {
      readonly kind: 'explained'
      readonly verdict: Verdict
      readonly signature: Signature
      readonly evidence: ExplanationJson['evidence']
      /** The nearest miss first. */
      readonly policies: readonly PolicyJson[]
      readonly others: ExplanationJson['listOtherPolicies']
      readonly othersOmitted: number
    }

export type MappingReport =
  | { readonly kind: 'no_workload' }
  | { readonly kind: 'unreadable'; readonly fault: string }
  | { readonly kind: 'invalid_document'; readonly sections: readonly SectionName[] }
  | ({
      readonly kind: 'explained'
      /** The policy whose attributes the agent's session would have; absent: none is sent. */
      readonly agentPolicy?: string
    } & { readonly mapped: ExplainedWorkload })

/** A claim of the evidence, as an audit record of a refused login would show it. */
export interface ClaimedEvidence {
  readonly type: string
  readonly claimed: Readonly<Record<string, string | readonly string[]>>
}

export interface Report {
  readonly settings: readonly SettingProblem[]
  readonly documents: readonly DocumentReport[]
  /** What of the pasted keys is not used. */
  readonly keyFaults: readonly string[]
  readonly login: LoginReport
  readonly mapping: MappingReport
  readonly claimed: readonly ClaimedEvidence[]
  /** Instants that the evidence names, in seconds, in order and each once. */
  readonly instants: readonly number[]
  /** What the agent's session would say, by the policy that admits or would admit. */
  readonly attributes: readonly Attribute[] | undefined
}

export type Explained = Extract<ExplainedEvidence, { kind: 'explained' }>
