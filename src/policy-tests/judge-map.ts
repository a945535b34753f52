// One workload against the identity or the refusal that it must get.
import type { ConditionEngine } from '../condition/vm/engine.ts'
import type { CompiledDocuments } from '../explain/compile-documents.ts'
import { explainWorkload } from '../explain/explain-mapping.ts'
import { makeClusterConfig } from '../explain/offline-situation.ts'
import { readWorkload } from '../explain/read-workload.ts'
import type { ScopedRevocations } from '../policy/revocation/check-revocation.ts'
import { describeError, describeIdentity, fits, judgeError, pickAsked, readIdentity } from './judge-identity.ts'
import type { Judgement } from './judge-login.ts'
import type { MapCase } from './test-case.ts'
import type { TestFile } from './test-file.ts'

export function judgeMap(
  { workload, container, agent, atSeconds, expected, name }: MapCase,
  { trustDomain, clusterId }: TestFile,
  compiled: CompiledDocuments,
  revocations: readonly ScopedRevocations[],
  engine: ConditionEngine,
): Judgement {
  const goal =
    expected.kind === 'identity' ? describeIdentity(expected) : describeError(expected.code, expected.attribute)
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
  if (mapped.kind === 'refused') {
    const { code, where, detail } = mapped.refusal
    return { expected: goal, ...judgeError({ code, attribute: where, detail }, expected) }
  }
  const { result } = mapped
  if ('error' in result) return { expected: goal, ...judgeError(result.error, expected) }
  const got = readIdentity(result)
  const asked = expected.kind === 'identity' ? expected : undefined
  const passed = asked !== undefined && fits(asked, got)
  return { passed, expected: goal, actual: describeIdentity(pickAsked(asked, got)), notes: [] }
}
