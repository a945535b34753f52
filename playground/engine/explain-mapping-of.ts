// The mapping of the pasted workload: by the session that the login would yield, or without one where it yields none.
import type { Attribute } from '../../src/attribute/attribute.ts'
import type { SectionName } from '../../src/config/sections/table.ts'
import { parseJson } from '../../src/core/json.ts'
import { CLAIMS_BODY_MAX_BYTES, JSON_DEPTH_MAX } from '../../src/core/limits.ts'
import { explainWorkload } from '../../src/explain/explain-mapping.ts'
import type { PolicyJson } from '../../src/explain/explain-report.ts'
import { makeClusterConfig } from '../../src/explain/offline-situation.ts'
import { listPolicyAttributes } from '../../src/explain/policy-attributes.ts'
import { readWorkload } from '../../src/explain/read-workload.ts'
import type { ScopedRevocations } from '../../src/policy/revocation/check-revocation.ts'
import { listBroken, type Parts } from './parts.ts'
import type { LoginReport, MappingReport } from './report.ts'

const READ: readonly SectionName[] = [
  'TrustDomain',
  'Cluster',
  'WorkloadAttestation',
  'SVIDIssuancePolicy',
  'Revocations',
]

export function explainMappingOf(
  { situation, settings, compiled, engine }: Parts,
  login: LoginReport,
  revocations: readonly ScopedRevocations[],
): { readonly mapping: MappingReport; readonly attributes: readonly Attribute[] | undefined } {
  const agent = situation.role === 'agent' ? findAgent(login) : undefined
  const attributes = agent === undefined ? undefined : listPolicyAttributes(agent)
  const text = situation.workload.trim()
  if (text === '') return { mapping: { kind: 'no_workload' }, attributes }
  const sections = listBroken(compiled.documents, READ, 'agent')
  if (sections.length > 0) return { mapping: { kind: 'invalid_document', sections }, attributes }
  const unreadable = (fault: string) => ({ mapping: { kind: 'unreadable', fault } as const, attributes })
  if (text.length > CLAIMS_BODY_MAX_BYTES) return unreadable(`has over ${CLAIMS_BODY_MAX_BYTES} characters`)
  const json = parseJson(text, JSON_DEPTH_MAX)
  if (!json.ok) return unreadable(`is not valid JSON: ${json.fault.replaceAll('_', ' ')} at offset ${json.offset}`)
  const container = situation.container.trim()
  const read = readWorkload(json.value, 'workload', container === '' ? undefined : container)
  if ('fault' in read) return unreadable(read.fault)

  const mapped = explainWorkload({
    clusterId: settings.clusterId,
    config: makeClusterConfig(compiled, revocations, attributes),
    trustDomain: settings.trustDomain,
    workload: read.workload,
    session: attributes,
    nowSeconds: situation.atSeconds,
    engine,
  })
  const named = agent === undefined || attributes === undefined ? {} : { agentPolicy: agent.name }
  return { mapping: { kind: 'explained', ...named, mapped }, attributes }
}

/** The policy that admits, or the first that would. */
function findAgent(login: LoginReport): PolicyJson | undefined {
  if (login.kind !== 'explained') return undefined
  const { verdict, policies } = login
  if (verdict.kind === 'refused') return undefined
  const name = verdict.kind === 'admitted' ? verdict.policy : verdict.policies[0]
  return policies.find((policy) => policy.name === name)
}
