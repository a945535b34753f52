// Attributes to claims, for issuers: who asks, for which cluster, with whose session; then each workload by itself.
import type { Context } from 'hono'
import { parseClusterId } from '../../config/document-key.ts'
import { CLAIMS_BODY_MAX_BYTES } from '../../core/limits.ts'
import { createMappingMeter } from '../../policy/mapping/mapping-meter.ts'
import { agentOf, createWorkloadMapper } from '../../policy/mapping/workload.ts'
import { backgroundOf } from '../background.ts'
import { readAgentSession, requireIssuer } from '../bearer-session.ts'
import { readBody } from '../body.ts'
import { checkWorkloads, claimsBodySchema } from '../claims-body.ts'
import { createMappingReport } from '../claims-report.ts'
import { clusterConfigInForce, enablementOf } from '../cluster-config.ts'
import { checkStanding, mappingContextOf } from '../mapping-context.ts'
import { clusterExists } from '../policies-in-force.ts'
import { addRoute, UNKNOWN_CLUSTER } from '../route.ts'
import type { GatewayApp, GatewayEnv, Parts } from '../services.ts'

export function addClaimsRoute(app: GatewayApp, parts: Parts): void {
  addRoute(app, 'POST', '/v1/clusters/:clusterId/claims', (c) => mapClaims(c, parts))
}

async function mapClaims(c: Context<GatewayEnv>, parts: Parts): Promise<Response> {
  const text = c.req.param('clusterId') ?? ''
  const report = createMappingReport(c, text, parts)
  const background = backgroundOf(c)

  const clusterId = parseClusterId(text)
  if (clusterId === undefined) return report.refused(UNKNOWN_CLUSTER)
  const issuer = await requireIssuer(c, clusterId, parts, background)
  if (!issuer.ok) return report.refused(issuer.refusal)
  report.asked(issuer.value)
  const exists = await clusterExists(clusterId, 'issuer', parts.configs, background)
  if (!exists.ok) return report.refused(exists.refusal)
  const config = await clusterConfigInForce(clusterId, parts, background)
  if (!config.ok) return report.refused(config.refusal)
  report.decidedBy(config.value.used)
  const standing = checkStanding(clusterId, config.value)
  if (!standing.ok) return report.refused(standing.refusal)

  const body = await readBody(c, claimsBodySchema, CLAIMS_BODY_MAX_BYTES, parts.sleep)
  if (!body.ok) return report.refused(body.refusal)
  const workloads = checkWorkloads(body.value.workloads)
  if (!workloads.ok) return report.refused(workloads.refusal)

  const { agentSession } = body.value
  const session =
    agentSession === undefined
      ? undefined
      : await readAgentSession(agentSession, clusterId, config.value, parts, background)
  if (session?.ok === false) return report.refused(session.refusal)
  if (session !== undefined) report.spokenFor(session.value.session)
  const agent = agentOf(session?.value.session.attributes, config.value.cluster)
  if (!agent.ok) return report.refused(agent.refusal)

  const meter = createMappingMeter(parts.engine)
  const { trustDomain } = parts.settings
  const settings = session === undefined ? config.value : { ...config.value, agentPolicies: session.value.policies }
  const context = mappingContextOf(clusterId, standing.value, settings, agent.value, trustDomain, meter)
  const map = createWorkloadMapper(context, agent.value, enablementOf(config.value), report.workloadRefused)
  return report.mapped(workloads.value.map(map))
}
