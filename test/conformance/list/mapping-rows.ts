// Mapping: what each workload, each document and each batch is answered.
import { CLAIMS_WORKLOADS_MAX, OVERRIDES_MAX } from '../../../src/core/limits.ts'
import { type At, post, type Row, type Sections } from './row.ts'
import { agentSession, agents, issuerSession, SERVERS } from './session-rows.ts'

const WEB = { 'kubernetes.pod.namespace': 'default', 'kubernetes.pod.service_account': 'web' }
const LABEL = 'kubernetes.pod.label[app]'
const NODE = 'kubernetes.pod.node.name'
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'default', uid: '316ea285-b878-4d20-a9fe-2e1c79b0f083' },
  spec: { nodeName: 'node-1', serviceAccountName: 'web', containers: [{ name: 'app', image: 'web:1' }] },
}

interface Options {
  /** Sections of the cluster besides the policy of its agents. */
  readonly sections?: Sections
  readonly workloads?: readonly object[]
  readonly agent?: boolean
  readonly account?: string
  readonly more?: object
}
function row(name: string, told: string, options: Options = {}): Row {
  const { sections = {}, workloads = [{ id: 'w', attributes: WEB }], agent = false, account, more = {} } = options
  return {
    name: `mapping ${name}`,
    told,
    sections: (world) => agents(world, sections),
    async send(at: At) {
      const agentOf = agent ? { agentSession: await agentSession(at) } : {}
      return post(`/v1/clusters/${at.id}/claims`, { workloads, ...agentOf, ...more }, await issuerSession(at, account))
    },
  }
}
const one = (attributes: object): readonly object[] => [{ id: 'w', attributes: { ...WEB, ...attributes } }]
const path = (pathTemplate: string): Sections => ({ SVIDIssuancePolicy: { policy: { pathTemplate } } })
const subject = (text: string): Sections => ({ SVIDIssuancePolicy: { policy: { x509: { subject: text } } } })
const claim = (text: string): Sections => ({
  SVIDIssuancePolicy: { policy: { jwt: { additionalClaims: { a: text } } } },
})
const many = (more: object): readonly object[] =>
  Array.from({ length: CLAIMS_WORKLOADS_MAX }, (_, index) => ({ id: `w${index}`, attributes: { ...WEB, ...more } }))

