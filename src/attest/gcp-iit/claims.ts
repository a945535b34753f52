// The claims of a Google identity token of a Compute Engine instance (`format=full`). A token of another runtime, or of
// `format=standard`, has the service account alone.
import type { Attributes } from '../../attribute/attribute.ts'
import type { Json } from '../../core/json.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { ParsedToken } from '../../token/parse.ts'
import { listClaimAttributes, restoreClaims, textOf } from '../oidc/claim-attributes.ts'
import { type ClaimShape, type ReadClaims, readTypedClaims } from '../oidc/typed-claims.ts'

const ACCOUNT = { sub: 'text', azp: '?text', email: '?text', email_verified: '?flag' } as const satisfies ClaimShape
const GOOGLE = { compute_engine: '?object' } as const satisfies ClaimShape
const COMPUTE = {
  project_id: 'text',
  project_number: 'integer',
  zone: 'text',
  instance_id: 'text',
  instance_name: 'text',
  instance_creation_timestamp: 'integer',
  instance_confidentiality: '?integer',
  license_id: '?texts',
} as const satisfies ClaimShape

export type ComputeClaims = ReadClaims<typeof COMPUTE>

export interface GcpClaims {
  readonly sub: string
  /** The service account, only if Google has verified it. */
  readonly email: string | undefined
  /** Absent in tokens of other runtimes, and of `format=standard`. */
  readonly compute: ComputeClaims | undefined
}

export function readGcp({ claims }: ParsedToken): Checked<GcpClaims> {
  const account = readTypedClaims(claims, ACCOUNT)
  if (!account.ok) return account
  const { sub, email, email_verified: isVerified } = account.value
  const verified = isVerified === true ? email : undefined
  if (claims['google'] === undefined) return pass({ sub, email: verified, compute: undefined })
  const outer = readTypedClaims(claims, { google: 'object' })
  const google = outer.ok ? readTypedClaims(outer.value.google, GOOGLE, 'google.') : outer
  if (!google.ok) return google
  const { compute_engine: block } = google.value
  if (block === undefined) return pass({ sub, email: verified, compute: undefined })
  const compute = readTypedClaims(block, COMPUTE, 'google.compute_engine.')
  if (!compute.ok) return compute
  if (!/^[0-9]{1,20}$/.test(compute.value.instance_id)) {
    const where = 'google.compute_engine.instance_id'
    return refuse({
      code: 'claim_malformed',
      where,
      detail: `JWT verification failed: the claim ${where} must be digits`,
    })
  }
  return pass({ sub, email: verified, compute: compute.value })
}

/** The region of a zone: `europe-west1` of `europe-west1-b`. */
export function regionOf(zone: string): string {
  return zone.slice(0, Math.max(0, zone.lastIndexOf('-')))
}

/** The project that a service account belongs to, as its address says: `name@PROJECT.iam.gserviceaccount.com`. */
export function projectOf({ email, compute }: GcpClaims): string | undefined {
  return compute?.project_id ?? /@([a-z][-a-z0-9:.]*)\.iam\.gserviceaccount\.com$/.exec(email ?? '')?.[1]
}

export function describeGcp(own: GcpClaims): string {
  const where = own.compute === undefined ? 'no google.compute_engine block' : `instance ${own.compute.instance_id}`
  return `${own.email ?? own.sub}, ${where}`
}

export function listGcpAttributes(issuer: string, own: GcpClaims) {
  const { sub, email, compute } = own
  const { instance_confidentiality: confidentiality, project_number: number, ...others } = compute ?? {}
  return listClaimAttributes('gcp_iit', issuer, {
    ...others,
    project_id: projectOf(own),
    project_number: number === undefined ? undefined : String(number),
    instance_confidentiality: confidentiality,
    'service_account.email': email,
    'service_account.id': sub,
  })
}

/** {@link listGcpAttributes} the other way round; `recorded` says whether the token had the block of Compute Engine. */
export function restoreGcp(
  attributes: Attributes,
  recorded: Json | undefined,
): { readonly issuer: string; readonly own: GcpClaims } | undefined {
  const restored = restoreClaims('gcp_iit', attributes)
  const sub = restored && textOf(restored.values, 'service_account.id')
  if (restored === undefined || sub === undefined) return undefined
  const { issuer, values } = restored
  const isCompute = recorded === undefined ? values['instance_id'] !== undefined : recorded === true
  const { project_number: number, instance_confidentiality: confidentiality, license_id: licenses } = values
  const compute = isCompute
    ? ({
        project_id: textOf(values, 'project_id') ?? '',
        project_number: Number(number),
        zone: textOf(values, 'zone') ?? '',
        instance_id: textOf(values, 'instance_id') ?? '',
        instance_name: textOf(values, 'instance_name') ?? '',
        instance_creation_timestamp: Number(values['instance_creation_timestamp']),
        instance_confidentiality: typeof confidentiality === 'number' ? confidentiality : undefined,
        license_id: Array.isArray(licenses) ? licenses : undefined,
      } satisfies ComputeClaims)
    : undefined
  return { issuer, own: { sub, email: textOf(values, 'service_account.email'), compute } }
}
