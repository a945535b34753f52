// A workload as an issuer describes it: its attributes are read, held against the node that the agent proves, and mapped.
// One that is wrong gets an error of its own, and spoils no other.
import type { Attribute, Attributes, AttributeValue } from '../../attribute/attribute.ts'
import { resolveAttribute } from '../../attribute/catalogue.ts'
import type { Enablement } from '../../attribute/enabled.ts'
import { readFlatAttributes, type WorkloadAttributes } from '../../attribute/flat.ts'
import { readPodAttributes } from '../../attribute/pod.ts'
import type { Surface } from '../../attribute/row.ts'
import type { JsonObject } from '../../core/json.ts'
import { WORKLOAD_WARNINGS_MAX } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { type Identity, type MappingContext, mapOwned } from './mapping.ts'

/** Either flat attributes or a `v1.Pod`. */
export interface WorkloadDescription {
  readonly id: string
  readonly attributes?: JsonObject | undefined
  readonly pod?: JsonObject | undefined
  readonly container?: string | undefined
}

/** The agent whose session came along. Without one, the issuer speaks for the workload alone. */
export interface Agent {
  readonly attributes: Attributes | undefined
  /** The node that its evidence proves. An agent speaks only for its own. */
  readonly node: string | undefined
}

export interface MappingWarning {
  readonly code: 'node_unproven' | 'attribute_dropped'
  readonly detail: string
}

export type WorkloadResult =
  | ({ readonly id: string; readonly warnings?: readonly MappingWarning[] } & Identity)
  | { readonly id: string; readonly error: WorkloadError; readonly warnings?: readonly MappingWarning[] }

export interface WorkloadError {
  readonly code: Refusal['code']
  readonly attribute?: string
  readonly surface?: Surface
  readonly detail: string
}

const AGENT_NODE = 'k8s_token.node.name'
const WORKLOAD_NODE = 'kubernetes.pod.node.name'

/** What the session's attributes prove; refuses if the cluster requires more of an agent than there is. */
export function readAgent(
  session: readonly Attribute[] | undefined,
  cluster: { readonly requireAgentSession: boolean; readonly requireNode: boolean },
): Checked<Agent> {
  if (session === undefined && cluster.requireAgentSession) {
    return refuse({
      code: 'agent_session_required',
      detail: 'this cluster requires an agentSession: send the session that the agent received at login',
    })
  }
  const attributes = session === undefined ? undefined : pickAgentAttributes(session)
  const node = attributes?.get(AGENT_NODE)
  if (node === undefined && cluster.requireNode) {
    return refuse({
      code: 'node_required',
      detail: `this cluster requires an agentSession that proves a node (${AGENT_NODE}): log the agent in with evidence that is bound to a node`,
    })
  }
  return pass({ attributes, node: typeof node === 'string' ? node : undefined })
}

/** Only what an agent may vouch for. The session is signed by this gateway, but perhaps by another version of it. */
function pickAgentAttributes(session: readonly Attribute[]): Attributes {
  const attributes = new Map<string, AttributeValue>()
  for (const { name, value } of session) {
    const resolved = resolveAttribute(name)
    if (resolved?.row.side === 'agent') attributes.set(resolved.name, value)
  }
  return attributes
}

/** The configuration of one request, and what it refuses. */
export interface WorkloadContext extends MappingContext {
  /** Returns the refusal `workload_revoked` if an entry of Revocations names an attribute of the workload itself. */
  checkRevoked(attributes: Attributes): Refusal | undefined
}

/**
 * A function that maps one workload after another, all under one configuration. `onRefused` gets each refusal whole: its
 * result leaves out what is for the operator alone.
 */
export function createWorkloadMapper(
  context: WorkloadContext,
  agent: Agent,
  enablement: Enablement,
  onRefused: (id: string, refusal: Refusal) => void = () => undefined,
): (workload: WorkloadDescription) => WorkloadResult {
  function refuseWorkload(
    id: string,
    refusal: Refusal,
    surface?: Surface,
  ): { readonly id: string; readonly error: WorkloadError } {
    onRefused(id, refusal)
    return { id, error: describeError(refusal, surface) }
  }

  return (workload) => {
    const { id } = workload
    const read = readAttributes(workload, enablement)
    if (!read.ok) return refuseWorkload(id, read.refusal)
    const { attributes, dropped } = read.value
    const noted = listWarnings(dropped, agent)
    const stranger = checkNode(attributes, agent)
    if (stranger !== undefined) return { ...refuseWorkload(id, stranger), ...noted }
    const revoked = context.checkRevoked(attributes)
    if (revoked !== undefined) return { ...refuseWorkload(id, revoked), ...noted }
    const mapped = mapOwned(attributes, context)
    return mapped.ok
      ? { id, ...mapped.value, ...noted }
      : { ...refuseWorkload(id, mapped.refusal, mapped.surface), ...noted }
  }
}

/** The attributes of a workload, as it describes them itself. */
export function readAttributes(workload: WorkloadDescription, enablement: Enablement): Checked<WorkloadAttributes> {
  const { attributes, pod, container } = workload
  if (pod !== undefined)
    return readPodAttributes(pod, { ...enablement, ...(container === undefined ? {} : { container }) })
  return readFlatAttributes(attributes ?? {}, enablement)
}

/** Otherwise an agent on one stolen node could ask for the identities of all nodes. */
function checkNode(attributes: Attributes, { node }: Agent): Refusal | undefined {
  if (node === undefined) return undefined
  const named = attributes.get(WORKLOAD_NODE)
  if (named === undefined) {
    return {
      code: 'node_missing',
      where: WORKLOAD_NODE,
      detail: `the workload names no node, and its agent may act for its own node only: send ${WORKLOAD_NODE}`,
    }
  }
  if (named === node) return undefined
  return {
    code: 'node_mismatch',
    where: WORKLOAD_NODE,
    detail:
      'the workload runs on another node than the one that the agent session proves: send the session of the agent on its node',
  }
}

function listWarnings(dropped: readonly string[], agent: Agent): { readonly warnings?: readonly MappingWarning[] } {
  // The last place is for the count of the rest: an answer must not be many times as long as its request.
  const isCut = dropped.length > WORKLOAD_WARNINGS_MAX
  const named = isCut ? dropped.slice(0, WORKLOAD_WARNINGS_MAX - 1) : dropped
  const warnings: MappingWarning[] = named.map((name) => ({
    code: 'attribute_dropped',
    detail: `${name} is not enabled in this cluster and was ignored`,
  }))
  if (isCut) {
    const more = dropped.length - named.length
    const detail = `${more} more attributes are not enabled in this cluster and were ignored`
    warnings.push({ code: 'attribute_dropped', detail })
  }
  if (agent.attributes !== undefined && agent.node === undefined) {
    warnings.push({
      code: 'node_unproven',
      detail: 'the agent session proves no node: the agent and the workload may run on different nodes',
    })
  }
  return warnings.length === 0 ? {} : { warnings }
}

/** A refusal as the caller reads it. */
export function describeError({ code, where, detail }: Refusal, surface?: Surface): WorkloadError {
  return {
    code,
    ...(where === undefined ? {} : { attribute: where }),
    ...(surface === undefined ? {} : { surface }),
    detail,
  }
}
