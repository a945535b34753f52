// What is wrong between the sections of a cluster: each compiles by itself, and yet a template may wait for an attribute
// that never comes. These findings displace no document; validation, the status and the mapping report them.
import type { ResolvedAttribute } from '../../attribute/catalogue.ts'
import { findServerVersion } from '../../attribute/catalogue.ts'
import type { Enabler } from '../../attribute/row.ts'
import type { Issue } from '../../core/issue.ts'
import { beginsWithAnyListed } from '../../core/prefixes.ts'
import { findDefaultPath } from '../../policy/mapping/default-path.ts'
import type { IssuancePolicy } from '../../policy/mapping/issuance.ts'
import type { PolicySet } from '../../policy/policy.ts'
import type { ServerlessPolicies } from '../../policy/serverless.ts'
import { type ClusterSettings, DEFAULT_CLUSTER } from '../sections/cluster.ts'
import { isAtLeast } from '../sections/server-version.ts'
import type { SectionName } from '../sections/table.ts'
import { DEFAULT_WORKLOAD_ATTESTATION, type WorkloadAttestation } from '../sections/workload-attestation.ts'
import type { SectionValues } from './compile.ts'

/** The settings of a cluster that decide which attributes it supplies, with the defaults for missing sections. */
export interface AttributeSettings {
  readonly cluster: ClusterSettings
  readonly workloadAttestation: WorkloadAttestation
  /** The policies that admit the cluster's agents, where they are known. */
  readonly agentPolicies?: PolicySet | undefined
}

export type CrossFindings = ReadonlyMap<SectionName, readonly Issue[]>

/** `additionalClaims` came with this version of the upstream server. */
const ADDITIONAL_CLAIMS_VERSION = '0.36.0'

/** Findings by the section whose document has to change; each path is that document's. */
export function findAcross(values: Partial<SectionValues>): CrossFindings {
  const settings: AttributeSettings = {
    cluster: values.Cluster ?? DEFAULT_CLUSTER,
    workloadAttestation: values.WorkloadAttestation ?? DEFAULT_WORKLOAD_ATTESTATION,
    agentPolicies: values.AgentAttestation,
  }
  const { SVIDIssuancePolicy, ServerlessAttestation } = values
  const found = [
    ['SVIDIssuancePolicy', SVIDIssuancePolicy === undefined ? [] : findInIssuance(SVIDIssuancePolicy, settings)],
    [
      'ServerlessAttestation',
      ServerlessAttestation === undefined ? [] : findInServerless(ServerlessAttestation, settings),
    ],
  ] as const
  return new Map(found.filter(([, issues]) => issues.length > 0))
}

function findInIssuance(policy: IssuancePolicy, settings: AttributeSettings): readonly Issue[] {
  const issues: Issue[] = []
  for (const { attribute, path, offset, atKey } of policy.uses) {
    const fault = findAttributeFault(attribute, settings)
    if (fault === undefined) continue
    issues.push({
      ...fault,
      path: ['spec', ...path],
      ...(offset === undefined ? {} : { offset }),
      ...(atKey === undefined ? {} : { atKey }),
    })
  }
  return [...issues, ...findPathless(policy, settings.cluster), ...findOldServer(policy, settings.cluster)]
}

function findInServerless(policies: ServerlessPolicies, { cluster }: AttributeSettings): readonly Issue[] {
  const required = (['requireAgentSession', 'requireNode'] as const).filter((name) => cluster[name])
  const message = `Every request is refused: Cluster sets ${required.join(' and ')}, and a workload without an agent has no session of one. Use a cluster of its own`
  const refused: readonly Issue[] =
    required.length === 0 ? [] : [{ code: 'mapping_refused', path: ['spec', 'policies'], message, atKey: true }]
  return [...refused, ...findOldServer(policies, cluster)]
}

/** `additionalClaims` that the upstream server is too old for. The mapping refuses with the same code and message. */
export function findOldServer(
  { additionalClaims }: Pick<IssuancePolicy, 'additionalClaims'>,
  { serverVersion }: ClusterSettings,
): readonly Issue[] {
  if (serverVersion === undefined || isAtLeast(serverVersion, ADDITIONAL_CLAIMS_VERSION)) return []
  const message = `Cannot use additionalClaims with server ${serverVersion}: it requires ${ADDITIONAL_CLAIMS_VERSION}`
  return additionalClaims.map((path) => ({ code: 'version_required', path: ['spec', ...path], message, atKey: true }))
}

