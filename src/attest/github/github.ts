// `github`: the OpenID Connect token of a GitHub Actions job, verified by the keys of its issuer.

import { pickClaimed, readClaimedText } from '../claimed.ts'
import { oidcAttestor } from '../oidc/oidc-attestor.ts'
import { describeSubject, listGithubAttributes, readGithub, restoreGithub } from './claims.ts'
import { compileGithub, GITHUB_ISSUER, githubConfigSchema } from './config.ts'
import { checkGithub } from './pins.ts'

export const github = oidcAttestor({
  type: 'github',
  words: {
    evidence: 'a GitHub Actions token',
    summary:
      'The OpenID Connect token of a GitHub Actions job, verified by the keys of its issuer. It proves the repository and its owner by name and id, the ref, the event, the workflow, the environment and the runner. The audience is chosen by the workflow and proves nothing.',
    unscoped: {
      admits: 'a repository that takes over the name could log in',
      next: 'set repositoryIDs or repositoryOwnerIDs',
    },
  },
  configSchema: githubConfigSchema,
  form: 'a GitHub Actions token',
  advice: {
    audience: 'request the token with the audience of the gateway: core.getIDToken(audience)',
    lifetime: 'request a new token in the job that logs in',
  },
  keys: ({ issuerURL = GITHUB_ISSUER }) => ({ issuerURL }),
  compile: compileGithub,
  read: readGithub,
  describe: (own) => `${own.sub}, ${describeSubject(own)}`,
  checks: checkGithub,
  attributes: listGithubAttributes,
  restore: restoreGithub,
  readClaimed: (claims) =>
    pickClaimed({
      repository: readClaimedText(claims['repository']),
      repositoryID: readClaimedText(claims['repository_id']),
      ref: readClaimedText(claims['ref']),
      event: readClaimedText(claims['event_name']),
      workflow: readClaimedText(claims['job_workflow_ref']),
    }),
})
