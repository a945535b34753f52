// HTTP scenarios that every host must answer identically. None of them depends on the host.
import type { StandInCluster, TokenRequest } from '../../dev/stand-in-cluster.ts'
import { MAPPING_SCENARIOS, mappingDocuments } from './mapping-scenarios.ts'
import type { Expected, Scenario } from './scenario.ts'

/** The documents of the scenarios, by key. */
export function documents(issuer: string): Readonly<Record<string, string>> {
  return {
    // As the product's own documentation has it, but for the issuer.
    'clusters/seed/AgentAttestation': policies(issuer),
    'clusters/pinned/AgentAttestation': policies(issuer, [
      'serviceAccountNamespace: spirl-system',
      'serviceAccountName: spirl-agent',
    ]),
    'clusters/nodes/AgentAttestation': policies(issuer, ['allowedNodes: ["node-*"]']),
    'clusters/conditions/AgentAttestation': `${policies(issuer)}${CONDITIONS}`,
    'clusters/slash/AgentAttestation': policies(`${issuer}/`),
    'clusters/redirecting/AgentAttestation': policies(`${issuer}/redirecting`),
    'clusters/closed/AgentAttestation': 'section: AgentAttestation\nschema: v1\nspec:\n  policies: []\n',
    'clusters/broken/AgentAttestation': policies(issuer, ['isuerURL: typo']),
    ...mappingDocuments(issuer, policies(issuer)),
  }
}

/** Conditions of one policy: a pattern, a guard, and the size of a string. */
const CONDITIONS = `      conditions:
        - expression: k8s_token.namespace.matches("^spirl-[a-z]+$") && has(k8s_token.node.name)
          message: agents run in the spirl namespaces
        - expression: k8s_token.node.name == "node-1" || k8s_token.pod.name.size() > 100
`

function policies(issuer: string, extra: readonly string[] = []): string {
  const config = [`issuerURL: ${issuer}`, ...extra].map((line) => `            ${line}\n`).join('')
  return `section: AgentAttestation
schema: v1
spec:
  policies:
    - name: k8s_policy
      requiredAttestors:
        - type: k8s_token
          config:
${config}`
}

function post(path: string, body: string, type = 'application/json'): { path: string; init: RequestInit } {
  return { path, init: { method: 'POST', headers: { 'Content-Type': type }, body } }
}

function loginBody(token: string): string {
  return JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] })
}

function login(name: string, clusterId: string, token: TokenRequest, expected: Expected): Scenario {
  const request = async (cluster: StandInCluster) =>
    post(`/v1/clusters/${clusterId}/login`, loginBody(await cluster.mint(token)))
  return { name, request, expected }
}

function sent(name: string, clusterId: string, body: string, expected: Expected, type?: string): Scenario {
  return { name, request: async () => post(`/v1/clusters/${clusterId}/login`, body, type), expected }
}

function read(name: string, path: string, expected: Expected): Scenario {
  return { name, request: async () => ({ path }), expected }
}

/** A good token with one part changed. */
function edited(name: string, edit: (parts: readonly string[]) => string, refusals: readonly string[]): Scenario {
  const request = async (cluster: StandInCluster) =>
    post('/v1/clusters/seed/login', loginBody(edit((await cluster.mint()).split('.'))))
  return { name, request, expected: { status: 401, code: 'login_refused', reason: 'nothing_verified', refusals } }
}

const encode = (value: unknown): string =>
  btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

