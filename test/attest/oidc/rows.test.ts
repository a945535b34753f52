// Each row of a token: a sample shaped as its issuer makes it is admitted, and every single change of it is refused with a
// code of its own.
import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { CLAIM_VALUE_MAX_LENGTH, CLAIM_VALUES_MAX } from '../../../src/core/limits.ts'
import { createSigningKey, serviceAccountClaims } from '../../token/issuer.ts'
import { AUDIENCE, change, createOidcWorld, type IssuerAt, nowSeconds, type OidcWorld } from './world.ts'

const TENANT = '11111111-2222-3333-4444-555555555555'
const IDENTITY = '66666666-7777-8888-9999-aaaaaaaaaaaa'
const GITHUB = 'https://token.actions.githubusercontent.com'
const GOOGLE = 'https://accounts.google.com'
const AWS = 'https://0d1e2f3a-4b5c-6d7e-8f90-a1b2c3d4e5f6.tokens.sts.global.api.aws'
const AZURE_V1 = `https://sts.windows.net/${TENANT}/`
const AZURE_V2 = `https://login.microsoftonline.com/${TENANT}/v2.0`
const CLUSTER = 'https://oidc.eks.us-east-1.amazonaws.com/id/ABC'
const OWN = 'https://id.example.com'

const ISSUERS: readonly IssuerAt[] = [
  { issuer: GITHUB, jwksUri: `${GITHUB}/.well-known/jwks` },
  { issuer: GOOGLE, jwksUri: 'https://www.googleapis.com/oauth2/v3/certs' },
  { issuer: AWS, jwksUri: `${AWS}/.well-known/jwks.json`, alg: 'ES384' },
  { issuer: AZURE_V1, jwksUri: 'https://login.windows.net/common/discovery/keys' },
  { issuer: AZURE_V2, jwksUri: `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys` },
  { issuer: CLUSTER, jwksUri: `${CLUSTER}/keys` },
  { issuer: OWN, jwksUri: `${OWN}/keys` },
]

type Claims = Readonly<Record<string, unknown>>

interface Row {
  readonly type: string
  readonly config: object
  readonly claims: () => Claims
  /** Attributes that the sample proves, among others. */
  readonly proves: Readonly<Record<string, unknown>>
  /** A condition over it and `k8s_token` that holds for the samples. */
  readonly condition: string
  /** Changes of the claims, by path: the new value, and the code of the refusal; `admitted` for none. */
  readonly changes: readonly (readonly [what: string, path: readonly string[], value: unknown, code: string])[]
  /** Changes of the configuration, each of which no longer takes the sample. */
  readonly pins: readonly (readonly [what: string, change: object, code: string])[]
}

const times = (lifetime: number): Claims => ({ iat: nowSeconds(), exp: nowSeconds() + lifetime })
const STS = 'https://sts.amazonaws.com/'
const LONG = 'x'.repeat(CLAIM_VALUE_MAX_LENGTH + 1)

