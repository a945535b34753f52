// The checks of a GitHub Actions token. Names can be given to somebody else: a repository that was renamed, transferred or
// deleted leaves its name free, and its ids do not come back.
import type { Check } from '../check.ts'
import { checkListed } from '../oidc/list-check.ts'
import { describeSubject, type GithubClaims } from './claims.ts'

export interface GithubPins {
  readonly repositories: readonly string[] | undefined
  readonly repositoryIDs: readonly string[] | undefined
  readonly repositoryOwnerIDs: readonly string[] | undefined
  readonly environments: readonly string[] | undefined
  readonly refs: readonly string[] | undefined
  readonly events: readonly string[] | undefined
  readonly jobWorkflowRefs: readonly string[] | undefined
  readonly runnerEnvironments: readonly string[] | undefined
}

export function* checkGithub(own: GithubClaims, pins: GithubPins): Generator<Check> {
  yield* checkListed(
    {
      name: 'repository id',
      field: 'repositoryIDs',
      what: 'the repository with the id',
      code: 'repository_id_not_allowed',
      expected: pins.repositoryIDs,
    },
    own.repository_id,
  )
  yield* checkListed(
    {
      name: 'owner id',
      field: 'repositoryOwnerIDs',
      what: 'the repository owner with the id',
      code: 'repository_owner_not_allowed',
      expected: pins.repositoryOwnerIDs,
    },
    own.repository_owner_id,
  )
  yield* explain(
    own,
    checkListed(
      {
        name: 'repository',
        field: 'repositories',
        what: 'the repository',
        code: 'repository_not_allowed',
        expected: pins.repositories,
        globs: true,
      },
      own.repository,
    ),
  )
  yield* checkListed(
    {
      name: 'environment',
      field: 'environments',
      what: 'the environment',
      code: 'environment_not_allowed',
      expected: pins.environments,
    },
    own.environment,
    'the job has no environment: set `environment:` in the job of the workflow',
  )
  yield* checkListed(
    { name: 'ref', field: 'refs', what: 'the ref', code: 'ref_not_allowed', expected: pins.refs, globs: true },
    own.ref,
  )
  yield* checkListed(
    { name: 'event', field: 'events', what: 'the event', code: 'event_not_allowed', expected: pins.events },
    own.event_name,
  )
  yield* checkListed(
    {
      name: 'job workflow',
      field: 'jobWorkflowRefs',
      what: 'the workflow of the job',
      code: 'workflow_not_allowed',
      expected: pins.jobWorkflowRefs,
      globs: true,
    },
    own.job_workflow_ref,
  )
  yield* checkListed(
    {
      name: 'runner',
      field: 'runnerEnvironments',
      what: 'the runner environment',
      code: 'runner_not_allowed',
      expected: pins.runnerEnvironments,
    },
    own.runner_environment,
  )
}

/** A refused repository says which form the subject has: the form changes with a rename or a transfer. */
function* explain(own: GithubClaims, checks: Iterable<Check>): Generator<Check> {
  for (const check of checks) {
    const { refusal } = check
    const detail = `${refusal?.detail}; the token has ${describeSubject(own)}`
    yield refusal === undefined ? check : { ...check, refusal: { ...refusal, detail } }
  }
}
