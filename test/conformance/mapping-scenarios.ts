// Issuers, on every host: one logs in and maps workloads of one cluster, with and without the session of an agent.
import type { StandInCluster } from '../../dev/stand-in-cluster.ts'
import type { Ask, Expected, Scenario } from './scenario.ts'

export const CLUSTER = 'mapped'
/** Has documents, but is not listed in TrustDomain. */
const UNLISTED = 'unlisted'
const SERVER = { namespace: 'postern', serviceAccount: 'server' }

/** The documents of these scenarios, by key; `agents` admits the agents of the cluster. */
export function mappingDocuments(issuer: string, agents: string): Readonly<Record<string, string>> {
  return {
    'trust-domain/TrustDomainServerAttestation': `section: TrustDomainServerAttestation
schema: v1
spec:
  policies:
    - name: servers
      allowedClusters: [${CLUSTER}, ${UNLISTED}, nowhere]
      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: ${issuer}
            serviceAccountNamespace: ${SERVER.namespace}
            serviceAccountName: ${SERVER.serviceAccount}
`,
    'trust-domain/TrustDomain': `section: TrustDomain
schema: v1
spec:
  clusters:
    ${CLUSTER}: {name: blue, pathPrefixes: [/blue]}
`,
    [`clusters/${CLUSTER}/AgentAttestation`]: agents,
    [`clusters/${UNLISTED}/AgentAttestation`]: agents,
    [`clusters/${UNLISTED}/SVIDIssuancePolicy`]: `section: SVIDIssuancePolicy
schema: v1
spec: {policy: {pathTemplate: "/blue/{{kubernetes.pod.service_account}}"}}
`,
    [`clusters/${CLUSTER}/SVIDIssuancePolicy`]: `section: SVIDIssuancePolicy
schema: v1
spec:
  policy:
    x509: {ttl: 24h, subject: "O=Acme Corp,CN={{kubernetes.pod.label[app]}}"}
    jwt:
      ttl: 12h
      additionalClaims:
        namespace: "{{kubernetes.pod.namespace}}"
        owner: "{{kubernetes.pod.owner}}"
  policyOverrides:
    - when: {kubernetes.pod.namespace: production}
      condition: has(k8s_token.node.name) && k8s_token.node.name.startsWith("node-")
      policy:
        pathTemplate: "/{{cluster.name}}/prod/{{kubernetes.pod.service_account}}/{{k8s_token.node.name}}"
    - when: {kubernetes.pod.namespace: escaping}
      policy: {pathTemplate: "/{{kubernetes.pod.service_account}}"}
`,
  }
}

function pod(namespace: string, app = 'web'): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-1',
      namespace,
      uid: '316ea285-b878-4d20-a9fe-2e1c79b0f083',
      labels: { app },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'web-1', uid: 'x' }],
    },
    spec: { nodeName: 'node-1', serviceAccountName: 'web', containers: [{ name: 'app', image: 'web:1' }] },
  }
}

interface Who {
  readonly bearer: 'issuer' | 'agent' | 'none'
  /** Whether the session of the agent comes along, and on which node it was got. */
  readonly agentNode?: string
  readonly clusterId?: string
}

function json(path: string, body: unknown, session?: string): { readonly path: string; readonly init: RequestInit } {
  const headers = {
    'Content-Type': 'application/json',
    ...(session === undefined ? {} : { Authorization: `Bearer ${session}` }),
  }
  return { path, init: { method: 'POST', headers, body: JSON.stringify(body) } }
}

function login(path: string, token: string): { readonly path: string; readonly init: RequestInit } {
  return json(path, { attestations: [{ type: 'k8s_token', evidence: { token } }] })
}

async function sessionFrom(ask: Ask, path: string, token: string): Promise<string> {
  const request = login(path, token)
  const answer = (await ask(request.path, request.init)) as { readonly session?: { readonly token: string } }
  if (answer.session === undefined) throw new Error(`no session: ${JSON.stringify(answer)}`)
  return answer.session.token
}

export const asIssuer = async (cluster: StandInCluster, ask: Ask): Promise<string> =>
  sessionFrom(ask, '/v1/trust-domain/login', await cluster.mint(SERVER))
export const asAgent = async (cluster: StandInCluster, ask: Ask, node: string): Promise<string> =>
  sessionFrom(ask, `/v1/clusters/${CLUSTER}/login`, await cluster.mint({ node }))

async function findBearer(bearer: Who['bearer'], cluster: StandInCluster, ask: Ask): Promise<string | undefined> {
  if (bearer === 'none') return undefined
  return bearer === 'issuer' ? asIssuer(cluster, ask) : asAgent(cluster, ask, 'node-1')
}

