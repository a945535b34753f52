// Tokens of service accounts: what each form, each time and each pin is answered.
import { TOKEN_MAX_BYTES } from '../../../src/core/limits.ts'
import { createSigningKey, type MintChange, type TestIssuer } from '../../token/issuer.ts'
import type { Counterparts } from './counterparts.ts'
import { evidence, login, policy, type Row } from './row.ts'

const BOUND = {
  namespace: 'spirl-system',
  node: { name: 'node-1', uid: 'n' },
  pod: { name: 'spirl-agent-jv9gn', uid: 'p' },
  serviceaccount: { name: 'spirl-agent', uid: 's' },
}
const now = (): number => Math.floor(Date.now() / 1000)

interface Options {
  readonly change?: () => MintChange | Promise<MintChange>
  readonly edit?: (token: string) => string
  readonly config?: object
  readonly more?: object
  readonly sections?: object
  readonly issuer?: (world: Counterparts) => TestIssuer
  readonly attestors?: readonly object[]
  readonly sent?: readonly object[]
}

function row(name: string, told: string, options: Options = {}): Row {
  const {
    change = () => ({}),
    edit = (token) => token,
    config = {},
    more,
    sections = {},
    attestors = [],
    sent = [],
  } = options
  const { issuer = (world: Counterparts) => world.issuer } = options
  return {
    name: `a service account: ${name}`,
    told,
    sections: (world) => ({
      ...policy([{ type: 'k8s_token', config: { issuerURL: issuer(world).issuer, ...config } }, ...attestors], more),
      ...sections,
    }),
    send: async (at) => login(at, evidence('k8s_token', edit(await issuer(at.world).mint(await change()))), ...sent),
  }
}
const claims = (changed: object) => () => ({ claims: changed as Record<string, unknown> })
const header = (changed: object) => () => ({ header: changed as Record<string, unknown> })
const malformed = (name: string, code: string, change: Options['change']): Row =>
  row(name, `401 login_refused ${code}`, change === undefined ? {} : { change })
const pin = (name: string, code: string, config: object, change?: Options['change']): Row =>
  row(name, `403 login_refused ${code}`, { config, ...(change === undefined ? {} : { change }) })

const UNTIL = { until: '9999-01-01T00:00:00Z', reason: 'test' }
const LONG_AUDIENCE = 'a'.repeat(9000)

