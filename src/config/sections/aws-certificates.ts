// Section AWSCertificates: the regional certificates that verify instance identity documents. They are configuration,
// so a rotated certificate needs no release.
import * as v from 'valibot'
import type { AwsCertificates } from '../../attest/shared-sections.ts'
import { decodeBase64 } from '../../core/base64.ts'
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

type ReadCertificate =
  | { readonly der: Uint8Array<ArrayBuffer>; readonly base64: string }
  /** Completes `Cannot read the certificate: ...`. */
  | { readonly fault: string }

const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'

/**
 * Reads one certificate in PEM (RFC 7468 section 5). Checks the encoding; the attestor that uses it checks the content.
 */
function readCertificate(pem: string): ReadCertificate {
  const lines = pem
    .trim()
    .split('\n')
    .map((line) => line.trim())
  if (lines[0] !== BEGIN) return { fault: `expected ${BEGIN} as the first line` }
  if (lines.at(-1) !== END || lines.length < 3) return { fault: `expected ${END} as the last line` }
  if (lines.indexOf(END) !== lines.length - 1)
    return { fault: 'it contains more than one certificate; list each as an item of its own' }
  const base64 = lines.slice(1, -1).join('')
  const der = decodeBase64(base64)
  if (der === undefined) return { fault: 'the content between the BEGIN and END lines is not base64' }
  return isOneSequence(der) ? { der, base64 } : { fault: 'the decoded content is not exactly one DER SEQUENCE' }
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
