// What an author may write for `azure_imds`: `attributeVMTagKeys` is documented; the rest is cut off in the public documentation,
// and ours.
import * as v from 'valibot'
import { parseDurationSeconds } from '../../core/duration.ts'
import { quoteText } from '../../core/printable.ts'
import type { StringForm } from '../../core/string-form.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import { checkTexts, defineTexts, OWN_FIELDS } from '../oidc/config-texts.ts'

export interface AzureImdsPins {
  readonly subscriptionIDs: readonly string[] | undefined
  readonly tenantID: string | undefined
  readonly maxAgeSeconds: number | undefined
}

const UUID_FORM: StringForm = {
  accepts: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
  words: 'a UUID such as 11111111-2222-3333-4444-555555555555',
}

export const azureImdsConfigSchema = v.pipe(
  v.strictObject({
    allowedSubscriptionIDs: defineTexts('Subscriptions, any one of them', UUID_FORM),
    tenantID: v.optional(
      v.pipe(
        v.string(),
        v.nonEmpty(),
        v.metadata({ form: UUID_FORM }),
        v.description(
          'The tenant of these subscriptions: the document does not name one, and it becomes azure_imds.tenant.id',
        ),
      ),
    ),
    maxAge: v.optional(
      v.pipe(v.string(), v.nonEmpty(), v.description('Longest time since the document was signed, such as 5m')),
    ),
    attributeVMTagKeys: defineTexts('Not supported: tags need calls to the Compute API'),
  }),
  v.metadata(OWN_FIELDS),
)

export type AzureImdsConfig = v.InferOutput<typeof azureImdsConfigSchema>

export function compileAzureImds(
  { allowedSubscriptionIDs, tenantID, maxAge, attributeVMTagKeys }: AzureImdsConfig,
  { exactPins }: EntryContext,
  report: Report,
): AzureImdsPins | undefined {
  checkTexts('allowedSubscriptionIDs', allowedSubscriptionIDs, UUID_FORM, report)
  if (attributeVMTagKeys !== undefined) {
    const message = 'The gateway does not ask the Compute API, so azure_imds.vm.tag is never present: remove the field'
    report({ code: 'field_without_effect', path: ['attributeVMTagKeys'], message, atKey: true })
  }
  const maxAgeSeconds = maxAge === undefined ? undefined : parseDurationSeconds(maxAge)
  let isWhole = true
  if (maxAge !== undefined && (maxAgeSeconds === undefined || maxAgeSeconds === 0)) {
    isWhole = false
    report({
      code: 'value_invalid',
      path: ['maxAge'],
      message: `Cannot use ${quoteText(maxAge)}: write a duration such as 5m`,
    })
  }
  if (tenantID !== undefined && !UUID_FORM.accepts(tenantID)) {
    isWhole = false
    report({
      code: 'value_invalid',
      path: ['tenantID'],
      message: `Cannot use ${quoteText(tenantID)}: write ${UUID_FORM.words}`,
    })
  }
  if (exactPins && allowedSubscriptionIDs === undefined) {
    isWhole = false
    report({
      code: 'pin_missing',
      path: [],
      message: 'Every virtual machine of Azure could pass this attestor of issuers: set allowedSubscriptionIDs',
    })
  }
  if (!isWhole) return undefined
  // Azure writes UUIDs in either case.
  const subscriptionIDs = allowedSubscriptionIDs?.map((id) => id.toLowerCase())
  return { subscriptionIDs, tenantID: tenantID?.toLowerCase(), maxAgeSeconds }
}
