// One more row of tokens, whole: the id token of a GitLab CI/CD job (GitLab Docs, "ID token authentication"), for GitLab.com and
// for instances of one's own.
import * as v from 'valibot'
import { pickClaimed, readClaimedText } from '../../src/attest/claimed.ts'
import { listClaimAttributes, restoreClaims } from '../../src/attest/oidc/claim-attributes.ts'
import { checkTexts, DIGITS_FORM, defineTexts, defineUrl, lintAudiences } from '../../src/attest/oidc/config-texts.ts'
import { checkListed } from '../../src/attest/oidc/list-check.ts'
import { oidcAttestor } from '../../src/attest/oidc/oidc-attestor.ts'
import { readTypedClaims } from '../../src/attest/oidc/typed-claims.ts'
import { makeRows } from '../../src/attribute/row.ts'

const GITLAB = 'https://gitlab.com'

/** Ids and booleans are strings in these tokens. A claim of another type refuses the token. */
const CLAIMS = {
  project_id: 'text',
  project_path: 'text',
  namespace_id: 'text',
  ref: 'text',
  ref_type: 'text',
  ref_protected: 'text',
  environment: '?text',
  pipeline_source: '?text',
} as const

export const gitlab = oidcAttestor({
  type: 'gitlab',
  words: {
    evidence: 'a GitLab CI/CD token',
    summary:
      'The id token of a GitLab CI/CD job. It proves the project and its namespace by id, the ref and the environment. The audience is chosen by the job and proves nothing.',
  },
  attributeRows: makeRows('gitlab', 'agent', {
    'gitlab.issuer': { alphabet: 'url', description: 'Issuer of the token' },
    'gitlab.project_id': { identity: true, alphabet: 'digits', description: 'Id of the project' },
    'gitlab.project_path': { alphabet: 'text', description: 'Path of the project; changes with its name' },
    'gitlab.namespace_id': { identity: true, alphabet: 'digits', description: 'Id of the group or user' },
    'gitlab.ref': { alphabet: 'text', description: 'Short name of the ref' },
    'gitlab.ref_type': { alphabet: 'label', description: 'branch or tag' },
    'gitlab.ref_protected': { alphabet: 'label', description: 'Whether the ref is protected: true or false' },
    'gitlab.environment': { optional: true, alphabet: 'text', description: 'Environment of the job' },
    'gitlab.pipeline_source': { optional: true, alphabet: 'label', description: 'What started the pipeline' },
  }),
  form: 'a GitLab CI/CD token',
  configSchema: v.strictObject({
    issuerURL: v.optional(defineUrl(`Issuer, compared literally; default ${GITLAB}`)),
    allowedAudiences: defineTexts('Accepted audiences, any one of them; they replace the default'),
    projectIDs: defineTexts('Ids of projects, any one of them', DIGITS_FORM),
    refs: defineTexts('Names of branches, any one of them; `*` is a wildcard'),
    environments: defineTexts('Environments, any one of them'),
  }),
  keys: ({ issuerURL = GITLAB }) => ({ issuerURL }),
  compile({ issuerURL = GITLAB, allowedAudiences, projectIDs, refs, environments }, { defaultAudiences }, report) {
    checkTexts('projectIDs', projectIDs, DIGITS_FORM, report)
    lintAudiences('allowedAudiences', allowedAudiences, report)
    if (projectIDs === undefined) {
      const message = 'Every project of this GitLab could log in: set projectIDs'
      report({ code: 'pin_missing', path: [], message })
      return undefined
    }
    const own = { projectIDs, refs, environments }
    const audiences = allowedAudiences ?? defaultAudiences
    return { scoped: true, pins: { issuer: issuerURL, audiences, maxLifetimeSeconds: 24 * 3600, own } }
  },
  read: ({ claims }) => readTypedClaims(claims, CLAIMS),
  describe: ({ project_path, ref }) => `project ${project_path}, ref ${ref}`,
  *checks({ project_id, ref, ref_type, environment }, { projectIDs, refs, environments }) {
    const project = { name: 'project id', field: 'projectIDs', what: 'the project with the id' } as const
    yield* checkListed({ ...project, code: 'repository_id_not_allowed', expected: projectIDs }, project_id)
    // A tag may have the name of a branch, and anybody who may push one chooses it.
    const branch = ref_type === 'branch' ? ref : undefined
    const named = { name: 'branch', field: 'refs', what: 'the branch', globs: true } as const
    yield* checkListed({ ...named, code: 'ref_not_allowed', expected: refs }, branch)
    const place = { name: 'environment', field: 'environments', what: 'the environment' } as const
    yield* checkListed({ ...place, code: 'environment_not_allowed', expected: environments }, environment)
  },
  attributes: (issuer, own) => listClaimAttributes('gitlab', issuer, own),
  restore(attributes) {
    const restored = restoreClaims('gitlab', attributes)
    // Attributes have the names and the values of the claims, so they are read as claims are.
    const own = restored && readTypedClaims({ ...restored.values } as Parameters<typeof readTypedClaims>[0], CLAIMS)
    return restored !== undefined && own?.ok ? { issuer: restored.issuer, own: own.value } : undefined
  },
  readClaimed: (claims) =>
    pickClaimed({ repositoryID: readClaimedText(claims['project_id']), ref: readClaimedText(claims['ref']) }),
})