const ROWS: readonly Row[] = [
  {
    type: 'github',
    config: {
      repositoryIDs: ['74'],
      repositoryOwnerIDs: ['65'],
      repositories: ['octo-org/*'],
      environments: ['prod'],
      refs: ['refs/heads/main'],
      events: ['push'],
      jobWorkflowRefs: ['octo-org/octo-repo/.github/workflows/*@refs/heads/main'],
      runnerEnvironments: ['github-hosted'],
    },
    claims: () => ({
      jti: 'example-id',
      sub: 'repo:octo-org@65/octo-repo@74:environment:prod',
      environment: 'prod',
      aud: AUDIENCE,
      ref: 'refs/heads/main',
      sha: 'e0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3',
      repository: 'octo-org/octo-repo',
      repository_owner: 'octo-org',
      actor_id: '12',
      repository_visibility: 'private',
      repository_id: '74',
      repository_owner_id: '65',
      run_id: '1',
      run_number: '10',
      run_attempt: '2',
      runner_environment: 'github-hosted',
      actor: 'octocat',
      workflow: 'example-workflow',
      head_ref: '',
      base_ref: '',
      event_name: 'push',
      ref_type: 'branch',
      job_workflow_ref: 'octo-org/octo-repo/.github/workflows/oidc.yml@refs/heads/main',
      iss: GITHUB,
      nbf: nowSeconds() - 600,
      ...times(300),
    }),
    proves: { 'github.repository_id': '74', 'github.environment': 'prod', 'github.event_name': 'push' },
    condition: 'github.repository_id == "74" && k8s_token.namespace == "spirl-system"',
    changes: [
      ['another repository of that name', ['repository_id'], '75', 'repository_id_not_allowed'],
      ['an id that is a number', ['repository_id'], 74, 'claim_malformed'],
      ['an id with a letter', ['repository_id'], '74a', 'claim_malformed'],
      ['no repository id', ['repository_id'], undefined, 'claim_missing'],
      ['another owner', ['repository_owner_id'], '66', 'repository_owner_not_allowed'],
      ['a repository that was renamed', ['repository'], 'other/octo-repo', 'repository_not_allowed'],
      ['another environment', ['environment'], 'dev', 'environment_not_allowed'],
      ['no environment', ['environment'], undefined, 'environment_not_allowed'],
      ['another ref', ['ref'], 'refs/heads/mainline', 'ref_not_allowed'],
      ['a tag of that name', ['ref'], 'refs/tags/main', 'ref_not_allowed'],
      ['a pull request of a fork', ['event_name'], 'pull_request_target', 'event_not_allowed'],
      [
        'another workflow',
        ['job_workflow_ref'],
        'evil/x/.github/workflows/a.yml@refs/heads/main',
        'workflow_not_allowed',
      ],
      ['a runner of somebody', ['runner_environment'], 'self-hosted', 'runner_not_allowed'],
      ['a ref that is no string', ['ref'], true, 'claim_malformed'],
      ['a control character', ['actor'], 'a\nb', 'claim_malformed'],
      ['too long a claim', ['workflow'], LONG, 'claim_malformed'],
      ['a claim as long as may be', ['workflow'], LONG.slice(1), 'admitted'],
      ['the older form of the subject', ['sub'], 'repo:octo-org/octo-repo:environment:prod', 'admitted'],
      ['an unknown claim', ['check_run_id'], '1', 'admitted'],
    ],
    pins: [
      ['another id', { repositoryIDs: ['7'] }, 'repository_id_not_allowed'],
      ['another issuer', { issuerURL: OWN }, 'issuer_mismatch'],
      ['another audience', { allowedAudiences: ['https://other.example'] }, 'audience_mismatch'],
    ],
  },
  {
    type: 'gcp_iit',
    config: {
      allowedProjectIDs: ['my-project-1'],
      allowedZones: ['europe-west1-b'],
      allowedRegions: ['europe-west1'],
      allowedServiceAccounts: ['agent@my-project-1.iam.gserviceaccount.com'],
    },
    claims: () => ({
      aud: AUDIENCE,
      azp: '107517467455664443765',
      email: 'agent@my-project-1.iam.gserviceaccount.com',
      email_verified: true,
      google: {
        compute_engine: {
          instance_creation_timestamp: 1_700_000_000,
          instance_id: '8087716956832600000',
          instance_name: 'agent-1',
          project_id: 'my-project-1',
          project_number: 123_456_789_012,
          zone: 'europe-west1-b',
        },
      },
      iss: GOOGLE,
      sub: '107517467455664443765',
      ...times(3600),
    }),
    proves: {
      'gcp_iit.project_id': 'my-project-1',
      'gcp_iit.project_number': '123456789012',
      'gcp_iit.instance_creation_timestamp': 1_700_000_000,
      'gcp_iit.service_account.email': 'agent@my-project-1.iam.gserviceaccount.com',
    },
    condition: 'gcp_iit.zone.startsWith("europe-") && k8s_token.namespace == "spirl-system"',
    changes: [
      ['another project', ['google', 'compute_engine', 'project_id'], 'my-project-2', 'project_not_allowed'],
      ['another zone', ['google', 'compute_engine', 'zone'], 'europe-west1-c', 'zone_not_allowed'],
      ['another account', ['email'], 'other@my-project-1.iam.gserviceaccount.com', 'service_account_not_allowed'],
      ['an address that is not verified', ['email_verified'], false, 'service_account_not_allowed'],
      ['an address verified by a string', ['email_verified'], 'true', 'claim_malformed'],
      ['format=standard', ['google'], undefined, 'compute_claims_missing'],
      ['no block', ['google', 'compute_engine'], undefined, 'compute_claims_missing'],
      ['a block that is no object', ['google', 'compute_engine'], 'x', 'claim_malformed'],
      ['an id that is a number', ['google', 'compute_engine', 'instance_id'], 8_087_716_956, 'claim_malformed'],
      [
        'a project number in a string',
        ['google', 'compute_engine', 'project_number'],
        '123456789012',
        'claim_malformed',
      ],
      ['no zone', ['google', 'compute_engine', 'zone'], undefined, 'claim_missing'],
      ['licences', ['google', 'compute_engine', 'license_id'], ['8045211386737108299'], 'admitted'],
      ['a licence that is a string', ['google', 'compute_engine', 'license_id'], '80', 'claim_malformed'],
      ['a Confidential VM', ['google', 'compute_engine', 'instance_confidentiality'], 1, 'admitted'],
    ],
    pins: [
      ['another region', { allowedZones: undefined, allowedRegions: ['europe-west'] }, 'region_not_allowed'],
      ['another audience', { allowedAudiences: ['https://postern.example.org/'] }, 'audience_mismatch'],
    ],
  },
  {
    type: 'aws_token',
    config: {
      issuerURLs: [AWS],
      allowedAccountIDs: ['123456789012'],
      allowedRoleARNs: ['arn:aws:iam::123456789012:role/agents/*'],
      allowedOrganizationIDs: ['o-abc'],
    },
    claims: () => ({
      aud: AUDIENCE,
      sub: 'arn:aws:iam::123456789012:role/agents/agent',
      iss: AWS,
      jti: 'a2a1c4f0-0000-4000-8000-000000000000',
      [STS]: {
        aws_account: '123456789012',
        source_region: 'us-east-1',
        org_id: 'o-abc',
        ou_path: ['o-abc/r-ab12/ou-ab12-11111111/'],
        ec2_source_instance_arn: 'arn:aws:ec2:us-east-1:123456789012:instance/i-0abc',
        ec2_instance_source_vpc: 'vpc-0abc',
        ec2_instance_source_private_ipv4: '10.0.0.1',
        ec2_role_delivery: '2.0',
        principal_id: 'AROAEXAMPLE:agent',
        principal_tags: { team: 'core' },
        request_tags: { chosen: 'by-caller' },
      },
      ...times(300),
    }),
    proves: {
      'aws_token.account.id': '123456789012',
      'aws_token.principal.arn': 'arn:aws:iam::123456789012:role/agents/agent',
      'aws_token.principal_tags.team': 'core',
      'aws_token.ou_path': ['o-abc/r-ab12/ou-ab12-11111111/'],
    },
    condition: 'aws_token.account.id == "123456789012" && k8s_token.namespace == "spirl-system"',
    changes: [
      ['an account that differs from sub', [STS, 'aws_account'], '999999999999', 'subject_mismatch'],
      ['a sub of another account', ['sub'], 'arn:aws:iam::999999999999:role/agents/agent', 'subject_mismatch'],
      ['another role', ['sub'], 'arn:aws:iam::123456789012:role/admin', 'role_not_allowed'],
      ['a sub that is no ARN', ['sub'], 'agent', 'claim_malformed'],
      ['an account that is a number', [STS, 'aws_account'], 123_456_789_012, 'claim_malformed'],
      ['no namespace', [STS], undefined, 'claim_missing'],
      ['another organization', [STS, 'org_id'], 'o-other', 'organization_not_allowed'],
      ['no organization', [STS, 'org_id'], undefined, 'organization_not_allowed'],
      ['the path as a string', [STS, 'ou_path'], 'o-abc/r-ab12/', 'admitted'],
      ['a path of numbers', [STS, 'ou_path'], [1], 'claim_malformed'],
      ['a tag that is a number', [STS, 'principal_tags'], { team: 1 }, 'claim_malformed'],
      [
        'too many tags',
        [STS, 'request_tags'],
        Object.fromEntries(Array.from({ length: CLAIM_VALUES_MAX + 1 }, (_, index) => [`t${index}`, 'x'])),
        'claim_malformed',
      ],
      ['two hours', ['exp'], nowSeconds() + 7200, 'token_lifetime_excessive'],
    ],
    pins: [
      ['another account', { allowedAccountIDs: ['999999999999'] }, 'account_not_allowed'],
      ['another issuer', { issuerURLs: [OWN] }, 'issuer_mismatch'],
      ['two other issuers', { issuerURLs: [OWN, GOOGLE] }, 'issuer_mismatch'],
    ],
  },
  {
    type: 'azure_msi',
    config: {
      tenants: [{ tenantID: TENANT, principalID: IDENTITY, audience: AUDIENCE }],
      allowedSubscriptionIDs: ['aaaaaaaa-0000-0000-0000-000000000001'],
      allowedResourceGroups: ['Agents'],
      allowedResourceTypes: ['Microsoft.Compute/virtualMachines'],
    },
    claims: () => ({
      aud: AUDIENCE,
      iss: AZURE_V1,
      nbf: nowSeconds(),
      aio: 'x',
      appid: '99999999-0000-0000-0000-000000000000',
      appidacr: '2',
      idp: AZURE_V1,
      idtyp: 'app',
      oid: IDENTITY,
      rh: '1.x',
      sub: IDENTITY,
      tid: TENANT,
      uti: 'x',
      ver: '1.0',
      xms_mirid:
        '/subscriptions/aaaaaaaa-0000-0000-0000-000000000001/resourcegroups/agents/providers/Microsoft.Compute/virtualMachines/prod',
      ...times(86_700),
    }),
    proves: {
      'azure_msi.tenant.id': TENANT,
      'azure_msi.identity.principal_id': IDENTITY,
      'azure_msi.identity.kind': 'system',
      'azure_msi.resource.name': 'prod',
    },
    condition: 'azure_msi.resource.name == "prod" && k8s_token.namespace == "spirl-system"',
    changes: [
      ['version 2.0', ['iss'], AZURE_V2, 'admitted'],
      ['another identity', ['oid'], '66666666-7777-8888-9999-bbbbbbbbbbbb', 'principal_not_allowed'],
      ['another tenant', ['tid'], '11111111-2222-3333-4444-666666666666', 'tenant_not_allowed'],
      ['a user', ['idtyp'], 'user', 'identity_not_managed'],
      ['a token of a person, without idtyp', ['idtyp'], undefined, 'identity_not_managed'],
      ['a tenant that is no UUID', ['tid'], 'contoso', 'claim_malformed'],
      ['no identity', ['oid'], undefined, 'claim_missing'],
      [
        'another subscription',
        ['xms_mirid'],
        '/subscriptions/bbbbbbbb-0000-0000-0000-000000000001/resourcegroups/agents/providers/Microsoft.Compute/virtualMachines/prod',
        'subscription_not_allowed',
      ],
      [
        'another group',
        ['xms_mirid'],
        '/subscriptions/aaaaaaaa-0000-0000-0000-000000000001/resourcegroups/agents2/providers/Microsoft.Compute/virtualMachines/prod',
        'resource_group_not_allowed',
      ],
      [
        'another case',
        ['xms_mirid'],
        '/subscriptions/AAAAAAAA-0000-0000-0000-000000000001/resourceGroups/AGENTS/providers/microsoft.compute/virtualmachines/PROD',
        'admitted',
      ],
      [
        'a container group',
        ['xms_mirid'],
        '/subscriptions/aaaaaaaa-0000-0000-0000-000000000001/resourcegroups/agents/providers/Microsoft.ContainerInstance/containerGroups/prod',
        'resource_type_not_allowed',
      ],
      ['an id that is none', ['xms_mirid'], '/virtualMachines/prod', 'claim_malformed'],
      ['a longer lifetime than 25 h', ['exp'], nowSeconds() + 90_060, 'token_lifetime_excessive'],
      ['no resource', ['xms_mirid'], undefined, 'subscription_not_allowed'],
    ],
    pins: [
      [
        'another tenant',
        { tenants: [{ tenantID: TENANT.replace('1', '2'), principalID: IDENTITY, audience: AUDIENCE }] },
        'issuer_mismatch',
      ],
      [
        'the documented default audience',
        { tenants: [{ tenantID: TENANT, principalID: IDENTITY }] },
        'audience_mismatch',
      ],
      [
        'the audience of another tenant',
        {
          tenants: [
            { tenantID: TENANT, principalID: IDENTITY, audience: 'api://other' },
            { tenantID: TENANT.replace('1', '2'), principalID: IDENTITY, audience: AUDIENCE },
          ],
        },
        'audience_mismatch',
      ],
      [
        'version 2.0 alone',
        { tenants: [{ tenantID: TENANT, principalID: IDENTITY, audience: AUDIENCE, issuerURL: AZURE_V2 }] },
        'issuer_mismatch',
      ],
    ],
  },
  {
    type: 'custom_jwt',
    config: {
      oidcURI: OWN,
      audiences: [AUDIENCE],
      requiredClaims: { sub: ['agent-1', 'agent-2'], 'project.tier': 1, protected: true, groups: 'agents' },
      attributeClaims: ['sub', 'project.name', 'groups', 'project.tier'],
    },
    claims: () => ({
      iss: OWN,
      aud: [AUDIENCE, 'other'],
      sub: 'agent-1',
      project: { name: 'blue', tier: 1 },
      protected: true,
      groups: ['staff', 'agents'],
      ...times(600),
    }),
    proves: {
      'custom_jwt.claim.sub': ['agent-1'],
      'custom_jwt.claim.project.name': ['blue'],
      'custom_jwt.claim.groups': ['staff', 'agents'],
      'custom_jwt.claim.project.tier': ['1'],
    },
    condition: '"agents" in custom_jwt.claim["groups"] && k8s_token.namespace == "spirl-system"',
    changes: [
      ['another subject', ['sub'], 'agent-3', 'claim_not_allowed'],
      ['the other subject', ['sub'], 'agent-2', 'admitted'],
      ['a number in a string', ['project', 'tier'], '1', 'claim_not_allowed'],
      ['another number', ['project', 'tier'], 2, 'claim_not_allowed'],
      ['no number', ['project', 'tier'], undefined, 'claim_not_allowed'],
      ['true in a string', ['protected'], 'true', 'claim_not_allowed'],
      ['one string in place of a list', ['groups'], 'agents', 'admitted'],
      ['a list without it', ['groups'], ['staff'], 'claim_not_allowed'],
      ['a list in a list', ['groups'], [['agents']], 'claim_not_allowed'],
      ['the name with its dot', ['project.tier'], 2, 'claim_not_allowed'],
    ],
    pins: [
      ['another audience', { audiences: ['https://other.example'] }, 'audience_mismatch'],
      ['another issuer', { oidcURI: GITHUB }, 'issuer_mismatch'],
      ['a name that objects have', { requiredClaims: { constructor: 'x' } }, 'claim_not_allowed'],
    ],
  },
]

