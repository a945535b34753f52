// One workload against the identity or the refusal that it must get.
import type { ConditionEngine } from '../condition/vm/engine.ts'
import { writeCanonicalJson } from '../core/json.ts'
import { printable } from '../core/printable.ts'
import type { CompiledDocuments } from '../explain/compile-documents.ts'
import { type ExplainedResult, explainWorkload } from '../explain/explain-mapping.ts'
import { makeClusterConfig } from '../explain/offline-situation.ts'
import { readWorkload } from '../explain/read-workload.ts'
import type { ScopedRevocations } from '../policy/revocation/check-revocation.ts'
import type { Judgement } from './judge-login.ts'
import type { IdentityExpectation, MapCase } from './test-case.ts'
import type { TestFile } from './test-file.ts'

export function judgeMap(
  { workload, container, agent, atSeconds, expected, name }: MapCase,
  { trustDomain, clusterId }: TestFile,
  compiled: CompiledDocuments,
  revocations: readonly ScopedRevocations[],
  engine: ConditionEngine,
): Judgement {
  const goal =
    expected.kind === 'identity'
      ? describeIdentity(expected)
      : `refused: ${expected.code}${expected.attribute === undefined ? '' : ` (${expected.attribute})`}`
  const read = readWorkload(workload, name, container)
  if ('fault' in read) return { passed: false, expected: goal, actual: 'not a workload', notes: [`it ${read.fault}`] }
  const mapped = explainWorkload({
    clusterId,
    config: makeClusterConfig(compiled, revocations, agent),
    trustDomain,
    workload: read.workload,
    session: agent,
    nowSeconds: atSeconds,
    engine,
  })
  const refused = readError(mapped)
  if (refused !== undefined) {
    const { code, attribute, detail } = refused
    const passed =
      expected.kind === 'error' &&
      expected.code === code &&
      (expected.attribute === undefined || expected.attribute === attribute)
    const actual = `refused: ${code}${attribute === undefined ? '' : ` (${attribute})`}`
    return { passed, expected: goal, actual, notes: passed ? [] : [printable(detail)] }
  }
  const got = readIdentity(mapped as ExplainedResult)
  const passed = expected.kind === 'identity' && fits(expected, got)
  return { passed, expected: goal, actual: describeIdentity(pickAsked(expected, got)), notes: [] }
}

interface MappedError {
  readonly code: string
  readonly attribute?: string | undefined
  readonly detail: string
}

function readError(mapped: ReturnType<typeof explainWorkload>): MappedError | undefined {
  if (mapped.kind === 'refused')
    return { code: mapped.refusal.code, attribute: mapped.refusal.where, detail: mapped.refusal.detail }
  return 'error' in mapped.result ? mapped.result.error : undefined
}

function readIdentity({ result }: ExplainedResult): Required<IdentityExpectation> {
  if ('error' in result) throw new Error('a refused workload has no identity')
  const { spiffeId, jwt, x509 } = result
  return { spiffeId, claims: { ...jwt.claims }, subject: x509.subject ?? '', dnsNames: x509.dnsNames }
}

const FIELDS = ['spiffeId', 'claims', 'subject', 'dnsNames'] as const

/** Only what is expected is compared, each exactly. */
function fits(expected: IdentityExpectation, got: Required<IdentityExpectation>): boolean {
  return FIELDS.every((field) => {
    const wanted = expected[field]
    return wanted === undefined || writeCanonicalJson(wanted) === writeCanonicalJson(got[field])
  })
}

/** What was asked for, or all of it where a refusal was. */
function pickAsked(expected: MapCase['expected'], got: Required<IdentityExpectation>): IdentityExpectation {
  const asked = FIELDS.filter((field) => expected.kind === 'error' || expected[field] !== undefined)
  return Object.fromEntries(asked.map((field) => [field, got[field]]))
}

function describeIdentity(identity: IdentityExpectation): string {
  const parts = FIELDS.flatMap((field) => {
    const value = identity[field]
    if (value === undefined) return []
    return [
      field === 'spiffeId'
        ? String(value)
        : `${field} ${typeof value === 'string' ? value : writeCanonicalJson(value)}`,
    ]
  })
  return printable(parts.join(', '))
}
