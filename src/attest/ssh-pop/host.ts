// What a host certificate, or a pinned host key, proves.
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Check } from '../check.ts'
import { matchesGlob } from '../glob.ts'
import type { SshPopPins } from './config.ts'

export interface SshHost {
  readonly kind: 'host_cert' | 'host_key'
  readonly keyType: string
  /** Of a certificate its key id, of a key its fingerprint. */
  readonly keyId: string
  /** The rest is of a certificate. */
  readonly serial?: string
  readonly principals: readonly string[]
  readonly validAfter?: string
  readonly validBefore?: string
}

/** The principals as the policy means them: those of its domain, without it. */
export function listHostNames(
  { principals }: Pick<SshHost, 'principals'>,
  { canonicalDomain }: Pick<SshPopPins, 'canonicalDomain'>,
): readonly string[] {
  if (canonicalDomain === undefined) return principals
  const suffix = `.${canonicalDomain}`
  return principals.flatMap((one) => (one.endsWith(suffix) && one !== suffix ? [one.slice(0, -suffix.length)] : []))
}

export function* checkHost(host: SshHost, pins: SshPopPins): Generator<Check> {
  const { canonicalDomain, principals } = pins
  const names = listHostNames(host, pins)
  if (canonicalDomain !== undefined && host.kind === 'host_cert')
    yield makeCheck('canonical domain', [canonicalDomain], host.principals, names.length > 0, {
      detail: 'no principal of the certificate is in the domain that the policy requires',
      audit: { canonicalDomain },
    })
  if (principals === undefined) return
  const isAllowed = names.some((name) => principals.some((pattern) => matchesGlob(pattern, name)))
  yield makeCheck('principals', principals, names, isAllowed, {
    detail:
      names.length === 0
        ? 'the evidence has no principal, and the policy requires one'
        : 'no principal of the certificate is allowed to log in',
    audit: { allowedPrincipals: principals },
  })
}

function makeCheck(
  name: string,
  expected: readonly string[],
  actual: readonly string[],
  isAllowed: boolean,
  refused: Omit<Refusal, 'code'>,
): Check {
  const refusal: Refusal = { code: 'host_name_not_allowed', ...refused }
  return { name, expected, actual: actual.length === 0 ? undefined : actual, refusal: isAllowed ? undefined : refusal }
}

const NAMES = {
  kind: 'ssh_pop.type',
  keyType: 'ssh_pop.key.type',
  keyId: 'ssh_pop.key.id',
  serial: 'ssh_pop.serial',
  validAfter: 'ssh_pop.valid.after',
  validBefore: 'ssh_pop.valid.before',
} as const
const PRINCIPAL = 'ssh_pop.principal'

export function listHostAttributes(host: SshHost, pins: SshPopPins | undefined): readonly Attribute[] {
  const principals = pins === undefined ? host.principals : listHostNames(host, pins)
  const single = Object.entries(NAMES).flatMap(([field, name]) => {
    const value = host[field as keyof typeof NAMES]
    return value === undefined || value === '' ? [] : [{ origin: 'ssh_pop', name, value }]
  })
  return principals.length === 0 ? single : [...single, { origin: 'ssh_pop', name: PRINCIPAL, value: principals }]
}

/** A session keeps all principals, also those of other domains: the domain of its policy may change. */
export function restoreHost(attributes: Attributes, recorded: unknown): { readonly facts: SshHost } | undefined {
  const kind = attributes.get(NAMES.kind)
  const [keyType, keyId] = [attributes.get(NAMES.keyType), attributes.get(NAMES.keyId)]
  if ((kind !== 'host_cert' && kind !== 'host_key') || typeof keyType !== 'string') return undefined
  const listed = Array.isArray(recorded) ? recorded : attributes.get(PRINCIPAL)
  const principals = Array.isArray(listed) ? listed.filter((one): one is string => typeof one === 'string') : []
  return { facts: { kind, keyType, keyId: typeof keyId === 'string' ? keyId : '', principals } }
}