export const SCENARIOS: readonly Scenario[] = [
  login(
    'admits with the document of the documentation',
    'seed',
    {},
    { status: 200, body: { policy: 'k8s_policy', clusterId: 'seed' } },
  ),
  // Before anything is refused: what is ready is kept for 2 s, so that a fast host would still say what held before.
  read('is ready', '/readyz', { status: 200, body: { status: 'ready' } }),
  login('admits the pinned service account', 'pinned', {}, { status: 200 }),
  login('admits on an allowed node', 'nodes', {}, { status: 200 }),
  login(
    'refuses another service account',
    'pinned',
    { serviceAccount: 'default' },
    { status: 403, code: 'login_refused', reason: 'no_policy_satisfied', refusals: ['service_account_not_allowed'] },
  ),
  login(
    'refuses another namespace',
    'pinned',
    { namespace: 'default' },
    { status: 403, code: 'login_refused', refusals: ['namespace_not_allowed'] },
  ),
  login(
    'refuses another node',
    'nodes',
    { node: 'other' },
    { status: 403, code: 'login_refused', refusals: ['node_not_allowed'] },
  ),
  login(
    'refuses an expired token',
    'seed',
    { ageSeconds: 4200 },
    { status: 401, code: 'login_refused', reason: 'nothing_verified', refusals: ['token_expired'] },
  ),
  login(
    'refuses a token of tomorrow',
    'seed',
    { ageSeconds: -86_400 },
    { status: 401, refusals: ['token_not_yet_valid'] },
  ),
  login(
    'refuses another audience',
    'seed',
    { audience: 'https://kubernetes.default.svc' },
    { status: 401, refusals: ['audience_mismatch'] },
  ),
  login(
    'refuses a token of a week',
    'seed',
    { lifetimeSeconds: 604_800 },
    { status: 403, refusals: ['token_lifetime_excessive'] },
  ),
  login('compares issuers to the last slash', 'slash', {}, { status: 401, refusals: ['issuer_mismatch'] }),
  login(
    'does not follow a redirect of the issuer',
    'redirecting',
    { issuer: 'redirecting' },
    { status: 503, code: 'signing_key_unavailable', refusals: ['signing_key_fetch_failed'] },
  ),
  login(
    'refuses every login with an empty list of policies',
    'closed',
    {},
    { status: 403, code: 'login_refused', reason: 'no_policy', refusals: [] },
  ),
  login(
    'refuses logins while the document has never compiled',
    'broken',
    {},
    { status: 503, code: 'configuration_invalid' },
  ),
  login('does not know a cluster without documents', 'nowhere', {}, { status: 404, code: 'cluster_unknown' }),
  login(
    'answers a malformed cluster id like an unknown cluster',
    '..%2Fseed',
    {},
    { status: 404, code: 'cluster_unknown' },
  ),
  login('admits by conditions', 'conditions', {}, { status: 200 }),
  login(
    'refuses by a condition with its message',
    'conditions',
    { namespace: 'default' },
    {
      status: 403,
      refusals: ['condition_failed'],
      body: { refusals: [{ detail: 'agents run in the spirl namespaces' }] },
    },
  ),
  login(
    'refuses by a condition without a message',
    'conditions',
    { node: 'node-2' },
    { status: 403, refusals: ['condition_failed'] },
  ),
  edited('refuses an unsigned token', ([, claims]) => `${encode({ alg: 'none' })}.${claims}.`, ['algorithm_forbidden']),
  edited('refuses HS256', ([, claims, signature]) => `${encode({ alg: 'HS256' })}.${claims}.${signature}`, [
    'algorithm_forbidden',
  ]),
  edited('refuses a token without a signature', ([header, claims]) => `${header}.${claims}`, ['token_malformed']),
  edited('refuses a padded signature', ([header, claims, signature]) => `${header}.${claims}.${signature}==`, [
    'token_malformed',
  ]),
  edited(
    'refuses an edited signature',
    ([header, claims, signature = '']) =>
      `${header}.${claims}.${signature.slice(0, 10)}${signature[10] === 'A' ? 'B' : 'A'}${signature.slice(11)}`,
    ['signature_invalid'],
  ),
  edited(
    'blames the token for a signature of no length that its key makes',
    ([header, claims, signature = '']) => `${header}.${claims}.${signature.slice(0, 8)}`,
    ['signature_invalid'],
  ),
  edited(
    'refuses another kid',
    ([, claims, signature]) => `${encode({ alg: 'RS256', kid: 'other' })}.${claims}.${signature}`,
    ['signing_key_unknown'],
  ),
  edited(
    'refuses a key of the sender',
    ([, claims, signature]) => `${encode({ alg: 'RS256', jwk: {} })}.${claims}.${signature}`,
    ['token_header_forbidden'],
  ),
  sent('refuses what is not JSON', 'seed', '{', { status: 400, code: 'request_malformed' }),
  sent('refuses duplicate members', 'seed', '{"attestations":[],"attestations":[]}', {
    status: 400,
    code: 'request_malformed',
  }),
  sent(
    'refuses unknown fields',
    'seed',
    JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: 'x' }, more: 1 }] }),
    { status: 400, body: { where: 'attestations[0].more' } },
  ),
  sent('refuses another content type', 'seed', '{}', { status: 415, code: 'content_type_unsupported' }, 'text/plain'),
  sent('refuses a body of a megabyte', 'seed', ' '.repeat(1_000_000), { status: 413, code: 'body_too_large' }),
  sent('refuses a token of 20 kB by its own code', 'seed', loginBody('x'.repeat(20_000)), {
    status: 401,
    refusals: ['token_too_large'],
  }),
  read('is alive', '/healthz', { status: 200, body: { status: 'ok' } }),
  read('publishes its keys', '/.well-known/jwks.json', { status: 200 }),
  read('says where its keys are', '/.well-known/openid-configuration', { status: 200 }),
  read('describes its interface', '/openapi.json', { status: 200 }),
  read('describes its documents', '/schemas/AgentAttestation.json', { status: 200 }),
  read('has no browser flow', '/authorize?response_type=id_token', {
    status: 400,
    code: 'authorization_unsupported',
  }),
  read('knows its routes', '/nothing', { status: 404, code: 'route_unknown' }),
  read('knows its methods', '/v1/clusters/seed/login', { status: 405, code: 'method_not_allowed' }),
  ...MAPPING_SCENARIOS,
]
