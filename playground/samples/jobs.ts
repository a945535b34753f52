// Jobs of CI systems, whose tokens say which repository, branch and environment they run for.
import { AUDIENCE, agents, ISSUED_AT_SECONDS, type SampleDefinition, times } from './sample.ts'

const GITHUB_POLICY = agents(`    - name: deploy_jobs
      requiredAttestors:
        - type: github
          config:
            repositoryIDs: ["74"]
            repositoryOwnerIDs: ["65"]
            environments: [prod]
            refs: [refs/heads/main]
            events: [push]
            runnerEnvironments: [github-hosted]
            allowedAudiences: ["${AUDIENCE}"]
`)

const GITHUB_CLAIMS = {
  jti: '5f1c7f0e-7a0b-4c6e-9d0f-0c1b2a3d4e5f',
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
  workflow: 'deploy',
  head_ref: '',
  base_ref: '',
  event_name: 'push',
  ref_type: 'branch',
  ref_protected: 'true',
  job_workflow_ref: 'octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main',
  iss: 'https://token.actions.githubusercontent.com',
  nbf: ISSUED_AT_SECONDS - 600,
  ...times(300),
}

export const JOBS: readonly SampleDefinition[] = [
  {
    id: 'github',
    attestor: 'github',
    title: 'GitHub Actions: subject with ids',
    hint: 'Repositories made since July 2026 have ids in the subject; the policy pins the ids, which cannot be renamed.',
    documents: [GITHUB_POLICY],
    evidence: { kind: 'token', claims: GITHUB_CLAIMS },
  },
  {
    id: 'github-older',
    attestor: 'github',
    title: 'GitHub Actions: the older subject',
    hint: 'The same policy admits both forms of the subject, since it does not read it.',
    documents: [GITHUB_POLICY],
    evidence: { kind: 'token', claims: { ...GITHUB_CLAIMS, sub: 'repo:octo-org/octo-repo:environment:prod' } },
  },
  {
    id: 'gitlab',
    attestor: 'custom_jwt',
    title: 'GitLab CI/CD: an id token, by custom_jwt',
    hint: 'Any issuer of JWTs: the policy names the claims that it requires, by value and type.',
    documents: [
      agents(`    - name: gitlab_deploys
      requiredAttestors:
        - type: custom_jwt
          config:
            oidcURI: https://gitlab.com
            audiences: ["${AUDIENCE}"]
            requiredClaims:
              project_id: "4711"
              ref_protected: "true"
              ref_type: branch
            attributeClaims: [project_path, environment]
`),
    ],
    evidence: {
      kind: 'token',
      claims: {
        namespace_id: '72',
        namespace_path: 'acme',
        project_id: '4711',
        project_path: 'acme/deploy',
        user_id: '1',
        user_login: 'sample-user',
        pipeline_id: '574',
        job_id: '302',
        ref: 'main',
        ref_type: 'branch',
        ref_path: 'refs/heads/main',
        ref_protected: 'true',
        environment: 'production',
        environment_protected: 'true',
        runner_environment: 'gitlab-hosted',
        sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
        jti: 'a2f1d7d0-5c3e-4e0e-8f3f-4d6f8e9a0b1c',
        iss: 'https://gitlab.com',
        nbf: ISSUED_AT_SECONDS - 5,
        ...times(3600),
        sub: 'project_path:acme/deploy:ref_type:branch:ref:main',
        aud: AUDIENCE,
      },
    },
  },
]