let world: OidcWorld
beforeAll(async () => {
  world = await createOidcWorld(ISSUERS)
})

describe.each(ROWS)('$type', ({ type, config, claims, proves, condition, changes, pins }) => {
  const put = (change: object = {}): void => world.put([{ type, config: { ...config, ...change } }])
  const logIn = async (changed: Claims = claims(), more = {}) =>
    world.logIn({ [type]: await world.mint(changed, more) })

  it('admits a sample as its issuer makes it, and lists what it proves', async () => {
    put()
    const { status, body, text } = await logIn()
    expect([status, text.slice(0, 400)]).toEqual([200, text.slice(0, 400)])
    const found = Object.fromEntries((body.attributes ?? []).map(({ name, value }) => [name, value]))
    expect(found).toMatchObject(proves)
  })

  it.each(changes)('with %s', async (_what, path, value, code) => {
    put()
    const { status, body } = await logIn(change(claims(), path, value))
    expect([status === 200 ? 'admitted' : body.refusals?.[0]?.code]).toEqual([code])
  })

  it.each(pins)('is refused by a policy with %s', async (_what, changed, code) => {
    put(changed)
    const { body } = await logIn()
    expect(body.refusals?.map((refusal) => refusal.code)).toEqual([code])
  })

  it.each<[string, (sample: Claims) => Claims, string]>([
    ['an audience that only begins alike', (sample) => ({ ...sample, aud: `${AUDIENCE}.evil` }), 'audience_mismatch'],
    ['no audience', ({ aud: _aud, ...rest }) => rest, 'claim_missing'],
    ['an expired time', (sample) => ({ ...sample, nbf: undefined, iat: 1000, exp: 2000 }), 'token_expired'],
    ['no expiry', ({ exp: _exp, ...rest }) => rest, 'claim_missing'],
    [
      'a time to come',
      (sample) => ({ ...sample, nbf: nowSeconds() + 3000, exp: nowSeconds() + 3100 }),
      'token_not_yet_valid',
    ],
  ])('refuses %s', async (_what, changed, code) => {
    put()
    const merged = Object.fromEntries(Object.entries(changed(claims())).filter(([, value]) => value !== undefined))
    const { status, body } = await logIn(merged)
    expect([status, body.refusals?.[0]?.code]).toEqual([401, code])
  })

  it('refuses a key of somebody else, and one of another issuer', async () => {
    put()
    const { kid, alg } = world.key(String(claims()['iss']))
    const forged = await logIn(claims(), { key: await createSigningKey(kid, alg) })
    expect(forged.body.refusals?.[0]?.code).toBe('signature_invalid')
    const other = await logIn(claims(), { key: world.key(CLUSTER) })
    expect(other.body.refusals?.[0]?.code).toMatch(/signing_key_unknown|signature_invalid/)
  })

  it('tells the caller nothing of what is expected', async () => {
    put()
    for (const [, path, value, code] of changes) {
      if (code === 'admitted') continue
      const { text } = await logIn(change(claims(), path, value))
      for (const secret of ['octo-org/*', 'agents/*', '"Agents"', 'agent-2']) expect(text).not.toContain(secret)
    }
  })

  it('is one of two attestors: each alone is refused for the other, both are admitted, and a condition spans both', async () => {
    const cluster = { type: 'k8s_token', config: { issuerURL: CLUSTER } }
    const both = [cluster, { type, config }]
    world.put(both)
    const account = await world.mint(serviceAccountClaims(nowSeconds(), { iss: CLUSTER, aud: [AUDIENCE] }))
    const own = await world.mint(claims())
    for (const [tokens, missing] of [
      [{ k8s_token: account }, type],
      [{ [type]: own }, 'k8s_token'],
    ] as const) {
      const { status, body } = await world.logIn(tokens as Record<string, string>)
      expect(status).toBe(403)
      expect(body.refusals).toMatchObject([{ code: 'attestor_missing', detail: expect.stringContaining(missing) }])
    }
    expect((await world.logIn({ k8s_token: account, [type]: own })).status).toBe(200)
    world.put(both, [{ expression: condition }])
    expect((await world.logIn({ k8s_token: account, [type]: own })).status).toBe(200)
    world.put(both, [{ expression: `!(${condition})` }])
    const { status, body } = await world.logIn({ k8s_token: account, [type]: own })
    expect([status, body.refusals?.[0]?.code]).toEqual([403, 'condition_failed'])
  })

  it('opens a session that names the token, where it has an id', async () => {
    put()
    const { body } = await logIn()
    const { decision } = decodeJwt(body.session?.token ?? '') as { decision: { proofs: { tokenId?: object }[] } }
    const { jti, iss } = claims() as { jti?: string; iss: string }
    expect(decision.proofs[0]?.tokenId).toEqual(jti === undefined ? undefined : { issuer: iss, jti })
  })
})

