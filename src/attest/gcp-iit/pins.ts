// The checks of a Google identity token.
import type { Check } from '../check.ts'
import { checkListed } from '../oidc/list-check.ts'
import { type GcpClaims, projectOf, regionOf } from './claims.ts'

export interface GcpPins {
  readonly allowedProjectIDs: readonly string[] | undefined
  readonly allowedZones: readonly string[] | undefined
  readonly allowedRegions: readonly string[] | undefined
  readonly allowedServiceAccounts: readonly string[] | undefined
  readonly allowNonComputeTokens: boolean
}

const NO_INSTANCE =
  'the token has no google.compute_engine block: on an instance ask the metadata server with format=full; tokens of GKE, Cloud Run and other runtimes never have it'

export function* checkGcp(own: GcpClaims, pins: GcpPins): Generator<Check> {
  const { compute, email } = own
  if (!pins.allowNonComputeTokens) {
    const refusal = {
      code: 'compute_claims_missing',
      detail: NO_INSTANCE,
      audit: { allowNonComputeTokens: false },
    } as const
    yield {
      name: 'instance',
      expected: 'a Compute Engine instance',
      actual: compute?.instance_id,
      refusal: compute === undefined ? refusal : undefined,
    }
  }
  yield* checkListed(
    {
      name: 'project',
      field: 'allowedProjectIDs',
      what: 'the project',
      code: 'project_not_allowed',
      expected: pins.allowedProjectIDs,
    },
    projectOf(own),
    'neither an instance nor the address of its service account names one',
  )
  yield* checkListed(
    { name: 'zone', field: 'allowedZones', what: 'the zone', code: 'zone_not_allowed', expected: pins.allowedZones },
    compute?.zone,
    NO_INSTANCE,
  )
  yield* checkListed(
    {
      name: 'region',
      field: 'allowedRegions',
      what: 'the region',
      code: 'region_not_allowed',
      expected: pins.allowedRegions,
    },
    compute === undefined ? undefined : regionOf(compute.zone),
    NO_INSTANCE,
  )
  yield* checkListed(
    {
      name: 'service account',
      field: 'allowedServiceAccounts',
      what: 'the service account',
      code: 'service_account_not_allowed',
      expected: pins.allowedServiceAccounts,
    },
    email,
    'the token has no verified address: ask for it with format=full',
  )
}