export const MAPPING_ROWS: readonly Row[] = [
  row('a workload', '200 ok'),
  row('a pod', '200 ok', { workloads: [{ id: 'w', pod: POD }] }),
  row('a container that the pod has not', '200 container_unknown', {
    workloads: [{ id: 'w', pod: POD, container: 'none' }],
  }),
  row('a pod that is none', '200 request_malformed', { workloads: [{ id: 'w', pod: { metadata: {} } }] }),
  row('nothing', '400 request_malformed', { workloads: [] }),
  row('with an unknown field', '400 request_malformed', { more: { mroe: 1 } }),
  row('by a session of an agent that is none', '401 session_malformed', { more: { agentSession: 'x' } }),
  row('by an issuer that may only read', '403 session_cluster_forbidden', { account: SERVERS.narrow }),

  row('without an attribute', '200 attribute_missing', {
    workloads: [{ id: 'w', attributes: { 'kubernetes.pod.namespace': 'default' } }],
  }),
  row('an attribute that does not exist', '200 attribute_unknown', { workloads: one({ 'kubernetes.pod.nmae': 'x' }) }),
  row('an attribute of agents', '200 attribute_origin_forbidden', { workloads: one({ 'k8s_token.node.name': 'n' }) }),
  row('an attribute in two spellings', '200 attribute_duplicate', {
    workloads: one({ [LABEL]: 'a', 'kubernetes.pod.label.app': 'b' }),
  }),
  row('a value that no path can have', '200 attribute_invalid', {
    sections: path(`/{{${LABEL}}}`),
    workloads: one({ [LABEL]: 'a/b' }),
  }),
  row('a value that is too long', '200 value_too_long', { workloads: one({ [LABEL]: 'x'.repeat(17_000) }) }),
  row('what the cluster has not enabled', '200 attribute_not_enabled', {
    sections: claim('{{kubernetes.container.name}}'),
  }),
  row('for a server that is too old', '200 version_required', {
    sections: { ...claim('{{kubernetes.pod.namespace}}'), Cluster: { serverVersion: '0.27.9' } },
  }),
  row('to a country that is none', '200 subject_invalid', {
    sections: subject(`C={{${LABEL}}}`),
    workloads: one({ [LABEL]: 'D' }),
  }),
  row('to a path that leads up', '200 spiffe_id_invalid', {
    sections: {
      ...path('/x/{{jwt.claim.a}}{{jwt.claim.b}}'),
      WorkloadAttestation: { jwt: { enabled: true, allowedIssuers: [{ issuer: 'https://issuer.example' }] } },
    },
    workloads: one({ 'jwt.claim.a': '.', 'jwt.claim.b': '.' }),
  }),
  row('to a name that is none', '200 dns_name_invalid', {
    sections: { SVIDIssuancePolicy: { policy: { x509: { dnsNames: [`{{${LABEL}}}.example.org`] } } } },
    workloads: one({ [LABEL]: '-x' }),
  }),
  row('into a path of the gateway', '200 path_reserved', {
    sections: path('/{{kubernetes.pod.namespace}}/x'),
    workloads: one({ 'kubernetes.pod.namespace': 'spire' }),
  }),
  row('by a condition that cannot be told', '200 condition_fault', {
    sections: {
      SVIDIssuancePolicy: {
        policy: {},
        policyOverrides: [{ condition: `${'kubernetes.pod.label["app"]'} == "x"`, policy: { pathTemplate: '/x' } }],
      },
    },
  }),
  row('a revoked workload', '200 workload_revoked', {
    sections: {
      Revocations: {
        entries: [
          { serviceAccount: { namespace: 'default', name: 'web' }, until: '9999-01-01T00:00:00Z', reason: 'test' },
        ],
      },
    },
  }),
  row('on the node of the agent', '200 ok', {
    agent: true,
    workloads: one({ [NODE]: 'ip-10-0-1-1.ec2.internal' }),
  }),
  row('on another node', '200 node_mismatch', { agent: true, workloads: one({ [NODE]: 'node-2' }) }),
  row('on no node', '200 node_missing', { agent: true }),
  {
    ...row('what the agent says as well', '200 attribute_conflict'),
    async send(at) {
      const attributes = [
        { origin: 'k8s_token', name: 'k8s_token.node.name', value: 'node-1' },
        { origin: 'extension', name: 'custom.team', value: 'blue' },
      ]
      const agentOf = await at.world.resign(await agentSession(at), { attributes })
      const workloads = one({ [NODE]: 'node-1', 'custom.team': 'red' })
      return post(`/v1/clusters/${at.id}/claims`, { workloads, agentSession: agentOf }, await issuerSession(at))
    },
  },
  row('without the agent that the cluster requires', '422 agent_session_required', {
    sections: { Cluster: { requireAgentSession: true } },
  }),
  {
    ...row('for an agent of no node, where one is required', '422 node_required', {
      sections: { Cluster: { requireNode: true } },
    }),
    async send(at) {
      const bound = {
        namespace: 'spirl-system',
        pod: { name: 'spirl-agent-jv9gn', uid: 'p' },
        serviceaccount: { name: 'spirl-agent', uid: 's' },
      }
      const workloads = [{ id: 'w', attributes: WEB }]
      const agentOf = await agentSession(at, { 'kubernetes.io': bound })
      return post(`/v1/clusters/${at.id}/claims`, { workloads, agentSession: agentOf }, await issuerSession(at))
    },
  },
  row('to a path that neither the policy nor the platform has', '200 path_template_missing', {
    sections: { Cluster: { platform: 'serverless' } },
  }),
  row('a thousand workloads of long claims', '200 ok answer_too_large', {
    sections: {
      SVIDIssuancePolicy: {
        policy: { jwt: { additionalClaims: Object.fromEntries('abcdefg'.split('').map((n) => [n, `{{${LABEL}}}`])) } },
      },
    },
    workloads: many({ [LABEL]: 'x'.repeat(8000) }),
  }),
  row('a thousand workloads by a thousand conditions', '200 ok condition_fault mapping_too_costly', {
    sections: {
      SVIDIssuancePolicy: {
        policyOverrides: Array.from({ length: OVERRIDES_MAX }, () => ({ condition: 'false', policy: {} })),
      },
    },
    workloads: many({}),
  }),
]