describe('a refusal says what the token has', () => {
  it('which form a GitHub subject has', async () => {
    const row = ROWS[0] as Row
    world.put([{ type: row.type, config: { repositories: ['other/repo'] } }])
    const withIds = await world.logIn({ github: await world.mint(row.claims()) })
    expect(withIds.body.refusals?.[0]?.detail).toContain('OWNER@ID')
    const names = change(row.claims(), ['sub'], 'repo:octo-org/octo-repo:ref:refs/heads/main')
    expect((await world.logIn({ github: await world.mint(names) })).body.refusals?.[0]?.detail).toContain('of names')
  })

  it('why a Google token names no instance', async () => {
    const row = ROWS[1] as Row
    world.put([{ type: row.type, config: row.config }])
    const { body } = await world.logIn({ gcp_iit: await world.mint(change(row.claims(), ['google'], undefined)) })
    expect(body.refusals?.[0]?.detail).toContain('format=full')
  })

  it('which version, identity and resource an Azure token has', async () => {
    const row = ROWS[3] as Row
    world.put([
      { type: row.type, config: { tenants: [{ tenantID: TENANT, principalID: TENANT, audience: AUDIENCE }] } },
    ])
    const { body } = await world.logIn({ azure_msi: await world.mint(row.claims()) })
    expect(body.refusals?.[0]?.detail).toContain('version 1.0, system identity, microsoft.compute/virtualmachines prod')
  })
})

