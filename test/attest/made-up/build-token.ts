// Keys: a token that a build system gives to each of its jobs. It says which repository and which ref the job builds.
import * as v from 'valibot'
import type { EntryContext, Report } from '../../../src/attest/attest-context.ts'
import type { Check } from '../../../src/attest/check.ts'
import { pickClaimed, readClaimedText } from '../../../src/attest/claimed.ts'
import { type OidcEntry, oidcAttestor } from '../../../src/attest/oidc/oidc-attestor.ts'
import { makeRows } from '../../../src/attribute/row.ts'
import { TOKEN_LIFETIME_DEFAULT_SECONDS } from '../../../src/core/limits.ts'
import { quoteText } from '../../../src/core/printable.ts'
import { type Checked, pass, refuse } from '../../../src/core/result.ts'
import type { ParsedToken } from '../../../src/token/parse.ts'

interface Build {
  readonly repository: string
  readonly ref: string
}

interface BuildPins {
  readonly repository: string | undefined
  readonly refs: readonly string[] | undefined
}

const text = v.pipe(v.string(), v.nonEmpty())
const texts = v.pipe(v.array(text), v.nonEmpty())

const configSchema = v.strictObject({
  issuerURL: v.pipe(text, v.description('OIDC issuer of the build system, compared literally with the token')),
  jwksURI: v.optional(v.pipe(text, v.description('Key set of an issuer that cannot be discovered'))),
  jwks: v.optional(v.pipe(v.looseObject({ keys: v.array(v.unknown()) }), v.description('Key set, inline'))),
  audiences: v.optional(v.pipe(texts, v.description('Accepted audiences, any one of them; they replace the default'))),
  repository: v.optional(v.pipe(text, v.description('Repository, exactly'))),
  refs: v.optional(v.pipe(texts, v.description('Refs, any one of them'))),
})

type BuildConfig = v.InferOutput<typeof configSchema>

export const buildToken = oidcAttestor({
  type: 'build_token',
  words: {
    evidence: 'a build token',
    summary: 'A token of a build system. It proves the repository and the ref of a job, and not what the job runs.',
    unscoped: { admits: 'jobs of every repository could log in', next: 'set repository' },
  },
  attributeRows: makeRows('build_token', 'agent', {
    'build_token.issuer': { identity: true, alphabet: 'url', description: 'Issuer of the token' },
    'build_token.repository': { identity: true, alphabet: 'qualifiedKey', description: 'Repository of the job' },
    'build_token.ref': { alphabet: 'text', description: 'Ref that the job builds' },
  }),
  configSchema,
  form: 'a build token',
  keys: (config: BuildConfig) => config,
  compile,
  read,
  describe: ({ repository, ref }) => `${repository}@${ref}`,
  checks,
  attributes: (issuer, { repository, ref }) => [
    { origin: 'build_token', name: 'build_token.issuer', value: issuer },
    { origin: 'build_token', name: 'build_token.repository', value: repository },
    { origin: 'build_token', name: 'build_token.ref', value: ref },
  ],
  restore(attributes) {
    const [issuer, repository, ref] = ['issuer', 'repository', 'ref'].map((name) => {
      const value = attributes.get(`build_token.${name}`)
      return typeof value === 'string' ? value : undefined
    })
    if (issuer === undefined || repository === undefined || ref === undefined) return undefined
    return { issuer, own: { repository, ref } }
  },
  readClaimed: (claims) => pickClaimed({ subject: readClaimedText(claims['repository']) }),
})

function compile(config: BuildConfig, context: EntryContext, report: Report): OidcEntry<BuildPins> | undefined {
  const { repository, refs } = config
  if (repository === undefined && context.exactPins) {
    const message = 'Cannot let any repository log in as an issuer: set repository'
    report({ code: 'pin_missing', path: [], message })
    return undefined
  }
  return {
    scoped: repository !== undefined,
    unfixed: repository === undefined ? ['build_token.repository'] : [],
    pins: {
      issuer: config.issuerURL,
      audiences: config.audiences ?? context.defaultAudiences,
      maxLifetimeSeconds: TOKEN_LIFETIME_DEFAULT_SECONDS,
      own: { repository, refs },
    },
  }
}

function read({ claims }: ParsedToken): Checked<Build> {
  const { repository, ref } = claims
  const isBuild = typeof repository === 'string' && typeof ref === 'string' && repository !== '' && ref !== ''
  if (isBuild) return pass({ repository, ref })
  return refuse({ code: 'claim_missing', detail: 'JWT verification failed: the token names no repository and ref' })
}

function* checks({ repository, ref }: Build, pins: BuildPins): Generator<Check> {
  if (pins.repository !== undefined) yield pin('repository', [pins.repository], repository)
  if (pins.refs !== undefined) yield pin('refs', pins.refs, ref)
}

function pin(name: string, expected: readonly string[], actual: string): Check {
  if (expected.includes(actual)) return { name, expected, actual, refusal: undefined }
  const detail = `the policy accepts no build of ${quoteText(actual)}`
  return { name, expected, actual, refusal: { code: 'condition_failed', detail, audit: { [name]: expected } } }
}
