// What an author may write for `azure_msi`: the documented tenants, and pins of ours on the resource that has the identity.
import * as v from 'valibot'
import { quoteText } from '../../core/printable.ts'
import type { StringForm } from '../../core/string-form.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import { checkTexts, defineTexts, defineUrl, OWN_FIELDS } from '../oidc/config-texts.ts'
import type { OidcEntry } from '../oidc/oidc-attestor.ts'
import { findOwnerOfAudience } from '../oidc/shared-audiences.ts'
import type { AzurePins, TenantPin } from './pins.ts'

/** Entra gives managed identities tokens of 86,700 s; 25 h leaves room for a change of that. */
export const AZURE_LIFETIME_MAX_SECONDS = 25 * 3600

/** Where Entra publishes the keys of its issuers, besides the issuers' own origins. */
export const ENTRA_KEYS_ORIGINS = ['https://login.windows.net', 'https://login.microsoftonline.com']

const UUID_FORM: StringForm = {
  accepts: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text),
  words: 'a UUID in lower case',
}

const tenantSchema = v.strictObject({
  tenantID: v.pipe(v.string(), v.metadata({ form: UUID_FORM }), v.description('Id of the Entra tenant')),
  principalID: v.optional(
    v.pipe(v.string(), v.metadata({ form: UUID_FORM }), v.description('Object id of the managed identity')),
  ),
  audience: v.optional(
    v.pipe(v.string(), v.nonEmpty(), v.description('Accepted audience; default api://<tenantID>/defakto-server')),
  ),
  issuerURL: v.optional(
    defineUrl('Issuer, compared literally; default both issuers of the tenant, of versions 1.0 and 2.0'),
  ),
})

export const azureConfigSchema = v.pipe(
  v.strictObject({
    tenants: v.pipe(v.array(tenantSchema), v.nonEmpty(), v.description('Tenants, any one of them')),
    allowedSubscriptionIDs: defineTexts(
      'Subscriptions of the resource that has the identity, any one of them',
      UUID_FORM,
    ),
    allowedResourceGroups: defineTexts('Resource groups of that resource, any one of them, in any case'),
    allowedResourceTypes: defineTexts('Types such as Microsoft.Compute/virtualMachines, any one of them, in any case'),
  }),
  v.metadata(OWN_FIELDS),
)

export type AzureConfig = v.InferOutput<typeof azureConfigSchema>
type Tenant = AzureConfig['tenants'][number]

/** Both issuers of a tenant: a token has that of its version, which the registration of the audience decides. */
export function listIssuers({ tenantID, issuerURL }: Tenant): readonly string[] {
  return issuerURL === undefined
    ? [`https://sts.windows.net/${tenantID}/`, `https://login.microsoftonline.com/${tenantID}/v2.0`]
    : [issuerURL]
}

export function compileAzure(
  config: AzureConfig,
  context: EntryContext,
  report: Report,
): OidcEntry<AzurePins> | undefined {
  const { tenants, allowedSubscriptionIDs, allowedResourceGroups, allowedResourceTypes } = config
  checkTexts('allowedSubscriptionIDs', allowedSubscriptionIDs, UUID_FORM, report)
  let failed = false
  const seen = new Set<string>()
  for (const [index, tenant] of tenants.entries()) {
    const path = ['tenants', index]
    for (const field of ['tenantID', 'principalID'] as const) {
      const text = tenant[field]
      if (text === undefined || UUID_FORM.accepts(text)) continue
      failed = true
      report({
        code: 'value_invalid',
        path: [...path, field],
        message: `Cannot use ${quoteText(text)}: write ${UUID_FORM.words}`,
      })
    }
    const identity = JSON.stringify([tenant.tenantID, tenant.principalID, tenant.issuerURL, tenant.audience])
    if (seen.has(identity))
      report({ code: 'value_invalid', path, message: 'Cannot name the same tenant and identity twice: remove one' })
    seen.add(identity)
    const whose = tenant.audience === undefined ? undefined : findOwnerOfAudience(tenant.audience)
    if (whose !== undefined) {
      const message = `The audience ${quoteText(tenant.audience ?? '')} is that of ${whose}: whoever receives such a token there can log in with it here; register an application for the gateway and use its URI`
      report({ code: 'audience_shared', path: [...path, 'audience'], message })
    }
    const isPinned = tenant.principalID !== undefined || (allowedSubscriptionIDs !== undefined && !context.exactPins)
    if (!isPinned) {
      failed = true
      const message =
        'Every managed identity and application of the tenant could log in, since any of them can ask for the audience: set principalID'
      report({ code: 'pin_missing', path, message })
    }
  }
  if (failed) return undefined
  const pins: readonly TenantPin[] = tenants.map((tenant) => ({
    tenantID: tenant.tenantID,
    principalID: tenant.principalID,
    audience: tenant.audience ?? `api://${tenant.tenantID}/defakto-server`,
    issuers: listIssuers(tenant),
  }))
  const scoped = tenants.every(({ principalID }) => principalID !== undefined)
  const hasResource = [allowedSubscriptionIDs, allowedResourceGroups, allowedResourceTypes].some(
    (one) => one !== undefined,
  )
  return {
    scoped,
    unfixed: scoped ? [] : ['azure_msi.identity.principal_id'],
    proves: hasResource
      ? ['subscription.id', 'resource_group', 'resource.type', 'resource.name'].map((name) => `azure_msi.${name}`)
      : [],
    pins: {
      issuer: [...new Set(pins.flatMap(({ issuers }) => issuers))],
      audiences: [...new Set(pins.map(({ audience }) => audience))],
      maxLifetimeSeconds: AZURE_LIFETIME_MAX_SECONDS,
      own: {
        tenants: pins,
        allowedSubscriptionIDs,
        allowedResourceGroups: allowedResourceGroups?.map((text) => text.toLowerCase()),
        allowedResourceTypes: allowedResourceTypes?.map((text) => text.toLowerCase()),
      },
    },
  }
}