/** Policies without a `pathTemplate` where the platform has no default: their workloads are refused. */
function findPathless({ base, overrides }: IssuancePolicy, { platform }: ClusterSettings): readonly Issue[] {
  if (findDefaultPath(platform) !== undefined) return []
  const message = `pathTemplate is missing, and the platform ${platform} has no default: add it`
  const places = [
    ...(base.pathTemplate === undefined ? [['policy']] : []),
    ...[...overrides.entries()].flatMap(([index, { issuance }]) =>
      issuance.pathTemplate === undefined ? [['policyOverrides', index, 'policy']] : [],
    ),
  ]
  return places.map((place) => ({ code: 'path_template_missing', path: ['spec', ...place], message, atKey: true }))
}

interface AttributeFault {
  readonly code: 'version_required' | 'attribute_not_enabled'
  readonly message: string
}

/** Why an attribute cannot come in a cluster with these settings; the mapping refuses with the same code. */
export function findAttributeFault(
  attribute: ResolvedAttribute,
  settings: AttributeSettings,
): AttributeFault | undefined {
  const { serverVersion } = settings.cluster
  const least = findServerVersion(attribute)
  if (least !== undefined && serverVersion !== undefined && !isAtLeast(serverVersion, least)) {
    const message = `Cannot use "${attribute.name}" with server ${serverVersion}: a key with "/" or "-" requires ${least}`
    return { code: 'version_required', message }
  }
  const setting = findMissingSetting(attribute, settings)
  if (setting === undefined) return undefined
  const message = `Cannot use "${attribute.name}": this cluster does not supply it; ${setting}`
  return { code: 'attribute_not_enabled', message }
}

/** What to set so that the attribute comes, as a sentence fragment. */
function findMissingSetting(attribute: ResolvedAttribute, settings: AttributeSettings): string | undefined {
  const { row } = attribute
  const attestors: ReadonlyMap<string, { readonly enabled: boolean }> = new Map(
    Object.entries(settings.workloadAttestation),
  )
  if (row.neverPresent !== undefined) return `remove it: ${row.neverPresent}`
  if (row.side === 'workload' && attestors.get(row.origin)?.enabled === false) {
    return `set ${row.origin}.enabled in WorkloadAttestation`
  }
  if (row.side === 'agent' && row.alsoWorkload !== true && !mayProve(row.origin, settings.agentPolicies)) {
    return `require the attestor ${row.origin} in a policy of AgentAttestation, or remove the attribute`
  }
  if (row.origin === 'node_group' && settings.cluster.platform !== 'linux')
    return 'set platform: linux in Cluster, where a cluster is a node group and its name is that of the group'
  return row.enabledBy === undefined ? undefined : ENABLERS[row.enabledBy](attribute.key ?? '', settings)
}

/** True if no policies are known, or the document has none: then there is nothing to compare the attribute with. */
function mayProve(attestor: string, agents: PolicySet | undefined): boolean {
  return agents === undefined || agents.policies.length === 0 || agents.asksFor(attestor)
}

const ENABLERS: { readonly [E in Enabler]: (key: string, settings: AttributeSettings) => string | undefined } = {
  includeContainerAttributes: (_key, { cluster }) =>
    cluster.includeContainerAttributes
      ? undefined
      : 'set includeContainerAttributes in Cluster, and in the Helm values',
  includeAnnotationPrefixes: (key, { workloadAttestation }) =>
    beginsWithAnyListed(key, workloadAttestation.kubernetes.includeAnnotationPrefixes)
      ? undefined
      : 'add a prefix of its key to kubernetes.includeAnnotationPrefixes in WorkloadAttestation',
  includeEnvVars: (key, { workloadAttestation }) =>
    beginsWithAnyListed(key, workloadAttestation.docker.includeEnvVars)
      ? undefined
      : 'add a prefix of its name to docker.includeEnvVars in WorkloadAttestation',
  discoverWorkloadPath: (_key, { workloadAttestation }) =>
    workloadAttestation.linux.discoverWorkloadPath
      ? undefined
      : 'set linux.discoverWorkloadPath in WorkloadAttestation',
}
