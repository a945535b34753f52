// The claims of a GitHub Actions token (GitHub Docs, "OpenID Connect reference"). All ids and booleans are strings.
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { ParsedToken } from '../../token/parse.ts'
import { listClaimAttributes, restoreClaims, textOf } from '../oidc/claim-attributes.ts'
import { type ClaimShape, type ReadClaims, readTypedClaims } from '../oidc/typed-claims.ts'

const SHAPE = {
  sub: 'text',
  repository: 'text',
  repository_id: 'text',
  repository_owner: 'text',
  repository_owner_id: 'text',
  repository_visibility: '?text',
  ref: '?text',
  ref_type: '?text',
  ref_protected: '?text',
  sha: '?text',
  environment: '?text',
  event_name: '?text',
  workflow: '?text',
  workflow_ref: '?text',
  job_workflow_ref: '?text',
  runner_environment: '?text',
  actor: '?text',
  actor_id: '?text',
  run_id: '?text',
  run_attempt: '?text',
  enterprise: '?text',
  enterprise_id: '?text',
} as const satisfies ClaimShape

export type GithubClaims = ReadClaims<typeof SHAPE>

/** Reads the claims; ids must be digits, since an id of another form cannot be that of a repository. */
export function readGithub({ claims }: ParsedToken): Checked<GithubClaims> {
  const read = readTypedClaims(claims, SHAPE)
  if (!read.ok) return read
  for (const name of ['repository_id', 'repository_owner_id'] as const) {
    if (/^[0-9]{1,20}$/.test(read.value[name])) continue
    const detail = `JWT verification failed: the claim ${name} must be digits`
    return refuse({ code: 'claim_malformed', where: name, detail })
  }
  return pass(read.value)
}

/**
 * Which of the two forms the subject has. Repositories that were created, renamed or transferred after 15 July 2026 have
 * the ids of owner and repository in it: `repo:OWNER@ID/REPO@ID:...`.
 */
export function describeSubject({ sub }: Pick<GithubClaims, 'sub'>): string {
  if (/^repo:[^/@]+@[0-9]+\/[^:@]+@[0-9]+(?::|$)/.test(sub)) return 'a subject with ids (repo:OWNER@ID/REPO@ID:...)'
  return /^repo:[^/]+\/[^:]+/.test(sub) ? 'a subject of names (repo:OWNER/REPO:...)' : 'a customized subject'
}

export const listGithubAttributes = (issuer: string, own: GithubClaims) => listClaimAttributes('github', issuer, own)

/** {@link listGithubAttributes} the other way round. */
export function restoreGithub(
  attributes: Parameters<typeof restoreClaims>[1],
): { readonly issuer: string; readonly own: GithubClaims } | undefined {
  const restored = restoreClaims('github', attributes)
  if (restored === undefined) return undefined
  const { issuer, values } = restored
  const own: Record<string, string> = Object.create(null)
  for (const [name, type] of Object.entries(SHAPE)) {
    const value = textOf(values, name)
    if (value === undefined && !type.startsWith('?')) return undefined
    if (value !== undefined) own[name] = value
  }
  // Every required claim has just been found.
  return { issuer, own: own as unknown as GithubClaims }
}
