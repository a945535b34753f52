// What an author may write for `github`, and its lints. No public document names the fields of upstream: these are ours.
import * as v from 'valibot'
import { TOKEN_LIFETIME_DEFAULT_SECONDS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { StringForm } from '../../core/string-form.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import { checkTexts, DIGITS_FORM, defineTexts, defineUrl, lintAudiences, OWN_FIELDS } from '../oidc/config-texts.ts'
import type { OidcEntry } from '../oidc/oidc-attestor.ts'
import type { GithubPins } from './pins.ts'

/** GitHub.com. GHES, ghe.com and enterprises with a slug have issuers of their own. */
export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com'

const REPOSITORY_FORM: StringForm = {
  accepts: (text) => /^[^/\s]+\/[^/\s]+$/.test(text),
  words: 'owner/name, for example octo-org/octo-repo',
}
const WORKFLOW_FORM: StringForm = {
  accepts: (text) => /^[^/\s]+\/[^@\s]+@\S+$/.test(text),
  words: 'owner/repo/.github/workflows/file.yml@refs/heads/main',
}

export const githubConfigSchema = v.pipe(
  v.strictObject({
    issuerURL: v.optional(defineUrl(`Issuer, compared literally; default ${GITHUB_ISSUER}`)),
    allowedAudiences: defineTexts('Accepted audiences, any one of them; they replace the default'),
    repositoryIDs: defineTexts('Ids of repositories, any one of them: they outlive renames and transfers', DIGITS_FORM),
    repositoryOwnerIDs: defineTexts('Ids of owners, any one of them', DIGITS_FORM),
    repositories: defineTexts('owner/name, any one of them; `*` is a wildcard', REPOSITORY_FORM),
    environments: defineTexts('Deployment environments, any one of them'),
    refs: defineTexts('Full refs such as refs/heads/main, any one of them; `*` is a wildcard'),
    events: defineTexts('Events that started the workflow, such as push, any one of them'),
    jobWorkflowRefs: defineTexts('Workflows with their refs, any one of them; `*` is a wildcard', WORKFLOW_FORM),
    runnerEnvironments: defineTexts('github-hosted or self-hosted, any one of them'),
  }),
  v.metadata(OWN_FIELDS),
)

export type GithubConfig = v.InferOutput<typeof githubConfigSchema>

export function compileGithub(
  config: GithubConfig,
  context: EntryContext,
  report: Report,
): OidcEntry<GithubPins> | undefined {
  const { repositories, repositoryIDs, repositoryOwnerIDs, environments, refs, events } = config
  const { jobWorkflowRefs, runnerEnvironments, issuerURL = GITHUB_ISSUER, allowedAudiences } = config
  checkTexts('repositories', repositories, REPOSITORY_FORM, report)
  checkTexts('repositoryIDs', repositoryIDs, DIGITS_FORM, report)
  checkTexts('repositoryOwnerIDs', repositoryOwnerIDs, DIGITS_FORM, report)
  checkTexts('jobWorkflowRefs', jobWorkflowRefs, WORKFLOW_FORM, report)
  const hasId = repositoryIDs !== undefined || repositoryOwnerIDs !== undefined
  if (!hasId && repositories === undefined) {
    const message =
      'Every repository that this issuer serves could log in, since the audience is chosen by the workflow: set repositoryIDs or repositoryOwnerIDs'
    report({ code: 'pin_missing', path: [], message })
  } else if (context.exactPins && repositoryIDs === undefined) {
    const message = 'Every repository of the owner, or of the name, could log in as an issuer: set repositoryIDs'
    report({ code: 'pin_missing', path: [], message })
  }
  lint(config, hasId, report)
  const audiences = allowedAudiences ?? context.defaultAudiences
  lintAudiences('allowedAudiences', allowedAudiences, report)
  const own: GithubPins = {
    repositories,
    repositoryIDs,
    repositoryOwnerIDs,
    environments,
    refs,
    events,
    jobWorkflowRefs,
    runnerEnvironments,
  }
  if (!hasId && repositories === undefined) return undefined
  const pins = { issuer: issuerURL, audiences, maxLifetimeSeconds: TOKEN_LIFETIME_DEFAULT_SECONDS, own }
  const proves = [
    ...(environments === undefined ? [] : ['github.environment']),
    ...(refs === undefined ? [] : ['github.ref']),
    ...(events === undefined ? [] : ['github.event_name']),
    ...(jobWorkflowRefs === undefined ? [] : ['github.job_workflow_ref']),
    ...(runnerEnvironments === undefined ? [] : ['github.runner_environment']),
  ]
  return { scoped: hasId, unfixed: hasId ? [] : ['github.repository_id'], proves, pins }
}

function lint({ repositories, refs, events }: GithubConfig, hasId: boolean, report: Report): void {
  if (repositories !== undefined && !hasId) {
    const message =
      'A repository name can become somebody else’s after a rename, a transfer or a deletion: add repositoryIDs (`gh api repos/OWNER/NAME --jq .id`)'
    report({ code: 'identity_mutable', path: ['repositories'], message: message.replace('’', "'") })
  }
  for (const [index, ref] of (refs ?? []).entries()) {
    if (/^refs\/(?:heads|tags|pull)\//.test(ref)) continue
    const message = `${quoteText(ref)} does not say whether it is a branch or a tag, and whoever may push a tag could use its name: write refs/heads/... or refs/tags/...`
    report({ code: 'ref_ambiguous', path: ['refs', index], message })
  }
  const target = events?.indexOf('pull_request_target') ?? -1
  if (events !== undefined && target < 0) return
  const message =
    'A workflow on pull_request_target runs for pull requests from forks, with the ref of the base branch: list the events that may log in without it, such as events: [push, workflow_dispatch]'
  report({ code: 'event_unguarded', path: target < 0 ? [] : ['events', target], message })
}
