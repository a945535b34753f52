// The policy tests of the page against its documents, by the runner of `postern test`. The documents that the file names are
// files beside it, which a page cannot read.
import type { SectionName } from '../../src/config/sections/table.ts'
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import { type CaseResult, type PolicyTestRun, preparePolicyTests } from '../../src/policy-tests/run-policy-tests.ts'
import { readTestFile } from '../../src/policy-tests/test-file.ts'
import { makeIssue, type PageIssue } from './report.ts'

export type TestsReport =
  /** The file has issues, or a case that no document can meet. */
  | { readonly kind: 'invalid'; readonly issues: readonly PageIssue[] }
  /** Sections of the page that do not compile. */
  | { readonly kind: 'broken'; readonly sections: readonly SectionName[] }
  | {
      readonly kind: 'run'
      /** The files that the tests name, in whose place the documents of the page are tested. */
      readonly named: readonly string[]
      /** In the order of the file. */
      readonly results: readonly CaseResult[]
    }

/**
 * Runs them.
 * @param text - the file, YAML
 * @param isStale - asked between cases: the results are wanted no longer, and `undefined` is returned
 */
export async function runTests(
  text: string,
  documents: readonly PlacedDocument[],
  given: Pick<PolicyTestRun, 'attestors' | 'engine' | 'findCompiler'>,
  isStale: () => Promise<boolean>,
): Promise<TestsReport | undefined> {
  if (await isStale()) return undefined
  const read = readTestFile(text)
  if (!read.ok) return { kind: 'invalid', issues: read.issues.map(makeIssue) }
  const { file } = read
  const prepared = await preparePolicyTests({ file, text, documents, ...given })
  if (prepared.kind === 'not_run') {
    const { issues } = prepared
    if (issues.length > 0) return { kind: 'invalid', issues: issues.map(makeIssue) }
    const broken = prepared.documents.filter(({ compiles }) => !compiles)
    return { kind: 'broken', sections: [...new Set(broken.map(({ section }) => section))] }
  }
  const results: CaseResult[] = []
  for (const test of file.cases) {
    if (await isStale()) return undefined
    results.push(await prepared.judge(test))
  }
  return { kind: 'run', named: file.documents, results }
}
