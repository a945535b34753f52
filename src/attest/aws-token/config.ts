// What an author may write for `aws_token`. `issuerURLs` and `allowedAudiences` are documented; the third list of the
// documentation is cut off, so its name is ours.
import * as v from 'valibot'
import { quoteText } from '../../core/printable.ts'
import type { StringForm } from '../../core/string-form.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import type { Check } from '../check.ts'
import { checkTexts, defineTexts, defineUrl, lintAudiences, OWN_FIELDS } from '../oidc/config-texts.ts'
import { checkListed } from '../oidc/list-check.ts'
import type { OidcEntry } from '../oidc/oidc-attestor.ts'
import type { AwsClaims } from './claims.ts'

export interface AwsPins {
  readonly allowedAccountIDs: readonly string[] | undefined
  readonly allowedRoleARNs: readonly string[] | undefined
  readonly allowedOrganizationIDs: readonly string[] | undefined
}

/** AWS gives these tokens for at most an hour. */
export const AWS_LIFETIME_MAX_SECONDS = 3600

const ACCOUNT_FORM: StringForm = {
  accepts: (text) => /^[0-9]{12}$/.test(text),
  words: 'the 12 digits of an account, in quotes',
}
const ARN_FORM: StringForm = {
  accepts: (text) => /^arn:aws(?:-[a-z]+)*:(?:iam|sts)::[0-9*]{1,12}:\S+$/.test(text),
  words: 'an ARN such as arn:aws:iam::123456789012:role/agent',
}

export const awsConfigSchema = v.pipe(
  v.strictObject({
    issuerURLs: v.pipe(
      v.array(defineUrl('Issuer of one account, as IAM shows it under account settings')),
      v.nonEmpty(),
      v.description('Issuers, any one of them: each AWS account has its own'),
    ),
    allowedAudiences: defineTexts('Accepted audiences, any one of them; they replace the default'),
    allowedAccountIDs: defineTexts('AWS accounts, any one of them', ACCOUNT_FORM),
    allowedRoleARNs: defineTexts('ARNs of roles, any one of them; `*` is a wildcard, never across ":"', ARN_FORM),
    allowedOrganizationIDs: defineTexts('AWS organizations, any one of them'),
  }),
  v.metadata(OWN_FIELDS),
)

export type AwsConfig = v.InferOutput<typeof awsConfigSchema>

export function compileAws(config: AwsConfig, context: EntryContext, report: Report): OidcEntry<AwsPins> | undefined {
  const { issuerURLs, allowedAudiences, allowedAccountIDs, allowedRoleARNs, allowedOrganizationIDs } = config
  checkTexts('allowedAccountIDs', allowedAccountIDs, ACCOUNT_FORM, report)
  checkTexts('allowedRoleARNs', allowedRoleARNs, ARN_FORM, report)
  lintAudiences('allowedAudiences', allowedAudiences, report)
  for (const [index, issuer] of issuerURLs.entries()) {
    if (issuerURLs.indexOf(issuer) === index) continue
    report({
      code: 'value_invalid',
      path: ['issuerURLs', index],
      message: `Cannot name ${quoteText(issuer)} twice: remove it`,
    })
  }
  const exact = allowedRoleARNs?.every((arn) => !arn.includes('*')) ?? false
  if (context.exactPins && !exact) {
    const message = 'Every principal of the account could log in as an issuer: set allowedRoleARNs without *'
    report({ code: 'pin_missing', path: [], message })
    return undefined
  }
  const scoped = allowedRoleARNs !== undefined
  return {
    scoped,
    unfixed: scoped ? [] : ['aws_token.principal.arn'],
    proves: allowedOrganizationIDs === undefined ? [] : ['aws_token.org.id'],
    pins: {
      issuer: issuerURLs,
      audiences: allowedAudiences ?? context.defaultAudiences,
      maxLifetimeSeconds: AWS_LIFETIME_MAX_SECONDS,
      own: { allowedAccountIDs, allowedRoleARNs, allowedOrganizationIDs },
    },
  }
}

export function* checkAws({ account, principal, organization }: AwsClaims, pins: AwsPins): Generator<Check> {
  yield* checkListed(
    {
      name: 'account',
      field: 'allowedAccountIDs',
      what: 'the AWS account',
      code: 'account_not_allowed',
      expected: pins.allowedAccountIDs,
    },
    account,
  )
  yield* checkListed(
    {
      name: 'role',
      field: 'allowedRoleARNs',
      what: 'the principal',
      code: 'role_not_allowed',
      expected: pins.allowedRoleARNs,
      globs: true,
    },
    principal,
  )
  yield* checkListed(
    {
      name: 'organization',
      field: 'allowedOrganizationIDs',
      what: 'the organization',
      code: 'organization_not_allowed',
      expected: pins.allowedOrganizationIDs,
    },
    organization,
    'its account belongs to none',
  )
}