export const TOKEN_ROWS: readonly Row[] = [
  row('as its cluster makes it', '200'),
  malformed('no audience', 'claim_missing', claims({ aud: undefined })),
  malformed('an empty audience', 'claim_malformed', claims({ aud: [''] })),
  malformed(
    'a secret of the older kind',
    'token_legacy',
    claims({ exp: undefined, 'kubernetes.io': undefined, 'kubernetes.io/serviceaccount/namespace': 'spirl-system' }),
  ),
  malformed('extended for the API server', 'token_extended', claims({ 'kubernetes.io': { ...BOUND, warnafter: 1 } })),
  malformed(
    'a subject of another namespace',
    'subject_mismatch',
    claims({ sub: 'system:serviceaccount:kube-system:x' }),
  ),
  malformed('an access token', 'token_type_forbidden', header({ typ: 'at+jwt' })),
  malformed('a key set by URL', 'token_header_forbidden', header({ jku: 'https://example.org/' })),
  malformed('too long', 'token_too_large', claims({ pad: 'x'.repeat(TOKEN_MAX_BYTES) })),
  malformed('of another issuer', 'issuer_mismatch', claims({ iss: 'https://elsewhere.example' })),
  malformed('for another audience', 'audience_mismatch', claims({ aud: ['x'] })),
  malformed('expired', 'token_expired', () => ({ nowSeconds: now() - 7200 })),
  malformed('of tomorrow', 'token_not_yet_valid', () => ({ claims: { nbf: now() + 600 } })),
  malformed('issued in the future', 'token_issued_in_future', () => ({ claims: { iat: now() + 600, nbf: undefined } })),
  malformed('by a key that nobody publishes', 'signing_key_unknown', header({ kid: 'nobodys' })),
  malformed('by somebody else', 'signature_invalid', async () => ({ key: await createSigningKey('key-1', 'RS256') })),
  row('padded', '401 login_refused token_malformed', { edit: (token) => `${token}=` }),
  row('unsigned', '401 login_refused algorithm_forbidden', {
    edit: (token) => `${Buffer.from('{"alg":"none","kid":"key-1"}').toString('base64url')}.${token.split('.')[1]}.`,
  }),
  row('by one of two keys, and it says not which', '401 login_refused signing_key_ambiguous', {
    issuer: (world) => world.twoKeys,
    change: header({ kid: undefined }),
  }),
  row('by a key of exponent 3', '401 login_refused signing_key_unusable', { issuer: (world) => world.weak }),
  row('of an issuer that is down', '503 signing_key_unavailable signing_key_fetch_failed', {
    issuer: (world) => world.down,
  }),
  pin('valid for longer than allowed', 'token_lifetime_excessive', { maxTokenLifetime: '30m' }),
  pin('of another namespace', 'namespace_not_allowed', { serviceAccountNamespace: 'hidden' }),
  pin('of another account', 'service_account_not_allowed', { serviceAccountName: 'hidden' }),
  pin('of another node', 'node_not_allowed', { allowedNodes: ['hidden-*'] }),
  pin(
    'of no pod',
    'pod_required',
    { requireBoundPod: true },
    claims({ 'kubernetes.io': { ...BOUND, pod: undefined } }),
  ),
  row('for a condition that does not hold', '403 login_refused condition_failed', {
    more: { conditions: [{ expression: 'k8s_token.namespace == "hidden"', message: 'no' }] },
  }),
  row('for a condition on a node, without one', '403 login_refused condition_fault', {
    more: { conditions: [{ expression: 'k8s_token.node.name == "hidden"', message: 'no' }] },
    change: claims({ 'kubernetes.io': { ...BOUND, node: undefined } }),
  }),
  row('where another attestor is required as well', '403 login_refused attestor_missing', {
    attestors: [{ type: 'github', config: { repositoryIDs: ['1'] } }],
  }),
  row('beside evidence of a kind that is not built', '403 login_refused attestor_missing attestor_unsupported', {
    attestors: [{ type: 'tpm_devid' }],
    sent: [{ type: 'tpm_devid', evidence: {} }],
  }),
  row('expired, beside evidence that nobody asks for', '401 login_refused token_expired evidence_not_required', {
    change: () => ({ nowSeconds: now() - 7200 }),
    sent: [{ type: 'tpm_devid', evidence: {} }],
  }),
  row('of a revoked account', '403 login_refused evidence_revoked', {
    sections: {
      Revocations: { entries: [{ serviceAccount: { namespace: 'spirl-system', name: 'spirl-agent' }, ...UNTIL }] },
    },
  }),
  row('of a locked cluster', '403 cluster_locked', {
    sections: { Revocations: { lock: UNTIL } },
  }),
  row('whose audience no session can keep', '403 session_too_large', {
    config: { audiences: [LONG_AUDIENCE] },
    change: claims({ aud: [LONG_AUDIENCE] }),
  }),
  {
    name: 'a service account: used a second time',
    told: '403 login_refused evidence_replayed',
    sections: (world) =>
      policy([{ type: 'k8s_token', config: { issuerURL: world.issuer.issuer } }], { singleUse: true }),
    async send(at) {
      const sent = login(at, evidence('k8s_token', await at.world.issuer.mint({ claims: { jti: at.url } })))
      await at.ask(sent)
      return sent
    },
  },
  {
    name: 'a document that does not compile',
    told: '503 configuration_invalid',
    sections: () => ({ AgentAttestation: 1 }),
    send: async (at) => login(at, evidence('k8s_token', await at.world.issuer.mint())),
  },
]
