// The file of policy tests: which documents, at what time, and what each login and each workload must get. Read as a section is:
// strictly, every fault at its place.
import type { Report } from '../attest/attest-context.ts'
import { createIssueList, placeIssue } from '../config/compile/issue-list.ts'
import { validate } from '../config/compile/validate.ts'
import { CLUSTER_ID_WORDS, type ClusterId, parseClusterId } from '../config/document-key.ts'
import type { LocatedIssue } from '../config/yaml/located-issue.ts'
import { createPositions } from '../config/yaml/position.ts'
import { readYaml } from '../config/yaml/yaml.ts'
import { CLOCK_SKEW_DEFAULT_SECONDS, CLOCK_SKEW_MAX_SECONDS } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import { type GivenKeys, readGivenKeys } from '../explain/read-given-keys.ts'
import { parseTrustDomain, TRUST_DOMAIN_FAULTS, type TrustDomain } from '../identity/trust-domain.ts'
import { readTime } from './case-parts.ts'
import { type PolicyTest, readCase } from './test-case.ts'
import { type TestFileInput, testFileSchema } from './test-schema.ts'

export interface TestFile {
  readonly trustDomain: TrustDomain
  readonly clusterId: ClusterId
  readonly issuerUrl: string
  readonly audience: string
  readonly skewSeconds: number
  /** The time of the cases that have none of their own. */
  readonly nowSeconds: number
  readonly allowLoopbackIssuers: boolean
  readonly privateIssuers: readonly string[]
  /** As written: paths relative to the file. */
  readonly documents: readonly string[]
  readonly keys: GivenKeys | undefined
  readonly cases: readonly PolicyTest[]
}

export type ReadTestFile =
  | { readonly ok: true; readonly file: TestFile }
  | { readonly ok: false; readonly issues: readonly LocatedIssue[] }

/** Reads a test file. @param text - YAML or JSON. @returns the tests, or every issue with line and column from 1 */
export function readTestFile(text: string): ReadTestFile {
  const positions = createPositions(text)
  const document = readYaml(text, positions)
  const issues = createIssueList(text, positions)
  if (!document.ok) for (const issue of document.issues) issues.add({ issue })
  const { root } = document
  if (root === undefined) return { ok: false, issues: issues.list() }
  const report: Report = (issue) => issues.add(placeIssue(issue, root, text, positions))
  const { value, complete } = validate(testFileSchema, root, [], report)
  const file = complete && value !== undefined ? readValues(value, report) : undefined
  return file === undefined || issues.hasErrors() ? { ok: false, issues: issues.list() } : { ok: true, file }
}

function readValues(given: TestFileInput, report: Report): TestFile | undefined {
  const trustDomain = parseTrustDomain(given.trustDomain)
  if (!trustDomain.ok) {
    const message = `Cannot use ${quoteText(given.trustDomain)} as a trust domain: ${TRUST_DOMAIN_FAULTS[trustDomain.reason]}`
    report({ code: 'value_invalid', path: ['trustDomain'], message })
  }
  const { cluster = 'test', clockSkewSeconds: skewSeconds = CLOCK_SKEW_DEFAULT_SECONDS } = given
  const clusterId = parseClusterId(cluster)
  if (clusterId === undefined) {
    const message = `Cannot use ${quoteText(cluster)} as the id of a cluster: expected ${CLUSTER_ID_WORDS}`
    report({ code: 'value_invalid', path: ['cluster'], message })
  }
  if (!Number.isInteger(skewSeconds) || skewSeconds < 0 || skewSeconds > CLOCK_SKEW_MAX_SECONDS) {
    const message = `clockSkewSeconds must be a whole number from 0 to ${CLOCK_SKEW_MAX_SECONDS}`
    report({ code: 'value_out_of_range', path: ['clockSkewSeconds'], message })
  }
  const nowSeconds = readTime(given.now, ['now'], report) ?? 0
  const cases = given.cases.flatMap((one, index) => readCase(one, ['cases', index], nowSeconds, report) ?? [])
  reportTwice(given.cases, report)
  const keys = given.keys === undefined ? undefined : readKeys(given.keys)
  for (const fault of keys?.faults ?? [])
    report({ code: 'key_unusable', path: ['keys'], message: `Cannot use the keys: ${fault}` })
  if (!trustDomain.ok || clusterId === undefined) return undefined
  return {
    trustDomain: trustDomain.value,
    clusterId,
    issuerUrl: given.issuerUrl ?? 'https://issuer.invalid',
    audience: given.audience ?? `spiffe://${trustDomain.value}`,
    skewSeconds,
    nowSeconds,
    allowLoopbackIssuers: given.allowLoopbackIssuers ?? false,
    privateIssuers: given.privateIssuers ?? [],
    documents: given.documents,
    keys,
    cases,
  }
}

function readKeys(given: unknown): GivenKeys | undefined {
  return readGivenKeys(typeof given === 'string' ? given : JSON.stringify(given))
}

/** A report names cases, so two of one name could not be told apart. */
function reportTwice(cases: TestFileInput['cases'], report: Report): void {
  const seen = new Set<string>()
  for (const [index, { name }] of cases.entries()) {
    const message = `Two cases have the name ${quoteText(name)}: rename one`
    if (seen.has(name)) report({ code: 'name_duplicate', path: ['cases', index, 'name'], message })
    seen.add(name)
  }
}
