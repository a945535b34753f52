// What each fault is answered. Faults are made from outside: settings, files of the store, a store of used evidence that is
// down, a standard output that is full, a signal. Each process has the rows that only it can show.
import { DOCUMENT } from '../../attest/aws-iid/aws-region.ts'
import { AUDIENCE } from '../../attest/oidc/world.ts'
import { OPENSSL } from '../../installed.ts'
import { section } from './documents.ts'
import { evidence, login, policy, post, type Row } from './row.ts'
import { agents, issuerSession } from './session-rows.ts'

const NO_STORE_FAULT = 'Workers KV has no file that could be made unreadable'
const NO_REPLAY_FAULT = 'a Durable Object cannot be taken away from a Worker that runs'
const WITHOUT_WORKERD = (why: string): Row['except'] => ({ hosts: ['workerd'], why })

const aws = (told: string, name: string, except?: Row['except']): Row => ({
  name,
  told,
  isSkipped: !OPENSSL,
  ...(except === undefined ? {} : { except }),
  sections: () => policy([{ type: 'aws_iid', config: { allowedAccountIDs: ['123456789012'] } }]),
  send: async (at) => login(at, { type: 'aws_iid', evidence: { pkcs7: at.world.aws.sign(DOCUMENT, 'eu-west-1') } }),
})

/** Without `SEAL_KEYS`, with a list of clusters that others may go beside, and certificates that do not compile. */
export const UNSEALED_ROWS: readonly Row[] = [
  {
    name: 'a challenge without keys to seal it',
    told: '503 challenge_unavailable',
    sections: () => policy([{ type: 'azure_imds' }]),
    send: async (at) => post(`/v1/clusters/${at.id}/challenge`, { type: 'azure_imds' }),
  },
  {
    name: 'mapping of a cluster that took the name of another',
    told: '403 cluster_name_taken',
    sections: (world) => agents(world, { Cluster: { name: 'prod' } }),
    send: async (at) =>
      post(
        `/v1/clusters/${at.id}/claims`,
        { workloads: [{ id: 'w', attributes: { 'kubernetes.pod.namespace': 'x' } }] },
        await issuerSession(at),
      ),
  },
  aws(
    '503 configuration_invalid section_invalid',
    'an instance of EC2, while the certificates of regions do not compile',
  ),
  {
    name: 'a client whose requests have verified nothing for too long',
    told: '429 rate_limited',
    async send(at) {
      const nothing = post(`/v1/clusters/${at.id}/login`, {})
      for (let times = 0; times < ANONYMOUS_PER_MINUTE; times++) await at.ask(nothing)
      return nothing
    },
  },
]
/** Of the same process; its last row uses it up. */
export const ANONYMOUS_PER_MINUTE = 20

export const UNSEALED_DOCUMENTS: Readonly<Record<string, string>> = {
  'trust-domain/TrustDomain': section('TrustDomain', {
    unlisted: 'warn',
    clusters: { 'c-9': { name: 'prod', pathPrefixes: ['/prod'] } },
  }),
  'trust-domain/AWSCertificates': section('AWSCertificates', { certificates: 1 }),
}

/** With a replay store that is down; `UNREADABLE` are directories where files belong. */
export const UNREACHABLE_ROWS: readonly Row[] = [
  {
    name: 'a login that works once, while the store of used evidence is down',
    told: '503 replay_unavailable replay_unanswered',
    except: { hosts: ['workerd'], why: NO_REPLAY_FAULT },
    sections: (world) =>
      policy([{ type: 'k8s_token', config: { issuerURL: world.issuer.issuer } }], { singleUse: true }),
    send: async (at) => login(at, evidence('k8s_token', await at.world.issuer.mint())),
  },
  {
    name: 'a login to a cluster whose document cannot be read',
    told: '503 store_unavailable',
    except: { hosts: ['workerd'], why: NO_STORE_FAULT },
    send: async () => post('/v1/clusters/unreadable/login', { attestations: [evidence('custom_jwt', `${AUDIENCE}`)] }),
  },
  aws(
    '503 store_unavailable section_unavailable',
    'an instance of EC2, while the certificates of regions cannot be read',
    WITHOUT_WORKERD(NO_STORE_FAULT),
  ),
]
export const UNREADABLE = ['clusters/unreadable/AgentAttestation.yaml', 'trust-domain/AWSCertificates.yaml'] as const

/** With the scenarios of scenarios.ts, which have no certificates of regions. */
export const LISTED_ROWS: readonly Row[] = [
  aws('401 login_refused section_missing', 'an instance of EC2, while nobody has stored the certificates of regions'),
]

/** With a full standard output. */
export const MUTE_ROWS: readonly Row[] = [
  {
    name: 'a login that cannot be recorded',
    told: '503 audit_unavailable',
    except: { hosts: ['workerd'], why: 'the log of a Worker takes every line' },
    sections: agents,
    send: async (at) => login(at, evidence('k8s_token', await at.world.issuer.mint())),
  },
]