describe('gcp_iit without an instance', () => {
  it('is admitted where the policy says so, by the project of its service account', async () => {
    const row = ROWS[1] as Row
    world.put([{ type: 'gcp_iit', config: { allowedProjectIDs: ['my-project-1'], allowNonComputeTokens: true } }])
    const sample = change(row.claims(), ['google'], undefined)
    expect((await world.logIn({ gcp_iit: await world.mint(sample) })).status).toBe(200)
    const other = change(sample, ['email'], 'agent@my-project-2.iam.gserviceaccount.com')
    expect((await world.logIn({ gcp_iit: await world.mint(other) })).body.refusals?.[0]?.code).toBe(
      'project_not_allowed',
    )
    const unnamed = change(sample, ['email'], '1-compute@developer.gserviceaccount.com')
    expect((await world.logIn({ gcp_iit: await world.mint(unnamed) })).body.refusals?.[0]?.code).toBe(
      'project_not_allowed',
    )
  })
})

describe('azure_msi with a user-assigned identity', () => {
  it('proves the machine that has it, not the identity', async () => {
    const row = ROWS[3] as Row
    world.put([{ type: row.type, config: row.config }])
    const root = '/subscriptions/aaaaaaaa-0000-0000-0000-000000000001/resourcegroups/agents/providers'
    const sample = {
      ...row.claims(),
      xms_mirid: `${root}/Microsoft.ManagedIdentity/userAssignedIdentities/shared`,
      xms_az_rid: `${root}/Microsoft.Compute/virtualMachines/vm-7`,
    }
    const { body } = await world.logIn({ azure_msi: await world.mint(sample) })
    const found = Object.fromEntries((body.attributes ?? []).map(({ name, value }) => [name, value]))
    expect(found).toMatchObject({
      'azure_msi.identity.kind': 'user',
      'azure_msi.identity.name': 'shared',
      'azure_msi.resource.name': 'vm-7',
    })
  })
})

