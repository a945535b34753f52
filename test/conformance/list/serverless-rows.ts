// Identities of workloads without an agent, of a cluster and of the trust domain.
import { SSH_KEYGEN } from '../../installed.ts'
import { type At, evidence, post, type Row, type Sections } from './row.ts'
import { issuerSession, SERVERS } from './session-rows.ts'

const TOKEN = (world: At['world'], config: object = {}): object => ({
  type: 'k8s_token',
  config: { issuerURL: world.issuer.issuer, ...config },
})
const sections = (world: At['world'], policy: object = {}, more: Sections = {}): Sections => ({
  ServerlessAttestation: {
    policies: [
      {
        name: 'functions',
        requiredAttestors: [TOKEN(world)],
        svidPolicy: { pathTemplate: '/fn/{{cluster.name}}/{{k8s_token.service_account.name}}' },
        ...policy,
      },
    ],
  },
  ...more,
})

interface Options {
  readonly policy?: (world: At['world']) => object
  readonly more?: Sections
  readonly claims?: Readonly<Record<string, unknown>>
  readonly account?: string
  readonly isAnonymous?: boolean
  readonly ofTrustDomain?: boolean
}
function row(name: string, told: string, options: Options = {}): Row {
  const { policy, more, claims = {}, account, isAnonymous = false, ofTrustDomain = false } = options
  return {
    name: `the identity of a workload without an agent: ${name}`,
    told,
    sections: (world) => sections(world, policy?.(world), more),
    async send(at) {
      const attestations = [evidence('k8s_token', await at.world.issuer.mint({ claims }))]
      const path = ofTrustDomain ? '/v1/trust-domain' : `/v1/clusters/${at.id}`
      return post(`${path}/serverless`, { attestations }, isAnonymous ? undefined : await issuerSession(at, account))
    },
  }
}
const path = (pathTemplate: string) => (): object => ({ svidPolicy: { pathTemplate } })

export const SERVERLESS_ROWS: readonly Row[] = [
  row('by its evidence', '200'),
  row('of the trust domain', '200', { ofTrustDomain: true }),
  row('of the trust domain, for an issuer of some clusters', '403 session_cluster_forbidden', {
    ofTrustDomain: true,
    account: SERVERS.narrow,
  }),
  row('asked by nobody', '401 session_missing', { isAnonymous: true }),
  row('asked by an issuer of other clusters', '403 session_cluster_forbidden', { account: SERVERS.narrow }),
  row('by evidence that does not verify', '403 login_refused audience_mismatch', { claims: { aud: ['x'] } }),
  row('by evidence that a pin refuses', '403 login_refused service_account_not_allowed', {
    policy: (world) => ({ requiredAttestors: [TOKEN(world, { serviceAccountName: 'other' })] }),
  }),
  row('where there is no policy', '403 login_refused', { more: { ServerlessAttestation: { policies: [] } } }),
  row('that is reserved', '422 path_reserved', {
    policy: path('/{{k8s_token.namespace}}/x'),
    claims: {
      sub: 'system:serviceaccount:spire:spirl-agent',
      'kubernetes.io': { namespace: 'spire', serviceaccount: { name: 'spirl-agent', uid: 's' } },
    },
  }),
  row('of what no attestor proves', '422 attribute_not_enabled', { policy: path('/{{aws_iid.account.id}}') }),
  row('where an agent is required', '422 agent_session_required', { more: { Cluster: { requireAgentSession: true } } }),
  {
    name: 'a challenge for the identity of a workload without an agent, used at a login',
    told: '401 login_refused challenge_mismatch',
    isSkipped: !SSH_KEYGEN,
    sections: (world) => {
      const requiredAttestors = [
        { type: 'ssh_pop', config: { certAuthorities: [world.ssh.key('ca')], canonicalDomain: 'example.org' } },
      ]
      const { ServerlessAttestation } = sections(world, { requiredAttestors, svidPolicy: { pathTemplate: '/x' } })
      return {
        ServerlessAttestation,
        AgentAttestation: { policies: [{ name: 'p', requiredAttestors }] },
      }
    },
    async send(at) {
      const asked = post(`/v1/clusters/${at.id}/challenge`, { type: 'ssh_pop', role: 'serverless' })
      const { challenge = '' } = await at.ask(asked)
      const message = ['postern-login/1', at.url, 'serverless', at.id, challenge].join('\n')
      const attestations = [
        { type: 'ssh_pop', evidence: { signature: at.world.ssh.sign('host-cert.pub', message) }, challenge },
      ]
      return post(`/v1/clusters/${at.id}/login`, { attestations })
    },
  },
]
