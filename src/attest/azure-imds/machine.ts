// What an attested document proves of its machine.
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import type { Json } from '../../core/json.ts'
import type { Check } from '../check.ts'
import { checkMaxAge } from '../max-age.ts'
import { checkListed } from '../oidc/list-check.ts'
import type { AzureImdsPins } from './config.ts'

export interface Machine {
  readonly vmId: string
  readonly subscriptionId: string
  /** Since the document was signed, when the machine logged in. Absent in a session that did not record it. */
  readonly ageSeconds: number | undefined
}

export function* checkMachine({ subscriptionId, ageSeconds }: Machine, pins: AzureImdsPins): Generator<Check> {
  const subscription = { name: 'subscription', field: 'allowedSubscriptionIDs', what: 'the subscription' } as const
  yield* checkListed(
    { ...subscription, code: 'subscription_not_allowed', expected: pins.subscriptionIDs },
    subscriptionId,
  )
  yield* checkMaxAge(ageSeconds, {
    maxAgeSeconds: pins.maxAgeSeconds,
    since: 'since it was signed',
    describe: (age) => `the document was signed ${age} ago, longer than the policy allows: ask for another one`,
  })
}

const VM = 'azure_imds.vm.id'
const SUBSCRIPTION = 'azure_imds.subscription.id'

export function listMachineAttributes(
  { vmId, subscriptionId }: Machine,
  pins: AzureImdsPins | undefined,
): readonly Attribute[] {
  const own = (name: string, value: string): Attribute => ({ origin: 'azure_imds', name, value })
  const tenant = pins?.tenantID
  return [
    own(VM, vmId),
    own(SUBSCRIPTION, subscriptionId),
    ...(tenant === undefined ? [] : [own('azure_imds.tenant.id', tenant)]),
  ]
}

export function restoreMachine(
  attributes: Attributes,
  recorded: Json | undefined,
): { readonly facts: Machine } | undefined {
  const [vmId, subscriptionId] = [attributes.get(VM), attributes.get(SUBSCRIPTION)]
  if (typeof vmId !== 'string' || typeof subscriptionId !== 'string') return undefined
  return { facts: { vmId, subscriptionId, ageSeconds: typeof recorded === 'number' ? recorded : undefined } }
}
