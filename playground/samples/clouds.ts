// Tokens of the platforms that machines run on.
import { AUDIENCE, agents, ISSUED_AT_SECONDS, type SampleDefinition, times } from './sample.ts'

const AWS = 'https://0d1e2f3a-4b5c-6d7e-8f90-a1b2c3d4e5f6.tokens.sts.global.api.aws'
const STS = 'https://sts.amazonaws.com/'
const TENANT = '11111111-2222-3333-4444-555555555555'
const IDENTITY = '66666666-7777-8888-9999-aaaaaaaaaaaa'
const AZURE_V1 = `https://sts.windows.net/${TENANT}/`
const AZURE_V2 = `https://login.microsoftonline.com/${TENANT}/v2.0`
const SUBSCRIPTION = 'aaaaaaaa-0000-0000-0000-000000000001'

const AWS_POLICY = agents(`    - name: aws_agents
      requiredAttestors:
        - type: aws_token
          config:
            issuerURLs: ["${AWS}"]
            allowedAccountIDs: ["123456789012"]
            allowedRoleARNs: ["arn:aws:iam::123456789012:role/agents/*"]
            allowedAudiences: ["${AUDIENCE}"]
`)

function makeAwsClaims(organizationPath: string | readonly string[]): Readonly<Record<string, unknown>> {
  return {
    aud: AUDIENCE,
    sub: 'arn:aws:iam::123456789012:role/agents/agent',
    iss: AWS,
    jti: 'a2a1c4f0-5b1e-4000-8000-1f2e3d4c5b6a',
    [STS]: {
      aws_account: '123456789012',
      source_region: 'us-east-1',
      org_id: 'o-abc',
      ou_path: organizationPath,
      ec2_source_instance_arn: 'arn:aws:ec2:us-east-1:123456789012:instance/i-0abc',
      ec2_role_delivery: '2.0',
      principal_id: 'AROAEXAMPLE:agent',
      principal_tags: { team: 'core' },
    },
    ...times(300),
  }
}

const AZURE_POLICY = agents(`    - name: azure_agents
      requiredAttestors:
        - type: azure_msi
          config:
            tenants:
              - tenantID: ${TENANT}
                principalID: ${IDENTITY}
                audience: ${AUDIENCE}
            allowedSubscriptionIDs: ["${SUBSCRIPTION}"]
            allowedResourceGroups: [agents]
`)

const AZURE_CLAIMS = {
  aud: AUDIENCE,
  nbf: ISSUED_AT_SECONDS,
  aio: 'k2RgYBBf',
  idtyp: 'app',
  oid: IDENTITY,
  rh: '1.AAAA',
  sub: IDENTITY,
  tid: TENANT,
  uti: 'nB2wJ7',
  xms_mirid: `/subscriptions/${SUBSCRIPTION}/resourcegroups/agents/providers/Microsoft.Compute/virtualMachines/prod`,
  ...times(86_700),
}

export const CLOUDS: readonly SampleDefinition[] = [
  {
    id: 'aws-token',
    attestor: 'aws_token',
    title: 'AWS STS: web identity token, ou_path as an array',
    hint: 'Which role of which account; the issuer belongs to one account.',
    documents: [AWS_POLICY],
    evidence: { kind: 'token', claims: makeAwsClaims(['o-abc/r-ab12/ou-ab12-11111111/']) },
  },
  {
    id: 'aws-token-string',
    attestor: 'aws_token',
    title: 'AWS STS: web identity token, ou_path as a string',
    hint: 'AWS documents a string and sends an array; both are read.',
    documents: [AWS_POLICY],
    evidence: { kind: 'token', claims: makeAwsClaims('o-abc/r-ab12/ou-ab12-11111111/') },
  },
  {
    id: 'azure-v1',
    attestor: 'azure_msi',
    title: 'Azure: managed identity, version 1.0',
    hint: 'The issuer ends in a slash, and the token lives for a day.',
    documents: [AZURE_POLICY],
    evidence: {
      kind: 'token',
      claims: {
        ...AZURE_CLAIMS,
        iss: AZURE_V1,
        idp: AZURE_V1,
        appid: '99999999-0000-0000-0000-000000000000',
        appidacr: '2',
        ver: '1.0',
      },
    },
  },
  {
    id: 'azure-v2',
    attestor: 'azure_msi',
    title: 'Azure: managed identity, version 2.0',
    hint: 'Another issuer for the same identity; one policy admits both.',
    documents: [AZURE_POLICY],
    evidence: {
      kind: 'token',
      claims: {
        ...AZURE_CLAIMS,
        iss: AZURE_V2,
        azp: '99999999-0000-0000-0000-000000000000',
        azpacr: '2',
        ver: '2.0',
      },
    },
  },
  {
    id: 'gcp',
    attestor: 'gcp_iit',
    title: 'Google Cloud: instance identity token (format=full)',
    hint: 'The project is proved by the token; the audience is chosen by the caller.',
    documents: [
      agents(`    - name: gcp_agents
      requiredAttestors:
        - type: gcp_iit
          config:
            allowedProjectIDs: [my-project-1]
            allowedRegions: [europe-west1]
            allowedAudiences: ["${AUDIENCE}"]
`),
    ],
    evidence: {
      kind: 'token',
      claims: {
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
        iss: 'https://accounts.google.com',
        sub: '107517467455664443765',
        ...times(3600),
      },
    },
  },
]
