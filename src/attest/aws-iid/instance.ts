// What an identity document proves of its instance, and what follows from it by the naming rules of AWS.
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import { parseAnyInstantSeconds } from '../../core/instant.ts'
import type { Json } from '../../core/json.ts'
import type { Check } from '../check.ts'
import { checkMaxAge } from '../max-age.ts'
import { checkListed } from '../oidc/list-check.ts'
import type { AwsIidPins } from './config.ts'
import type { IdentityDocument } from './document.ts'

export interface InstanceFacts {
  readonly document: IdentityDocument
  /** Since the start of the instance, when it logged in. Absent in a session that did not record it. */
  readonly ageSeconds: number | undefined
}

export function* checkAwsIid({ document, ageSeconds }: InstanceFacts, pins: AwsIidPins): Generator<Check> {
  const account = { name: 'account', field: 'allowedAccountIDs', what: 'the account' } as const
  yield* checkListed({ ...account, code: 'account_not_allowed', expected: pins.accountIDs }, document.accountId)
  const region = { name: 'region', field: 'allowedRegions', what: 'the region' } as const
  yield* checkListed({ ...region, code: 'region_not_allowed', expected: pins.regions }, document.region)
  yield* checkMaxAge(ageSeconds, {
    maxAgeSeconds: pins.maxAgeSeconds,
    since: 'since the start of the instance',
    describe: (age) => `the instance was started ${age} ago, longer than the policy allows`,
  })
}

/** By the names that {@link restoreInstance} reads. */
const NAMES = {
  accountId: 'aws_iid.account.id',
  instanceId: 'aws_iid.ec2.instance.id',
  region: 'aws_iid.ec2.instance.region',
  availabilityZone: 'aws_iid.ec2.instance.availability_zone',
  imageId: 'aws_iid.ec2.instance.image_id',
  instanceType: 'aws_iid.ec2.instance.instance_type',
  pendingTime: 'aws_iid.ec2.instance.pending_time',
} as const
const PRIVATE_IP = 'aws_iid.ec2.instance.private_ip'

export function listInstanceAttributes({ document }: InstanceFacts): readonly Attribute[] {
  const own = (name: string, value: Attribute['value']): Attribute => ({ origin: 'aws_iid', name, value })
  const facts = Object.entries(NAMES).map(([field, name]) => own(name, document[field as keyof typeof NAMES]))
  if (document.privateIp !== undefined) facts.push(own(PRIVATE_IP, document.privateIp))
  return [...facts, own('aws_iid.ec2.instance.private_dns_names', listPrivateNames(document))]
}

/**
 * The two host names that EC2 may have given the instance (EC2 User Guide, "EC2 instance hostnames and domains"), derived
 * from its address and its id. Nodes of EKS and kubeadm clusters on AWS have one of them.
 */
export function listPrivateNames({ privateIp, instanceId, region }: IdentityDocument): readonly string[] {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`
  const byId = `${instanceId}.${domain}`
  return privateIp === undefined ? [byId] : [`ip-${privateIp.replaceAll('.', '-')}.${domain}`, byId]
}

export function restoreInstance(
  attributes: Attributes,
  recorded: Json | undefined,
): { readonly facts: InstanceFacts } | undefined {
  const read: Record<string, string> = Object.create(null)
  for (const [field, name] of Object.entries(NAMES)) {
    const value = attributes.get(name)
    if (typeof value !== 'string') return undefined
    read[field] = value
  }
  // Every field has just been found.
  const fields = read as Readonly<Record<keyof typeof NAMES, string>>
  const privateIp = attributes.get(PRIVATE_IP)
  const document: IdentityDocument = {
    ...fields,
    pendingSeconds: parseAnyInstantSeconds(fields.pendingTime) ?? Number.NaN,
    privateIp: typeof privateIp === 'string' ? privateIp : undefined,
  }
  return { facts: { document, ageSeconds: typeof recorded === 'number' ? recorded : undefined } }
}
