// What an author may write for `gcp_iit`: the documented fields, and pins of ours.
import * as v from 'valibot'
import { TOKEN_LIFETIME_DEFAULT_SECONDS } from '../../core/limits.ts'
import type { StringForm } from '../../core/string-form.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import { checkTexts, defineTexts, lintAudiences, OWN_FIELDS } from '../oidc/config-texts.ts'
import type { OidcEntry } from '../oidc/oidc-attestor.ts'
import type { GcpPins } from './pins.ts'

export const GOOGLE_ISSUER = 'https://accounts.google.com'
/** Google publishes its key set on another origin than its issuer's. */
export const GOOGLE_KEYS_ORIGIN = 'https://www.googleapis.com'

const PROJECT_FORM: StringForm = {
  accepts: (text) => /^[a-z][-a-z0-9:.]{4,62}[a-z0-9]$/.test(text),
  words: 'the id of a project, not its number or its name',
}
const ACCOUNT_FORM: StringForm = {
  accepts: (text) => /^[^@\s]+@[^@\s]+\.gserviceaccount\.com$/.test(text),
  words: 'the address of a service account, for example agent@project.iam.gserviceaccount.com',
}

export const gcpConfigSchema = v.pipe(
  v.strictObject({
    allowedProjectIDs: defineTexts('Ids of projects, any one of them', PROJECT_FORM),
    allowedZones: defineTexts('Zones such as europe-west1-b, any one of them'),
    allowedRegions: defineTexts('Regions such as europe-west1, any one of them'),
    allowedServiceAccounts: defineTexts('Addresses of service accounts, any one of them', ACCOUNT_FORM),
    allowedAudiences: defineTexts('Accepted audiences, any one of them; they replace the default'),
    allowNonComputeTokens: v.optional(
      v.pipe(v.boolean(), v.description('Accept tokens of other runtimes, which prove no instance; default false')),
    ),
    useInstanceMetadata: v.optional(
      v.pipe(v.boolean(), v.description('Documented; not supported: labels and metadata need the Compute API')),
    ),
    attributeLabelKeys: defineTexts('Documented; not supported: labels need the Compute API'),
    attributeMetadataKeys: defineTexts('Documented; not supported: metadata needs the Compute API'),
  }),
  v.metadata(OWN_FIELDS),
)

export type GcpConfig = v.InferOutput<typeof gcpConfigSchema>

export function compileGcp(config: GcpConfig, context: EntryContext, report: Report): OidcEntry<GcpPins> | undefined {
  const { allowedProjectIDs, allowedZones, allowedRegions, allowedServiceAccounts, allowedAudiences } = config
  const { allowNonComputeTokens = false, useInstanceMetadata, attributeLabelKeys, attributeMetadataKeys } = config
  checkTexts('allowedProjectIDs', allowedProjectIDs, PROJECT_FORM, report)
  checkTexts('allowedServiceAccounts', allowedServiceAccounts, ACCOUNT_FORM, report)
  lintAudiences('allowedAudiences', allowedAudiences, report)
  const fields = { useInstanceMetadata, attributeLabelKeys, attributeMetadataKeys }
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined || value === false) continue
    const message =
      'The gateway does not ask the Compute API, so gcp_iit.label and gcp_iit.metadata are never present: remove the field, and do not use these attributes'
    report({ code: 'field_without_effect', path: [field], message, atKey: true })
  }
  const missing = allowedProjectIDs === undefined && allowedServiceAccounts === undefined
  if (missing) {
    const message =
      'Every instance of Google Cloud could log in, since the audience is chosen by whoever asks for the token: set allowedProjectIDs or allowedServiceAccounts'
    report({ code: 'pin_missing', path: [], message })
    return undefined
  }
  if (context.exactPins && allowedServiceAccounts === undefined) {
    const message = 'Every instance of the projects could log in as an issuer: set allowedServiceAccounts'
    report({ code: 'pin_missing', path: [], message })
  }
  const own: GcpPins = {
    allowedProjectIDs,
    allowedZones,
    allowedRegions,
    allowedServiceAccounts,
    allowNonComputeTokens,
  }
  const audiences = allowedAudiences ?? context.defaultAudiences
  const scoped = allowedServiceAccounts !== undefined
  return {
    scoped,
    unfixed: scoped ? [] : ['gcp_iit.service_account.email'],
    proves: [
      ...(allowNonComputeTokens
        ? []
        : ['project_id', 'project_number', 'zone', 'instance_id', 'instance_name', 'instance_creation_timestamp']),
      ...(scoped ? ['service_account.email'] : []),
    ].map((name) => `gcp_iit.${name}`),
    pins: { issuer: GOOGLE_ISSUER, audiences, maxLifetimeSeconds: TOKEN_LIFETIME_DEFAULT_SECONDS, own },
  }
}
