// The checks of a managed identity's token. Issuer, tenant, audience and identity belong together: each is checked
// against one entry of `tenants`, and never one against this entry and another against that.
import { quoteText } from '../../core/printable.ts'
import type { RefusalCode } from '../../core/refusal.ts'
import type { Check } from '../check.ts'
import { checkListed } from '../oidc/list-check.ts'
import { type AzureClaims, describeAzure } from './claims.ts'

export interface TenantPin {
  readonly tenantID: string
  readonly principalID: string | undefined
  readonly audience: string
  readonly issuers: readonly string[]
}

export interface AzurePins {
  readonly tenants: readonly TenantPin[]
  readonly allowedSubscriptionIDs: readonly string[] | undefined
  readonly allowedResourceGroups: readonly string[] | undefined
  readonly allowedResourceTypes: readonly string[] | undefined
}

export function* checkAzure(own: AzureClaims, pins: AzurePins): Generator<Check> {
  const { tenant, principal, issuer, audiences, resource } = own
  const ofTenant = pins.tenants.filter((one) => one.tenantID === tenant && one.issuers.includes(issuer))
  yield makeCheck(
    'tenant',
    pins.tenants.map(({ tenantID }) => tenantID),
    tenant,
    ofTenant.length > 0,
    'tenant_not_allowed',
    `the tenant ${quoteText(tenant)} is not allowed to log in with a token of this issuer`,
    'tenants',
  )
  const forAudience = ofTenant.filter(({ audience }) => audiences.includes(audience))
  yield makeCheck(
    'audience of the tenant',
    ofTenant.map(({ audience }) => audience),
    audiences,
    forAudience.length > 0,
    'audience_mismatch',
    'the audience of the token is accepted of another tenant only',
    'audience',
  )
  const admitted = forAudience.filter(({ principalID }) => principalID === undefined || principalID === principal)
  yield makeCheck(
    'identity',
    forAudience.map(({ principalID }) => principalID ?? 'any'),
    principal,
    admitted.length > 0,
    'principal_not_allowed',
    `the managed identity ${quoteText(principal)} is not allowed to log in (${describeAzure(own)})`,
    'principalID',
  )
  const absent = `the token names no resource (${describeAzure(own)})`
  yield* checkListed(
    {
      name: 'subscription',
      field: 'allowedSubscriptionIDs',
      what: 'the subscription',
      code: 'subscription_not_allowed',
      expected: pins.allowedSubscriptionIDs,
    },
    resource?.subscription,
    absent,
  )
  yield* checkListed(
    {
      name: 'resource group',
      field: 'allowedResourceGroups',
      what: 'the resource group',
      code: 'resource_group_not_allowed',
      expected: pins.allowedResourceGroups,
    },
    resource?.resourceGroup,
    absent,
  )
  yield* checkListed(
    {
      name: 'resource type',
      field: 'allowedResourceTypes',
      what: 'the resource type',
      code: 'resource_type_not_allowed',
      expected: pins.allowedResourceTypes,
    },
    resource?.type,
    absent,
  )
}

function makeCheck(
  name: string,
  expected: readonly string[],
  actual: Check['actual'],
  holds: boolean,
  code: RefusalCode,
  detail: string,
  field: string,
): Check {
  return { name, expected, actual, refusal: holds ? undefined : { code, detail, audit: { [field]: expected } } }
}
