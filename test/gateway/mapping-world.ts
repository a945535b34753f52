// The world of the claims endpoint: sessions as the gateway issues them, and documents around one cluster.

import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { createConditionEngine } from '../../src/condition/vm/engine.ts'
import { compileDocument } from '../../src/config/compile/compile.ts'
import { createDecisions } from '../../src/policy/login/decision.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { issueSession, type SessionRequest } from '../../src/token/session/session.ts'
import type { SessionDecision } from '../../src/token/session/session-claims.ts'
import { COMPILE_CONTEXT } from '../config/compile-context.ts'
import type { Answer, World } from './fixture.ts'

export const CLUSTER = 'c-1'
export const NODE = 'ip-10-0-1-1.ec2.internal'

const yaml = (section: string, spec: unknown): string => JSON.stringify({ section, schema: 'v1', spec })

export function put(world: World, key: string, spec: unknown): void {
  world.store.put(key, yaml(key.split('/').at(-1) ?? '', spec))
}

/** Documents that let the issuer `issuer` and the agents of `c-1` in, and say nothing else. */
export function putBaseline(world: World): void {
  world.store.values.clear()
  put(world, 'trust-domain/TrustDomainServerAttestation', { policies: [serverPolicy(world, 'issuer')] })
  world.putPolicy(CLUSTER)
}

export function serverPolicy(world: World, name: string, more: object = {}): object {
  const config = {
    issuerURL: world.issuer.issuer,
    serviceAccountNamespace: 'spirl-system',
    serviceAccountName: 'spirl-agent',
  }
  return { name, requiredAttestors: [{ type: 'k8s_token', config }], ...more }
}

export interface SessionChange extends Partial<SessionRequest> {
  /** Seconds by which it was issued before now. */
  readonly ageSeconds?: number
  readonly ttlSeconds?: number
}

/**
 * What decided a login, had the policy that is stored now decided it. It has no proof: such a session does not survive a
 * change of its policy. Where there is no such policy, any digest will do.
 */
async function decisionOf(world: World, policy: string, clusterId: string | undefined): Promise<SessionDecision> {
  const section = clusterId === undefined ? 'TrustDomainServerAttestation' : 'AgentAttestation'
  const bytes = world.store.values.get(
    `${clusterId === undefined ? 'trust-domain' : `clusters/${clusterId}`}/${section}`,
  )
  const compiled =
    bytes === undefined
      ? undefined
      : compileDocument(section, bytes, {
          ...COMPILE_CONTEXT,
          attestors: world.attestors,
          issuerUrl: world.settings.issuerUrl,
          urlPolicy: { allowLoopback: true },
        })
  const stored = compiled?.ok === true ? compiled.value.byName.get(policy) : undefined
  const engine = createConditionEngine(loadPolicyVm())
  const decisions = createDecisions({ attestors: world.attestors, engine, defaultAudience: world.settings.audience })
  return { digest: stored === undefined ? 'none' : await decisions.digestPolicy(stored), proofs: [] }
}

/** A session of the gateway signed again with one claim changed; `undefined` takes it out. */
export async function resign(
  world: World,
  session: string,
  change: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { signer } = world.settings.sessionKeys
  const claims = { ...decodeJwt(session), ...change }
  const kept = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
  return new SignJWT(kept)
    .setProtectedHeader({ ...decodeProtectedHeader(session), alg: signer.alg })
    .sign(await signer.key())
}

/** A session as the gateway signs it; the baseline is a good issuer. */
export async function sessionOf(world: World, change: SessionChange = {}): Promise<string> {
  const { settings } = world
  const { ageSeconds = 0, ttlSeconds = 3600, policy = 'issuer', ...request } = change
  const nowMillis = Date.now() + world.ahead - ageSeconds * 1000
  const issued = await issueSession(
    {
      role: 'issuer',
      policy,
      decision: await decisionOf(world, policy, request.clusterId),
      attributes: [],
      identity: [],
      evidenceExpiresAtSeconds: nowMillis / 1000 + 86_400,
      nowMillis,
      ...request,
    },
    {
      keys: settings.sessionKeys,
      trustDomain: settings.trustDomain,
      issuerUrl: settings.issuerUrl,
      ttlSeconds,
      skewSeconds: settings.clockSkewSeconds,
    },
  )
  if (!issued.ok) throw new Error(issued.refusal.detail)
  return issued.value.token
}