describe('custom_jwt with keys in PEM', () => {
  it.each([
    ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS256'],
    ['P-256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256'],
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ES384'],
    ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' }), 'ES512'],
    ['Ed25519', () => generateKeyPairSync('ed25519'), 'EdDSA'],
  ] as const)('verifies by any of them, whatever kid the token names: %s', async (_type, make, alg) => {
    const pairs = [make(), make(), make()]
    const pems = pairs.map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }).toString())
    const config = {
      issuer: OWN,
      publicKeys: pems.slice(0, 2),
      audiences: [AUDIENCE],
      requiredClaims: { sub: 'agent-1' },
    }
    world.put([{ type: 'custom_jwt', config }])
    const claims = { iss: OWN, aud: AUDIENCE, sub: 'agent-1', ...times(600) }
    const tokens = await Promise.all(
      pairs.map(({ privateKey }) => {
        return new SignJWT(claims).setProtectedHeader({ alg, kid: 'whatever' }).sign(privateKey)
      }),
    )
    const before = world.fetched.length
    const answers = await Promise.all(tokens.map((token) => world.logIn({ custom_jwt: token })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401])
    expect(answers[2]?.body.refusals?.[0]?.code).toBe('signature_invalid')
    expect(world.fetched).toHaveLength(before)
  })
})
