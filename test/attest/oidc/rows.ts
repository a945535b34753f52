// A sample of each kind of token, shaped as its issuer makes it, with every change of it and what the change is answered with.
import { CLAIM_VALUE_MAX_LENGTH, CLAIM_VALUES_MAX } from '../../../src/core/limits.ts'
import { AUDIENCE, type IssuerAt, nowSeconds } from './world.ts'

export const TENANT = '11111111-2222-3333-4444-555555555555'
export const IDENTITY = '66666666-7777-8888-9999-aaaaaaaaaaaa'
export const GITHUB = 'https://token.actions.githubusercontent.com'
export const GOOGLE = 'https://accounts.google.com'
export const AWS = 'https://0d1e2f3a-4b5c-6d7e-8f90-a1b2c3d4e5f6.tokens.sts.global.api.aws'
export const AZURE_V1 = `https://sts.windows.net/${TENANT}/`
export const AZURE_V2 = `https://login.microsoftonline.com/${TENANT}/v2.0`
export const CLUSTER = 'https://oidc.eks.us-east-1.amazonaws.com/id/ABC'
export const OWN = 'https://id.example.com'

export const ISSUERS: readonly IssuerAt[] = [
  { issuer: GITHUB, jwksUri: `${GITHUB}/.well-known/jwks` },
  { issuer: GOOGLE, jwksUri: 'https://www.googleapis.com/oauth2/v3/certs' },
  { issuer: AWS, jwksUri: `${AWS}/.well-known/jwks.json`, alg: 'ES384' },
  { issuer: AZURE_V1, jwksUri: 'https://login.windows.net/common/discovery/keys' },
  { issuer: AZURE_V2, jwksUri: `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys` },
  { issuer: CLUSTER, jwksUri: `${CLUSTER}/keys` },
  { issuer: OWN, jwksUri: `${OWN}/keys` },
]

export type Claims = Readonly<Record<string, unknown>>

export interface Row {
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

export const times = (lifetime: number): Claims => ({ iat: nowSeconds(), exp: nowSeconds() + lifetime })
export const STS = 'https://sts.amazonaws.com/'
export const LONG = 'x'.repeat(CLAIM_VALUE_MAX_LENGTH + 1)

export const ROWS: readonly Row[] = [
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
