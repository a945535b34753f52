// The documents of one cluster and its trust domain, compiled together as the gateway has them, with every finding at its
// place. What did not change is not compiled again, so that an editor can ask at each keystroke.
import type { AttestorTable } from '../attest/table.ts'
import { findByClock } from '../config/compile/clock-findings.ts'
import { type CompileResult, compileDocument, type SectionValues } from '../config/compile/compile.ts'
import { type CompileSettings, createContextFor } from '../config/compile/compile-context.ts'
import { findAcross } from '../config/compile/cross-findings.ts'
import { locateIssues } from '../config/compile/issue-list.ts'
import { type ClusterId, clusterKey, trustDomainKey } from '../config/document-key.ts'
import type { SectionScope } from '../config/sections/section.ts'
import { hasScope, type SectionName } from '../config/sections/table.ts'
import type { LocatedIssue } from '../config/yaml/located-issue.ts'
import { computeDigest } from '../core/digest.ts'
import { isError } from '../core/issue.ts'
import { encodeUtf8 } from '../core/utf8.ts'

/** A document where a store has it: `clusters/<id>/<section>` or `trust-domain/<section>`. */
export interface PlacedDocument {
  readonly scope: SectionScope
  readonly section: SectionName
  /** YAML or JSON. */
  readonly text: string
}

export interface CheckedDocument extends PlacedDocument {
  readonly digest: string
  /** It comes into force. */
  readonly compiles: boolean
  /** It comes into force and has no error: what `config validate` calls valid. */
  readonly isValid: boolean
  /** Its own findings, those across sections and those by the clock, in document order. */
  readonly issues: readonly LocatedIssue[]
}

export interface CompiledDocuments {
  readonly documents: readonly CheckedDocument[]
  /** The sections that compile; of a section that does not, the gateway would keep its last good version. */
  readonly cluster: Partial<SectionValues>
  readonly trustDomain: Partial<SectionValues>
}

export type DocumentCompiler = (
  documents: readonly PlacedDocument[],
  clusterId: ClusterId,
  nowSeconds: number,
) => Promise<CompiledDocuments>

interface Compiled {
  readonly text: string
  readonly digest: string
  readonly result: CompileResult<unknown>
}

/** Creates a compiler that remembers the last version of each document. Of one place at most one document is given. */
export function createDocumentCompiler(settings: CompileSettings, attestors: AttestorTable): DocumentCompiler {
  const contextFor = createContextFor(settings, attestors)
  const known = new Map<string, Compiled>()

  async function compile({ scope, section, text }: PlacedDocument, clusterId: ClusterId): Promise<Compiled> {
    const place = `${scope} ${section}`
    const last = known.get(place)
    if (last?.text === text) return last
    const bytes = encodeUtf8(text)
    const key =
      scope === 'cluster' && hasScope(section, 'cluster') ? clusterKey(clusterId, section) : trustDomainKey(section)
    const compiled = {
      text,
      digest: await computeDigest(bytes),
      result: compileDocument(section, bytes, contextFor(key)),
    }
    known.set(place, compiled)
    return compiled
  }

  return async (documents, clusterId, nowSeconds) => {
    const compiled = await Promise.all(
      documents.map(async (document) => ({ document, made: await compile(document, clusterId) })),
    )
    const [cluster, trustDomain] = (['cluster', 'trust-domain'] as const).map((scope) => collect(compiled, scope))
    const scopes = { cluster: cluster ?? {}, 'trust-domain': trustDomain ?? {} }
    const checked = compiled.map(({ document, made }): CheckedDocument => {
      const { result, digest } = made
      const values = scopes[document.scope]
      const around = result.ok
        ? [findAcross(values), findByClock(values, nowSeconds * 1000)].flatMap(
            (findings) => findings.get(document.section) ?? [],
          )
        : []
      const own = result.ok ? result.warnings : result.issues
      const issues = around.length === 0 ? own : sortIssues([...own, ...locateIssues(around, document.text)])
      return { ...document, digest, compiles: result.ok, isValid: result.ok && !issues.some(isError), issues }
    })
    return { documents: checked, cluster: scopes.cluster, trustDomain: scopes['trust-domain'] }
  }
}

/** The compiled values by section. `compileDocument` gave each the type of its section, which a list cannot express. */
function collect(
  compiled: readonly { readonly document: PlacedDocument; readonly made: Compiled }[],
  scope: SectionScope,
): Partial<SectionValues> {
  return Object.fromEntries(
    compiled.flatMap(({ document, made: { result } }) =>
      document.scope === scope && result.ok ? [[document.section, result.value] as const] : [],
    ),
  ) as Partial<SectionValues>
}

/** The summary of issues that are not listed comes last. */
function sortIssues(issues: readonly LocatedIssue[]): readonly LocatedIssue[] {
  return issues.toSorted(
    (a, b) =>
      Number(a.omitted !== undefined) - Number(b.omitted !== undefined) || a.line - b.line || a.column - b.column,
  )
}
