// The certificate of an endorsement key (TCG EK Credential Profile, section 3): by whom, for which key, and of which manufacturer.
import { type Certificate, formatSerial, readCertificate, readNameText } from '../../certificate/certificate.ts'
import { KEY_USAGE, validateChain } from '../../certificate/chain.ts'
import { OID } from '../../certificate/object-ids.ts'
import { decodeBase64 } from '../../core/base64.ts'
import { CLAIM_VALUE_MAX_LENGTH } from '../../core/limits.ts'
import { hasControl } from '../../core/printable.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'

/** The certificate of the EK, and those of its issuers in turn. */
export type EkChain = readonly [Certificate, ...Certificate[]]

export interface EkCertificateFacts {
  /** Lower-case hex. */
  readonly serialNumber: string
  /** Such as `id:4E544300`. */
  readonly manufacturer: string | undefined
}

/** Reads a chain of DER in base64; refuses with `certificate_malformed`. */
export function readEkChain(first: string, others: readonly string[]): Checked<EkChain> {
  const read: Certificate[] = []
  for (const [index, text] of [first, ...others].entries()) {
    const der = decodeBase64(text)
    const certificate = der && readCertificate(der)
    const where = index === 0 ? 'ekCertificate' : `intermediates[${index - 1}]`
    const detail = `the field ${where} is not exactly one certificate in DER, as base64: a file of tpm2_nvread may have bytes after it`
    if (certificate === undefined) return refuse({ code: 'certificate_malformed', where, detail })
    read.push(certificate)
  }
  return pass(read as [Certificate, ...Certificate[]])
}

/** Verifies that the certificate is one of an EK, and leads to an authority of the policy. */
export async function verifyEkChain(
  chain: EkChain,
  authorities: readonly Certificate[],
  time: { readonly nowSeconds: number; readonly skewSeconds: number },
): Promise<Checked<{ readonly facts: EkCertificateFacts; readonly notAfter: number }>> {
  const [leaf] = chain
  const names = leaf.directoryNames.map((name) => readNameText(name, OID.tpmManufacturer))
  const manufacturer = names.find((name) => name !== undefined)
  const misuse = findMisuse(leaf, manufacturer)
  if (misuse !== undefined)
    return refuse({ code: 'certificate_unusable', detail: `the certificate of the EK ${misuse}` })
  const validated = await validateChain(chain, authorities, time)
  if (!validated.ok)
    return refuse({
      code: validated.fault,
      detail: `the certificate of the EK cannot be used: ${validated.why}: send the certificates between it and an authority of the policy as intermediates`,
    })
  return pass({ facts: { serialNumber: formatSerial(leaf), manufacturer }, notAfter: validated.notAfter })
}

/** The authorities of manufacturers issue other certificates as well. */
function findMisuse(
  { key, basicConstraints, keyUsage, extendedKeyUsage }: Certificate,
  manufacturer: string | undefined,
): string | undefined {
  if (basicConstraints?.isAuthority === true) return 'is that of an authority'
  if (extendedKeyUsage?.includes(OID.ekCertificate) !== true) return 'is not for an EK (extendedKeyUsage 2.23.133.8.1)'
  const usage = key?.kind === 'RSA' ? KEY_USAGE.keyEncipherment : KEY_USAGE.keyAgreement
  if (keyUsage !== undefined && !keyUsage.has(usage)) return 'may not protect keys (keyUsage)'
  const isLong = manufacturer !== undefined && manufacturer.length > CLAIM_VALUE_MAX_LENGTH
  return isLong || hasControl(manufacturer ?? '')
    ? 'has a manufacturer that is too long or has control characters'
    : undefined
}