/** The session of a good agent on `NODE`. */
export function agentSessionOf(world: World, change: SessionChange = {}): Promise<string> {
  const attributes = [{ origin: 'k8s_token', name: 'k8s_token.node.name', value: NODE }]
  return sessionOf(world, { role: 'agent', policy: 'k8s_policy', clusterId: CLUSTER, attributes, ...change })
}

export async function askClaims(
  world: World,
  body: unknown,
  options: { readonly clusterId?: string; readonly session?: string } = {},
): Promise<Answer> {
  const { clusterId = CLUSTER, session = await sessionOf(world) } = options
  return world.post(`/v1/clusters/${clusterId}/claims`, typeof body === 'string' ? body : JSON.stringify(body), {
    'Content-Type': 'application/json',
    Authorization: `Bearer ${session}`,
  })
}

export interface Result {
  readonly id: string
  readonly spiffeId?: string
  readonly policy?: { readonly source: string; readonly index?: number }
  readonly jwt?: { readonly ttlSeconds: number; readonly claims: Readonly<Record<string, unknown>> }
  readonly x509?: {
    readonly ttlSeconds: number
    readonly subject?: string
    readonly dnsNames: readonly string[]
  }
  readonly error?: {
    readonly code: string
    readonly attribute?: string
    readonly surface?: string
    readonly detail: string
  }
  readonly warnings?: readonly { readonly code: string }[]
}

export function resultsOf(answer: Answer): readonly Result[] {
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`)
  return answer.body['results'] as readonly Result[]
}

/** The result of one workload; flat attributes unless it is a whole description. */
export async function mapOne(
  world: World,
  workload: object,
  more: { readonly agentSession?: string; readonly clusterId?: string } = {},
): Promise<Result> {
  const { clusterId, ...body } = more
  const described = 'pod' in workload || 'attributes' in workload ? workload : { attributes: workload }
  const answer = await askClaims(
    world,
    { ...body, workloads: [{ id: 'w1', ...described }] },
    clusterId === undefined ? {} : { clusterId },
  )
  const [result] = resultsOf(answer)
  if (result === undefined) throw new Error('no result')
  return result
}

export const WEB = {
  'kubernetes.pod.namespace': 'default',
  'kubernetes.pod.service_account': 'web',
} as const

/** A pod as `kubectl get pod -o json` prints one, with much that nobody reads. */
export function pod(): Record<string, unknown> & { metadata: Record<string, unknown>; spec: Record<string, unknown> } {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-1-x7',
      generateName: 'web-1-',
      namespace: 'default',
      uid: '316ea285-b878-4d20-a9fe-2e1c79b0f083',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app: 'web', 'app.kubernetes.io/name': 'shop', empty: '' },
      annotations: { 'example.com/team': 'Blue Team', 'other.io/x': 'y' },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Node', name: 'n', uid: '0' },
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: '00000000-1111-2222-3333-444444444444' },
      ],
      managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:metadata': { 'f:labels': {} } } }],
    },
    spec: {
      nodeName: NODE,
      serviceAccountName: 'web',
      containers: [
        { name: 'app', image: 'registry.example.com/web:1.2', resources: { limits: { cpu: 1 } } },
        { name: 'side', image: 'envoy:1' },
      ],
      initContainers: [{ name: 'init', image: 'busybox:1' }],
      tolerations: [{ key: 'x', operator: 'Exists' }],
    },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      containerStatuses: [{ name: 'app', ready: true, imageID: 'registry.example.com/web@sha256:abc' }],
      initContainerStatuses: [{ name: 'init', imageID: 'busybox@sha256:def' }],
    },
  }
}
