// One serverless request against what it must get: the evidence as for a login, then the identity of the policy that it
// satisfied, in the order of the gateway's route.
import type { SectionValues } from '../config/compile/compile.ts'
import { DEFAULT_CLUSTER } from '../config/sections/cluster.ts'
import type { CompiledDocuments } from '../explain/compile-documents.ts'
import type { EvidenceToExplain } from '../explain/explain-evidence.ts'
import { listPolicyAttributes } from '../explain/policy-attributes.ts'
import { createServerlessContext, mapServerless } from '../gateway/serverless/map-serverless.ts'
import { placeServerless } from '../gateway/serverless/serverless-config.ts'
import { createMappingMeter } from '../policy/mapping/mapping-meter.ts'
import { describeError as makeError } from '../policy/mapping/workload.ts'
import { checkLock } from '../policy/revocation/check-revocation.ts'
import { describeError, describeIdentity, fits, judgeError, pickAsked, readIdentity } from './judge-identity.ts'
import { decideEvidence, describeDecided, describeRefusal, type Judgement, judgeRefusal } from './judge-login.ts'
import type { ServerlessCase, ServerlessExpectation } from './test-case.ts'
import type { TestFile } from './test-file.ts'

export interface ServerlessGiven extends Omit<EvidenceToExplain, 'text' | 'policies'> {
  readonly policies: SectionValues['ServerlessAttestation']
}

export async function judgeServerless(
  test: ServerlessCase,
  { trustDomain, clusterId }: TestFile,
  { cluster, trustDomain: shared }: CompiledDocuments,
  given: ServerlessGiven,
): Promise<Judgement> {
  const { expected, scope, atSeconds } = test
  const isOfCluster = scope === 'cluster'
  const place = placeServerless(isOfCluster ? clusterId : undefined, {
    trustDomain: shared.TrustDomain,
    cluster: (isOfCluster ? cluster.Cluster : undefined) ?? DEFAULT_CLUSTER,
  })
  // A lock is told before what a cluster requires, and both before the evidence is read.
  if (!place.ok && checkLock(given.revocations, atSeconds) === undefined) {
    const { code, detail } = place.refusal
    return judgeWhole(expected, code, detail)
  }
  const decided = await decideEvidence(test, given)
  if (expected.kind === 'refuse') return judgeRefusal(expected, decided)
  const goal = describeGoal(expected)
  const admitting = decided.kind === 'decided' ? decided.admitting : undefined
  const policy = admitting === undefined ? undefined : given.policies.byName.get(admitting.name)
  const attributes = admitting === undefined ? undefined : listPolicyAttributes(admitting)
  if (decided.kind === 'fault' || policy === undefined || attributes === undefined || !place.ok)
    return { passed: false, expected: goal, ...describeDecided(decided, false) }

  const { policies, engine } = given
  const context = createServerlessContext(policy, attributes, policies, place.value, {
    trustDomain,
    meter: createMappingMeter(engine),
  })
  const mapped = mapServerless(context)
  const { signature } = decided
  const by = `by ${policy.name}: `
  if (!mapped.ok) {
    const error = judgeError(makeError(mapped.refusal, mapped.surface), expected)
    return { ...error, expected: goal, actual: `${by}${error.actual}`, ...signature }
  }
  const got = readIdentity(mapped.value)
  const asked = expected.kind === 'identity' ? expected.identity : undefined
  const isOther = expected.kind === 'identity' && (expected.policy ?? policy.name) !== policy.name
  return {
    passed: asked !== undefined && !isOther && fits(asked, got),
    expected: goal,
    actual: `${by}${describeIdentity(isOther ? got : pickAsked(asked, got))}`,
    notes: [],
    ...signature,
  }
}

/** A refusal that does not depend on the evidence. */
function judgeWhole(expected: ServerlessExpectation, code: string, detail: string): Judgement {
  const passed = expected.kind === 'refuse' && expected.policy === undefined && expected.code === code
  return { passed, expected: describeGoal(expected), actual: `refused: ${code}`, notes: passed ? [] : [detail] }
}

function describeGoal(expected: ServerlessExpectation): string {
  switch (expected.kind) {
    case 'refuse':
      return describeRefusal(expected)
    case 'error':
      return describeError(expected.code, expected.attribute)
    case 'identity': {
      const { policy, identity } = expected
      const words = describeIdentity(identity)
      return `${policy === undefined ? '' : `by ${policy}: `}${words === '' ? 'an identity' : words}`
    }
  }
}
