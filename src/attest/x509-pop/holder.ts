// Who holds the key of a certificate, as attributes: read from the certificate, and back from a session.
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import { makeAttributeName } from '../../attribute/catalogue.ts'
import type { Certificate } from '../../certificate/certificate.ts'
import { CLAIM_VALUE_MAX_LENGTH } from '../../core/limits.ts'
import { hasControl } from '../../core/printable.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { Check } from '../check.ts'
import { checkListed } from '../oidc/list-check.ts'
import type { X509PopPins } from './config.ts'

export interface Holder {
  readonly commonName: string | undefined
  /** Lower-case hex. */
  readonly serialNumber: string
  /** Of each authority of the chain the serial number, and its SHA-1 fingerprint. */
  readonly authorities: readonly (readonly [serial: string, fingerprint: string])[]
  /** Of each name `x509pop://<trust domain>/<type>/<value>` the attribute and its value. */
  readonly names: readonly (readonly [attribute: string, value: string])[]
}

/** Reads the names of this trust domain; those of others are not for this gateway, and are passed over. */
export function readHolderNames(
  { uris, commonName }: Pick<Certificate, 'uris' | 'commonName'>,
  trustDomain: string,
): Checked<Holder['names']> {
  if (commonName !== undefined && (commonName.length > CLAIM_VALUE_MAX_LENGTH || hasControl(commonName)))
    return unusable('has a common name that is too long or has control characters')
  const prefix = `x509pop://${trustDomain}/`
  const names = new Map<string, string>()
  for (const uri of uris) {
    if (!uri.startsWith(prefix)) continue
    const [, type, value] = /^([^/?#]+)\/([^?#]+)$/.exec(uri.slice(prefix.length)) ?? []
    const attribute = type === undefined ? undefined : makeAttributeName('x509_pop.san.<type>', type)
    if (attribute === undefined || value === undefined || value.length > CLAIM_VALUE_MAX_LENGTH)
      return unusable('has a name x509pop://... that is not of the form x509pop://<trust domain>/<type>/<value>')
    // Which of the two would count?
    if (names.has(attribute)) return unusable(`has two names x509pop://... of the type ${type}`)
    names.set(attribute, value)
  }
  return pass([...names])
}

function unusable(what: string): Checked<never> {
  return refuse({ code: 'certificate_unusable', detail: `the certificate ${what}`, where: 'certificates' })
}

export function* checkHolder({ commonName }: Holder, { commonNames }: X509PopPins): Generator<Check> {
  yield* checkListed(
    {
      name: 'common name',
      field: 'allowedCommonNames',
      what: 'the common name',
      code: 'common_name_not_allowed',
      expected: commonNames,
      globs: true,
    },
    commonName,
    'the certificate has none',
  )
}

const COMMON_NAME = 'x509_pop.subject.common_name'
const SERIAL_NUMBER = 'x509_pop.serial_number'

export function listHolderAttributes({ commonName, serialNumber, authorities, names }: Holder): readonly Attribute[] {
  const own = (name: string, value: string): Attribute => ({ origin: 'x509_pop', name, value })
  const issuers = authorities.flatMap(([serial, print]) => {
    const name = makeAttributeName('x509_pop.ca.<serial>', serial)
    return name === undefined ? [] : [own(name, print)]
  })
  return [
    ...(commonName === undefined ? [] : [own(COMMON_NAME, commonName)]),
    own(SERIAL_NUMBER, serialNumber),
    ...issuers,
    ...names.map(([name, value]) => own(name, value)),
  ]
}

export function restoreHolder(attributes: Attributes): { readonly facts: Holder } | undefined {
  const [serialNumber, commonName] = [attributes.get(SERIAL_NUMBER), attributes.get(COMMON_NAME)]
  if (typeof serialNumber !== 'string') return undefined
  const name = typeof commonName === 'string' ? commonName : undefined
  return { facts: { commonName: name, serialNumber, authorities: [], names: [] } }
}
