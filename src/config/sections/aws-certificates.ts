// Section AWSCertificates: the regional certificates that verify instance identity documents. They are configuration,
// so a rotated certificate needs no release.
import * as v from 'valibot'
import type { AwsCertificates } from '../../attest/shared-sections.ts'
import { type PemBlock, readPemBlock } from '../../certificate/pem.ts'
import { PEM_MAX_LENGTH } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { SALVAGED } from './salvaged.ts'
import { defineSection, type SectionRow } from './section.ts'

const specSchema = v.strictObject({
  certificates: v.pipe(
    v.array(
      v.strictObject({
        region: v.pipe(v.string(), v.description('AWS region, for example us-east-1')),
        pem: v.pipe(v.string(), v.maxLength(PEM_MAX_LENGTH), v.description('One certificate, in PEM')),
      }),
    ),
    v.nonEmpty(),
    v.metadata(SALVAGED),
    v.description('The certificates that AWS publishes for each region'),
  ),
})

const REGION = /^[a-z]{2,8}(?:-[a-z]{2,16}){1,3}-[0-9]{1,2}$/

export const awsCertificates: SectionRow<AwsCertificates> = defineSection({
  scopes: ['trust-domain'],
  description: 'The regional AWS certificates that verify instance identity documents',
  spec: specSchema,
  compile({ certificates }, _context, report) {
    const regions = new Map<string, Uint8Array<ArrayBuffer>[]>()
    const seen = new Set<string>()
    for (const [index, certificate] of certificates.entries()) {
      if (certificate === undefined) continue
      const { region, pem } = certificate
      const path = ['certificates', index]
      if (!REGION.test(region)) {
        const message = `Cannot use ${quoteText(region)} as an AWS region: expected a name such as us-east-1`
        report({ code: 'value_invalid', path: [...path, 'region'], message })
      }
      const read = readCertificate(pem)
      if ('fault' in read) {
        report({ code: 'value_invalid', path: [...path, 'pem'], message: `Cannot read the certificate: ${read.fault}` })
        continue
      }
      const identity = `${region}\n${read.base64}`
      if (seen.has(identity)) {
        const message = `Cannot list the same certificate of ${quoteText(region)} twice: remove one`
        report({ code: 'value_invalid', path, message })
      }
      seen.add(identity)
      const list = regions.get(region)
      if (list === undefined) regions.set(region, [read.der])
      else list.push(read.der)
    }
    return regions
  },
})

/**
 * Reads one certificate in PEM (RFC 7468 section 5). Checks the encoding; the attestor that uses it checks the content.
 */
function readCertificate(pem: string): PemBlock {
  const read = readPemBlock(pem, 'CERTIFICATE')
  if ('fault' in read || isOneSequence(read.der)) return read
  return { fault: 'the decoded content is not exactly one DER SEQUENCE' }
}

/** Whether the bytes are exactly one SEQUENCE of definite length (X.690 section 8.1.3), as a certificate is. */
function isOneSequence(der: Uint8Array): boolean {
  const first = der[1]
  if (der[0] !== 0x30 || first === undefined) return false
  if (first < 0x80) return der.length === 2 + first
  const count = first & 0x7f
  if (count === 0 || count > 3 || der.length < 2 + count) return false
  let length = 0
  for (const byte of der.subarray(2, 2 + count)) length = length * 256 + byte
  return der.length === 2 + count + length
}
