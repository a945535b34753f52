// `postern map --serverless POLICY`: shows the identity that a policy of ServerlessAttestation gives to evidence that proves
// the given attributes. Whether evidence satisfies the policy is what `postern explain` shows.
import { basename, resolve } from 'node:path'
import type { Attribute } from '../../attribute/attribute.ts'
import { createConditionEngine } from '../../condition/vm/engine.ts'
import { type ClusterId, clusterKey, type DocumentKey, trustDomainKey } from '../../config/document-key.ts'
import { DEFAULT_CLUSTER } from '../../config/sections/cluster.ts'
import type { SectionName } from '../../config/sections/table.ts'
import { floorToSeconds } from '../../core/instant.ts'
import { NAMED_CLUSTERS_MAX } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { createServerlessContext, mapServerless } from '../../gateway/serverless/map-serverless.ts'
import { placeServerless, type ServerlessConfig } from '../../gateway/serverless/serverless-config.ts'
import type { TrustDomain } from '../../identity/trust-domain.ts'
import { type MappingContext, mergeAttributes } from '../../policy/mapping/mapping.ts'
import { explainMapping, type MappingExplanation } from '../../policy/mapping/mapping-explanation.ts'
import { createMappingMeter } from '../../policy/mapping/mapping-meter.ts'
import { describeError, type WorkloadResult } from '../../policy/mapping/workload.ts'
import { checkLock, checkRevocation } from '../../policy/revocation/check-revocation.ts'
import { loadPolicyVm } from '../../runtime/load-policy-vm.ts'
import { EXIT, type ExitCode, type Io, makeUsageStop, Stop } from '../command.ts'
import type { OperatorSettings } from '../operator-settings.ts'
import { readRevocationsBeside } from '../revocations-beside.ts'
import { findLayout, readSectionFile } from './map-config.ts'
import { readAgentAttributesFile } from './map-input.ts'
import { formatResult, formatTemplate } from './map-report.ts'

interface Asked {
  readonly serverless?: string | undefined
  readonly 'cluster-config': string
  readonly cluster?: string | undefined
  readonly container?: string | undefined
  readonly 'agent-attributes'?: string | undefined
  readonly json?: boolean | undefined
}

/** @param file the attributes that the evidence proves: the answer to a login, or attributes by name */
export async function runMapServerless(
  file: string,
  asked: Asked,
  { trustDomain, settings }: { readonly trustDomain: TrustDomain; readonly settings: OperatorSettings },
  io: Io,
): Promise<ExitCode> {
  const { serverless: name = '', json } = asked
  if ((asked.container ?? asked['agent-attributes']) !== undefined)
    throw makeUsageStop('--container and --agent-attributes describe an agent and its workload: remove them')
  const { clusterId, config } = await readConfig(resolve(io.directory, asked['cluster-config']), asked, settings, io)
  const policy = config.policies.byName.get(name)
  if (policy === undefined) {
    const names = [...config.policies.byName.keys()].slice(0, NAMED_CLUSTERS_MAX).join(', ')
    throw makeUsageStop(`ServerlessAttestation has no policy "${name}". Expected one of: ${names}`)
  }
  const place = placeServerless(clusterId, config)
  if (!place.ok) throw new Stop(EXIT.refused, `${place.refusal.code}: ${place.refusal.detail}`)
  const attributes = await readAgentAttributesFile(file, io)
  const refused = findRevoked(attributes, config, floorToSeconds(io.clock()))
  if (refused !== undefined)
    throw new Stop(EXIT.refused, `${refused.code}: ${refused.detail}`, { lines: listFacts(refused) })

  // One budget for the result and one for its explanation.
  const engine = createConditionEngine(loadPolicyVm())
  const createContext = (): MappingContext => {
    const request = { trustDomain, meter: createMappingMeter(engine) }
    return createServerlessContext(policy, attributes, config.policies, place.value, request)
  }
  const mapped = mapServerless(createContext())
  const result: WorkloadResult = mapped.ok
    ? { id: name, ...mapped.value }
    : { id: name, error: describeError(mapped.refusal, mapped.surface) }
  const whose = clusterId === undefined ? 'the trust domain' : `cluster ${clusterId}`
  const { templates = [] } = explain(createContext()) ?? {}
  io.out(
    json === true
      ? `${JSON.stringify({ trustDomain, clusterId, policy: name, result, templates: templates.map(makeJson) }, null, 2)}\n`
      : `${[`Policy ${name} of ServerlessAttestation of ${whose}, in ${trustDomain}`, '', ...formatResult(result, io), '', ...templates.flatMap((template) => formatTemplate(template, io))].join('\n').trimEnd()}\n`,
  )
  return mapped.ok ? EXIT.done : EXIT.refused
}

async function readConfig(
  directory: string,
  { cluster: id }: Asked,
  settings: OperatorSettings,
  io: Io,
): Promise<{ readonly clusterId: ClusterId | undefined; readonly config: ServerlessConfig }> {
  const isTrustDomain = basename(directory) === 'trust-domain'
  if (isTrustDomain && id !== undefined)
    throw makeUsageStop('--cluster names a cluster, and the directory is that of the trust domain: remove it')
  const layout = isTrustDomain
    ? { clusterId: undefined, clusterFolder: directory, trustDomainFolder: directory }
    : await findLayout(directory, id)
  const { clusterId, clusterFolder, trustDomainFolder } = layout
  const keyOf = <Name extends SectionName>(section: Name): DocumentKey<Name> =>
    clusterId === undefined ? trustDomainKey(section) : clusterKey(clusterId, section)

  const policies = await readSectionFile(clusterFolder, keyOf('ServerlessAttestation'), settings, io)
  if (policies === undefined)
    throw makeUsageStop(`${clusterFolder} has no ServerlessAttestation.yaml: --serverless needs one`)
  const cluster =
    clusterId === undefined ? undefined : await readSectionFile(clusterFolder, keyOf('Cluster'), settings, io)
  const kind = clusterId === undefined ? 'trust-domain' : 'cluster'
  return {
    clusterId,
    config: {
      policies,
      trustDomain: await readSectionFile(trustDomainFolder, trustDomainKey('TrustDomain'), settings, io),
      cluster: cluster ?? DEFAULT_CLUSTER,
      revocations: await readRevocationsBeside(clusterFolder, kind, settings, io),
    },
  }
}

/** What a request with this evidence is refused by before it is mapped. */
function findRevoked(
  attributes: readonly Attribute[],
  { revocations }: ServerlessConfig,
  nowSeconds: number,
): Refusal | undefined {
  const proved = new Map(attributes.map(({ name, value }) => [name, value]))
  return (
    checkLock(revocations, nowSeconds) ??
    checkRevocation(revocations, 'evidence_revoked', { attributes: proved }, nowSeconds)
  )
}

/** What only operators read: which entry revokes or locks, until when and why. */
function listFacts({ audit = {} }: Refusal): readonly string[] {
  return Object.entries(audit).map(([fact, value]) => `${fact}: ${String(value)}`)
}

function explain(context: MappingContext): MappingExplanation | undefined {
  const merged = mergeAttributes(new Map(), context)
  return merged.ok ? explainMapping(merged.value, context) : undefined
}

function makeJson({ rendered, ...template }: MappingExplanation['templates'][number]): unknown {
  return {
    ...template,
    ...(rendered.ok ? { value: rendered.value } : { refused: rendered.refusal.code, detail: rendered.refusal.detail }),
  }
}
