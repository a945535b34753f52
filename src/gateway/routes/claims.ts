// Attributes to claims, for issuers: the issuer, the cluster, the agent's session; then each workload by itself.
import type { Context } from 'hono'
import { COMPARED_SECTIONS } from '../../config/compile/findings-memo.ts'
import { parseClusterId } from '../../config/document-key.ts'
import { floorToSeconds } from '../../core/instant.ts'
import { CLAIMS_BODY_MAX_BYTES } from '../../core/limits.ts'
import { createMappingMeter } from '../../policy/mapping/mapping-meter.ts'
import { createWorkloadMapper, readAgent } from '../../policy/mapping/workload.ts'
import { checkLock } from '../../policy/revocation/check-revocation.ts'
import { readAgentSession } from '../agent-session.ts'
import { createBackground } from '../background.ts'
import { requireIssuer } from '../bearer-session.ts'
import { checkWorkloads, claimsBodySchema } from '../claims-body.ts'
import { type ClusterConfig, readClusterConfig, readEnablement } from '../cluster-config.ts'
import { checkClusterMapping, createMappingContext } from '../mapping-context.ts'
import { findMappingFaults } from '../mapping-gates.ts'
import { createClaimsReport } from '../reports/claims-report.ts'
import { readBody } from '../request-body.ts'
import { createSnapshot } from '../request-snapshot.ts'
import { addRoute, UNKNOWN_CLUSTER } from '../route.ts'
import type { GatewayApp, GatewayEnv, Services } from '../services.ts'

export function addClaimsRoute(app: GatewayApp, services: Services): void {
  addRoute(app, 'POST', '/v1/clusters/:clusterId/claims', (c) => mapClaims(c, services))
}

async function mapClaims(c: Context<GatewayEnv>, services: Services): Promise<Response> {
  const text = c.req.param('clusterId') ?? ''
  const snapshot = createSnapshot(services.configs, createBackground(c))
  const report = createClaimsReport(c, text, services, snapshot)

  const clusterId = parseClusterId(text)
  if (clusterId === undefined) return report.refuse(UNKNOWN_CLUSTER)
  const issuer = await requireIssuer(c, { scope: 'claims', clusterId }, services, snapshot)
  if (!issuer.ok) return report.refuse(issuer.refusal)
  report.noteIssuer(issuer.value.session)
  const exists = await snapshot.requireCluster(clusterId, 'issuer')
  if (!exists.ok) return report.refuse(exists.refusal)
  const config = await readClusterConfig(clusterId, snapshot)
  if (!config.ok) return report.refuse(config.refusal)
  const nowSeconds = floorToSeconds(services.clock())
  const locked = checkLock(config.value.revocations, nowSeconds)
  if (locked !== undefined) return report.refuse(locked)
  const mapped = checkClusterMapping(clusterId, config.value)
  if (!mapped.ok) return report.refuse(mapped.refusal)

  const body = await readBody(c, claimsBodySchema, CLAIMS_BODY_MAX_BYTES, services.sleep)
  if (!body.ok) return report.refuse(body.refusal)
  const workloads = checkWorkloads(body.value.workloads)
  if (!workloads.ok) return report.refuse(workloads.refusal)

  const { agentSession } = body.value
  const session =
    agentSession === undefined
      ? undefined
      : await readAgentSession(agentSession, clusterId, config.value, services, snapshot)
  if (session?.ok === false) return report.refuse(session.refusal)
  if (session !== undefined) report.noteAgent(session.value.session)
  const agent = readAgent(session?.value.session.attributes, config.value.cluster)
  if (!agent.ok) return report.refuse(agent.refusal)

  const settings: ClusterConfig =
    session === undefined ? config.value : { ...config.value, agentPolicies: session.value.policies }
  const { agentPolicies } = settings
  // The policies of agents count only where an agent's session came along, as `agentPolicies` does.
  const compared = COMPARED_SECTIONS.filter((name) => name !== 'AgentAttestation' || agentPolicies !== undefined)
  const context = createMappingContext(clusterId, mapped.value, settings, {
    trustDomain: services.settings.trustDomain,
    agent: agent.value,
    nowSeconds,
    meter: createMappingMeter(services.engine),
    faults: services.mappingFaults(snapshot.listUsedDigests(clusterId, compared), () => findMappingFaults(settings)),
  })
  const map = createWorkloadMapper(context, agent.value, readEnablement(settings), report.noteRefusedWorkload)
  return report.answer(workloads.value.map(map))
}