function claims(name: string, who: Who, workloads: readonly object[], expected: Expected): Scenario {
  return {
    name,
    async request(cluster, ask) {
      const { bearer, agentNode, clusterId = CLUSTER } = who
      const agentSession = agentNode === undefined ? {} : { agentSession: await asAgent(cluster, ask, agentNode) }
      const session = await findBearer(bearer, cluster, ask)
      return json(`/v1/clusters/${clusterId}/claims`, { ...agentSession, workloads }, session)
    },
    expected,
  }
}

const issuer: Who = { bearer: 'issuer' }
const ONE = [{ id: 'w1', pod: pod('default') }]

export const MAPPING_SCENARIOS: readonly Scenario[] = [
  {
    name: 'admits an issuer to the trust domain',
    request: async (cluster) => login('/v1/trust-domain/login', await cluster.mint(SERVER)),
    expected: { status: 200, body: { policy: 'servers' } },
  },
  {
    name: 'refuses an agent as an issuer',
    request: async (cluster) => login('/v1/trust-domain/login', await cluster.mint()),
    expected: { status: 403, code: 'login_refused', refusals: ['namespace_not_allowed'] },
  },
  claims('maps one pod', issuer, ONE, {
    status: 200,
    body: {
      results: [
        {
          id: 'w1',
          spiffeId: 'spiffe://example.org/blue/ns/default/sa/web',
          policy: { source: 'policy' },
          jwt: { ttlSeconds: 43_200, claims: { namespace: 'default', owner: 'ReplicaSet:web-1' } },
          x509: { ttlSeconds: 86_400, subject: 'O=Acme Corp,CN=web', dnsNames: [] },
        },
      ],
      configuration: { SVIDIssuancePolicy: { stale: false }, TrustDomain: { stale: false } },
    },
  }),
  claims(
    'maps with what the agent proves',
    { ...issuer, agentNode: 'node-1' },
    [{ id: 'w1', pod: pod('production') }],
    {
      status: 200,
      body: {
        results: [
          {
            spiffeId: 'spiffe://example.org/blue/prod/web/node-1',
            policy: { source: 'override', index: 0 },
            jwt: { claims: {} },
          },
        ],
      },
    },
  ),
  claims(
    'refuses one workload and maps the next',
    issuer,
    [
      { id: 'escaping', pod: pod('escaping') },
      { id: 'unknown', attributes: { 'k8s_token.node.name': 'node-1' } },
      { id: 'hostile', pod: pod('default', 'x,O=admin') },
    ],
    {
      status: 200,
      body: {
        results: [
          { id: 'escaping', error: { code: 'path_outside_cluster', surface: 'pathTemplate' } },
          { id: 'unknown', error: { code: 'attribute_origin_forbidden', attribute: 'k8s_token.node.name' } },
          { id: 'hostile', x509: { subject: 'O=Acme Corp,CN=x\\,O=admin' } },
        ],
      },
    },
  ),
  claims('refuses a workload of another node', { ...issuer, agentNode: 'node-2' }, ONE, {
    status: 200,
    body: { results: [{ error: { code: 'node_mismatch' } }] },
  }),
  {
    name: 'lists the clusters of an issuer alone',
    async request(cluster, ask) {
      const session = await asIssuer(cluster, ask)
      return { path: '/v1/status?limit=50', init: { headers: { Authorization: `Bearer ${session}` } } }
    },
    expected: { status: 200, body: { clusters: [{ clusterId: CLUSTER }, { clusterId: UNLISTED }] } },
  },
  claims('refuses to map without a session', { bearer: 'none' }, ONE, { status: 401, code: 'session_missing' }),
  claims('refuses to map for an agent', { bearer: 'agent' }, ONE, { status: 403, code: 'session_role_forbidden' }),
  claims('restricts an issuer to its clusters', { ...issuer, clusterId: 'seed' }, ONE, {
    status: 403,
    code: 'session_cluster_forbidden',
  }),
  claims('refuses to map a cluster that is not listed', { ...issuer, clusterId: UNLISTED }, ONE, {
    status: 403,
    code: 'cluster_unlisted',
  }),
  {
    name: 'admits the agents of a cluster that is not listed',
    request: async (cluster) => login(`/v1/clusters/${UNLISTED}/login`, await cluster.mint()),
    expected: { status: 200 },
  },
  claims(
    'reports a cluster as unknown that the issuer may map but has no documents',
    { ...issuer, clusterId: 'nowhere' },
    ONE,
    {
      status: 404,
      code: 'cluster_unknown',
    },
  ),
  {
    name: 'shows an issuer the status of its cluster',
    request: async (cluster, ask) => ({
      path: `/v1/clusters/${CLUSTER}/status`,
      init: { headers: { Authorization: `Bearer ${await asIssuer(cluster, ask)}` } },
    }),
    expected: { status: 200, body: { clusterId: CLUSTER, health: 'HEALTHY' } },
  },
]
