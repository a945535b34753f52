// The claims of an access token of a managed identity (Microsoft Entra), of version 1.0 or 2.0.
import type { Attributes } from '../../attribute/attribute.ts'
import { isJsonObject, type Json } from '../../core/json.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { ParsedToken } from '../../token/parse.ts'
import { listClaimAttributes, restoreClaims, textOf } from '../oidc/claim-attributes.ts'
import { type ClaimShape, readTypedClaims } from '../oidc/typed-claims.ts'
import { type ArmId, parseArmId } from './arm-id.ts'

const SHAPE = {
  tid: 'text',
  oid: 'text',
  idtyp: '?text',
  ver: '?text',
  appid: '?text',
  azp: '?text',
  xms_mirid: '?text',
  xms_az_rid: '?text',
} as const satisfies ClaimShape

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const USER_ASSIGNED = 'microsoft.managedidentity/userassignedidentities'

export interface AzureClaims {
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly tenant: string
  readonly principal: string
  /** `1.0` or `2.0`; only for explanations. */
  readonly version: string
  /** What has the identity: a machine, a scale set, a container group. */
  readonly resource: ArmId | undefined
  readonly identity: { readonly kind: 'system' | 'user'; readonly name: string } | undefined
}

export function readAzure({ claims, issuer, audiences }: ParsedToken): Checked<AzureClaims> {
  const read = readTypedClaims(claims, SHAPE)
  if (!read.ok) return read
  const { tid, oid, idtyp, ver, xms_mirid: identityId, xms_az_rid: resourceId } = read.value
  for (const [where, value] of Object.entries({ tid, oid })) {
    if (UUID.test(value)) continue
    return refuse({
      code: 'claim_malformed',
      where,
      detail: `JWT verification failed: the claim ${where} must be a UUID in lower case`,
    })
  }
  // A user's delegated token has an `oid` too, and an audience that some application registered.
  if (idtyp !== 'app') {
    return refuse({
      code: 'identity_not_managed',
      where: 'idtyp',
      detail:
        'JWT verification failed: the token is not that of an application (idtyp is not "app"): ask the metadata service of the machine for a token of its managed identity',
    })
  }
  const identityArm = readArmId(identityId, 'xms_mirid')
  if (!identityArm.ok) return identityArm
  const resourceArm = readArmId(resourceId, 'xms_az_rid')
  if (!resourceArm.ok) return resourceArm
  const isUser = identityArm.value?.type === USER_ASSIGNED
  return pass({
    issuer,
    audiences,
    tenant: tid,
    principal: oid,
    version: ver ?? 'unknown',
    // A system-assigned identity is named by what has it; a user-assigned one by itself, and what has it is apart.
    resource: resourceArm.value ?? (isUser ? undefined : identityArm.value),
    identity: identityArm.value && { kind: isUser ? 'user' : 'system', name: identityArm.value.name },
  })
}

function readArmId(text: string | undefined, where: string): Checked<ArmId | undefined> {
  if (text === undefined) return pass(undefined)
  const id = parseArmId(text)
  if (id !== undefined) return pass(id)
  return refuse({
    code: 'claim_malformed',
    where,
    detail: `JWT verification failed: the claim ${where} is not the id of an Azure resource`,
  })
}

export function describeAzure({ version, resource, identity }: AzureClaims): string {
  const what = resource === undefined ? 'no resource' : `${resource.type} ${resource.name}`
  return `version ${version}, ${identity?.kind ?? 'no'} identity, ${what}`
}

export function listAzureAttributes(issuer: string, { tenant, principal, resource, identity }: AzureClaims) {
  return listClaimAttributes('azure_msi', issuer, {
    'tenant.id': tenant,
    'identity.principal_id': principal,
    'identity.kind': identity?.kind,
    'identity.name': identity?.name,
    'subscription.id': resource?.subscription,
    resource_group: resource?.resourceGroup,
    'resource.type': resource?.type,
    'resource.name': resource?.name,
  })
}

/** {@link listAzureAttributes} the other way round; `recorded` are the audiences, which each tenant has of its own. */
export function restoreAzure(
  attributes: Attributes,
  recorded: Json | undefined,
): { readonly issuer: string; readonly own: AzureClaims } | undefined {
  const restored = restoreClaims('azure_msi', attributes)
  if (restored === undefined) return undefined
  const { issuer, values } = restored
  const [tenant, principal] = [textOf(values, 'tenant.id'), textOf(values, 'identity.principal_id')]
  if (tenant === undefined || principal === undefined) return undefined
  const subscription = textOf(values, 'subscription.id')
  const kind = textOf(values, 'identity.kind')
  const kept = recorded !== undefined && isJsonObject(recorded) ? recorded : {}
  const audiences = Array.isArray(kept['audiences'])
    ? kept['audiences'].filter((one): one is string => typeof one === 'string')
    : []
  return {
    issuer,
    own: {
      issuer,
      audiences,
      tenant,
      principal,
      version: 'recorded',
      resource:
        subscription === undefined
          ? undefined
          : {
              subscription,
              resourceGroup: textOf(values, 'resource_group') ?? '',
              type: textOf(values, 'resource.type') ?? '',
              name: textOf(values, 'resource.name') ?? '',
            },
      identity:
        kind === 'system' || kind === 'user' ? { kind, name: textOf(values, 'identity.name') ?? '' } : undefined,
    },
  }
}
