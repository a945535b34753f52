// What a TPM proves: which one it is, and what its certificate says of it.
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import type { Check } from '../check.ts'
import { checkListed } from '../oidc/list-check.ts'
import type { TpmEkPins } from './config.ts'
import type { EkCertificateFacts } from './ek-certificate.ts'

export interface TpmDevice extends Partial<EkCertificateFacts> {
  /** SHA-256 of the SubjectPublicKeyInfo of the EK, in lower-case hex. */
  readonly publicHash: string
}

export function* checkDevice({ publicHash }: TpmDevice, { hashes }: TpmEkPins): Generator<Check> {
  yield* checkListed(
    {
      name: 'EK hash',
      field: 'allowedHashes',
      what: 'the EK with the hash',
      code: 'ek_hash_not_allowed',
      expected: hashes,
    },
    publicHash,
  )
}

const [PUBLIC_HASH, SERIAL_NUMBER, MANUFACTURER] = ['public_hash', 'serial_number', 'manufacturer'].map(
  (name) => `tpm_ek.${name}`,
) as [string, string, string]

export function listDeviceAttributes({ publicHash, serialNumber, manufacturer }: TpmDevice): readonly Attribute[] {
  const values = { [PUBLIC_HASH]: publicHash, [SERIAL_NUMBER]: serialNumber, [MANUFACTURER]: manufacturer }
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ origin: 'tpm_ek', name, value }],
  )
}

export function restoreDevice(attributes: Attributes): { readonly facts: TpmDevice } | undefined {
  const [publicHash, serialNumber, manufacturer] = [PUBLIC_HASH, SERIAL_NUMBER, MANUFACTURER].map((name) => {
    const value = attributes.get(name)
    return typeof value === 'string' ? value : undefined
  })
  if (publicHash === undefined) return undefined
  return { facts: { publicHash, ...(serialNumber === undefined ? {} : { serialNumber, manufacturer }) } }
}
