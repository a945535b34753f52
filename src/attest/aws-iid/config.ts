// What an author may write for `aws_iid`. The overview shows no field, and the public documentation of them is cut off: these
// are ours.
import * as v from 'valibot'
import { parseDurationSeconds } from '../../core/duration.ts'
import { quoteText } from '../../core/printable.ts'
import type { StringForm } from '../../core/string-form.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import { checkTexts, defineTexts, OWN_FIELDS } from '../oidc/config-texts.ts'

export interface AwsIidPins {
  readonly accountIDs: readonly string[] | undefined
  readonly regions: readonly string[] | undefined
  readonly maxAgeSeconds: number | undefined
}

const ACCOUNT_FORM: StringForm = { accepts: (text) => /^[0-9]{12}$/.test(text), words: 'twelve digits, in quotes' }
const REGION_FORM: StringForm = {
  accepts: (text) => /^[a-z]{2,8}(?:-[a-z]{2,16}){1,3}-[0-9]{1,2}$/.test(text),
  words: 'a region such as us-east-1',
}

export const awsIidConfigSchema = v.pipe(
  v.strictObject({
    allowedAccountIDs: defineTexts('AWS accounts, any one of them', ACCOUNT_FORM),
    allowedRegions: defineTexts('Regions, any one of them', REGION_FORM),
    maxAge: v.optional(
      v.pipe(v.string(), v.nonEmpty(), v.description('Longest time since the instance was started, such as 24h')),
    ),
  }),
  v.metadata(OWN_FIELDS),
)

export type AwsIidConfig = v.InferOutput<typeof awsIidConfigSchema>

export function compileAwsIid(config: AwsIidConfig, context: EntryContext, report: Report): AwsIidPins | undefined {
  const { allowedAccountIDs: accountIDs, allowedRegions: regions, maxAge } = config
  checkTexts('allowedAccountIDs', accountIDs, ACCOUNT_FORM, report)
  checkTexts('allowedRegions', regions, REGION_FORM, report)
  if (context.exactPins && accountIDs === undefined) {
    const message = 'The instances of every AWS account could pass this attestor of issuers: set allowedAccountIDs'
    report({ code: 'pin_missing', path: [], message })
    return undefined
  }
  const maxAgeSeconds = maxAge === undefined ? undefined : parseDurationSeconds(maxAge)
  if (maxAge !== undefined && (maxAgeSeconds === undefined || maxAgeSeconds === 0)) {
    report({
      code: 'value_invalid',
      path: ['maxAge'],
      message: `Cannot use ${quoteText(maxAge)}: write a duration such as 24h`,
    })
    return undefined
  }
  if (maxAgeSeconds !== undefined) {
    const message = `An instance that was started over ${maxAge} ago can no longer log in, since its document never changes: use maxAge for instances that live shorter`
    report({ code: 'age_limited', path: ['maxAge'], message })
  }
  return { accountIDs, regions, maxAgeSeconds }
}
