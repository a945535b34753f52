// `postern map`: shows which identity a pod will get, and why, with the gateway's own engine and without a gateway.
import { createConditionEngine } from '../../condition/vm/engine.ts'
import { floorToSeconds } from '../../core/instant.ts'
import type { Refusal } from '../../core/refusal.ts'
import { readEnablement } from '../../gateway/cluster-config.ts'
import { checkClusterMapping, createMappingContext } from '../../gateway/mapping-context.ts'
import { findMappingFaults } from '../../gateway/mapping-gates.ts'
import { parseTrustDomain, type TrustDomain } from '../../identity/trust-domain.ts'
import { type MappingContext, mergeAttributes } from '../../policy/mapping/mapping.ts'
import { explainMapping, type MappingExplanation } from '../../policy/mapping/mapping-explanation.ts'
import { createMappingMeter } from '../../policy/mapping/mapping-meter.ts'
import {
  createWorkloadMapper,
  readAgent,
  readAttributes,
  type WorkloadDescription,
} from '../../policy/mapping/workload.ts'
import { checkLock } from '../../policy/revocation/check-revocation.ts'
import { loadPolicyVm } from '../../runtime/load-policy-vm.ts'
import { JSON_OPTION } from '../arguments.ts'
import { EXIT, makeUsageStop, Stop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { readOperatorSettings } from '../operator-settings.ts'
import { readCluster } from './map-config.ts'
import { readAgentAttributes, readWorkload } from './map-input.ts'
import { formatMapReport, type MapReport } from './map-report.ts'
import { runMapServerless } from './map-serverless.ts'

export const map = defineCommand({
  name: 'map',
  summary: 'Show which identity a pod will get, and why',
  arguments: [
    [
      '<pod>',
      'a file with the pod as kubectl prints it, or its attributes by name; with --serverless, the attributes that the evidence proves; "-" for standard input',
    ],
  ],
  options: {
    'cluster-config': {
      value: 'dir',
      required: true,
      help: 'a store of documents, or a directory with the Section.yaml files of one cluster',
    },
    cluster: { value: 'id', help: 'the cluster; default the only one of a store, or the name of the directory' },
    container: { value: 'name', help: 'the container of the pod that the workload runs in' },
    'agent-attributes': {
      value: 'file',
      help: 'the attributes that the agent proves, as JSON: the answer to its login, or attributes by name',
    },
    serverless: {
      value: 'policy',
      help: 'show the identity that this policy of ServerlessAttestation gives; the directory may then be the trust-domain folder of a store',
    },
    'trust-domain': { value: 'name', help: 'default TRUST_DOMAIN of the environment' },
    ...JSON_OPTION,
  },
  async run([file], values, io) {
    const trustDomain = readTrustDomain(values['trust-domain'] ?? io.environment['TRUST_DOMAIN'])
    const settings = await readOperatorSettings({
      ...io,
      environment: { ...io.environment, TRUST_DOMAIN: trustDomain },
    })

    if (values.serverless !== undefined) return runMapServerless(file, values, { trustDomain, settings }, io)
    const agentFile = values['agent-attributes']
    const wanted = { id: values.cluster, withAgents: agentFile !== undefined }
    const { clusterId, config } = await readCluster(values['cluster-config'], wanted, settings, io)
    const nowSeconds = floorToSeconds(io.clock())
    const locked = checkLock(config.revocations, nowSeconds)
    if (locked !== undefined)
      throw new Stop(EXIT.refused, `${locked.code}: ${locked.detail}`, { lines: listFacts(locked) })
    const standing = checkClusterMapping(clusterId, config)
    if (!standing.ok) throw new Stop(EXIT.refused, `${standing.refusal.code}: ${standing.refusal.detail}`)
    const session = agentFile === undefined ? undefined : await readAgentAttributes(agentFile, io)
    const workload = await readWorkload(file, values.container, io)
    const agent = readAgent(session, config.cluster)
    if (!agent.ok) {
      throw new Stop(
        EXIT.refused,
        `${agent.refusal.code}: ${agent.refusal.detail}; give its attributes with --agent-attributes`,
      )
    }

    // One budget for the result and one for its explanation, each as for a request with this workload alone.
    const engine = createConditionEngine(loadPolicyVm())
    const context = createMappingContext(clusterId, standing.value, config, {
      trustDomain,
      agent: agent.value,
      meter: createMappingMeter(engine),
      nowSeconds,
      faults: findMappingFaults(config),
    })
    const enablement = readEnablement(config)
    let refused: Refusal | undefined
    const result = createWorkloadMapper(context, agent.value, enablement, (_id, refusal) => {
      refused = refusal
    })(workload)
    const report: MapReport = {
      trustDomain,
      clusterId,
      clusterName: String(context.builtIns.get('cluster.name')),
      platform: config.cluster.platform,
      result,
      ...(refused?.code === 'workload_revoked' ? { revocation: listFacts(refused) } : {}),
      explanation: explainWorkload(workload, { ...context, meter: createMappingMeter(engine) }, enablement),
    }
    io.out(values.json === true ? `${JSON.stringify(makeReportJson(report), null, 2)}\n` : formatMapReport(report, io))
    return 'error' in result ? EXIT.refused : EXIT.done
  },
})

function readTrustDomain(text: string | undefined): TrustDomain {
  if (text === undefined || text === '')
    throw makeUsageStop('Missing trust domain: add --trust-domain, or set TRUST_DOMAIN')
  const parsed = parseTrustDomain(text)
  if (parsed.ok) return parsed.value
  throw makeUsageStop(`"${text}" is not a trust domain: lower-case letters, digits, ".", "-" and "_", without a scheme`)
}

/** `undefined` if the attributes cannot be read or merged, or the budget is spent; the result names the reason. */
function explainWorkload(
  workload: WorkloadDescription,
  context: MappingContext,
  enablement: ReturnType<typeof readEnablement>,
): MappingExplanation | undefined {
  const read = readAttributes(workload, enablement)
  const merged = read.ok ? mergeAttributes(read.value.attributes, context) : read
  return merged.ok ? explainMapping(merged.value, context) : undefined
}

/** What only operators read: which entry revokes or locks, until when and why. */
function listFacts({ audit = {} }: Refusal): readonly string[] {
  return Object.entries(audit).map(([name, value]) => `${name}: ${String(value)}`)
}

function makeReportJson({ result, explanation, ...cluster }: MapReport): unknown {
  return {
    ...cluster,
    result,
    overrides: explanation?.overrides ?? [],
    templates: (explanation?.templates ?? []).map(({ rendered, ...template }) => ({
      ...template,
      ...(rendered.ok
        ? { value: rendered.value }
        : { refused: rendered.refusal.code, detail: rendered.refusal.detail }),
    })),
  }
}
