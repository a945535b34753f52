// `postern map`: shows which identity a pod will get, and why, with the gateway's own engine and without a gateway.
import { createConditionEngine } from '../../condition/vm/engine.ts'
import { floorToSeconds } from '../../core/instant.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type ExplainedWorkload, explainWorkload } from '../../explain/explain-mapping.ts'
import { parseTrustDomain, type TrustDomain } from '../../identity/trust-domain.ts'
import { loadPolicyVm } from '../../runtime/load-policy-vm.ts'
import { JSON_OPTION } from '../arguments.ts'
import { EXIT, makeUsageStop, Stop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { readOperatorSettings } from '../operator-settings.ts'
import { readCluster } from './map-config.ts'
import { readAgentAttributesFile, readWorkloadFile } from './map-input.ts'
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
    const session = agentFile === undefined ? undefined : await readAgentAttributesFile(agentFile, io)
    const workload = await readWorkloadFile(file, values.container, io)
    const mapped = explainWorkload({
      clusterId,
      config,
      trustDomain,
      workload,
      session,
      nowSeconds: floorToSeconds(io.clock()),
      engine: createConditionEngine(loadPolicyVm()),
    })
    if (mapped.kind === 'refused') throw stopFor(mapped)
    const { result, refusal, explanation, clusterName } = mapped
    const report: MapReport = {
      trustDomain,
      clusterId,
      clusterName,
      platform: config.cluster.platform,
      result,
      ...(refusal?.code === 'workload_revoked' ? { revocation: listFacts(refusal) } : {}),
      explanation,
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

function stopFor({ by, refusal }: Extract<ExplainedWorkload, { kind: 'refused' }>): Stop {
  const next = by === 'agent' ? '; give its attributes with --agent-attributes' : ''
  const facts = by === 'lock' ? { lines: listFacts(refusal) } : undefined
  return new Stop(EXIT.refused, `${refusal.code}: ${refusal.detail}${next}`, facts)
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
