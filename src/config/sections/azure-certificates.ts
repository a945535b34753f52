// Section AzureCertificates: the authorities that attested documents of Azure lead to. They are configuration, so that
// Microsoft's next intermediate needs no release, and nothing is fetched that evidence names.
import * as v from 'valibot'
import type { AzureCertificates } from '../../attest/shared-sections.ts'
import { type Certificate, readCertificate } from '../../certificate/certificate.ts'
import { readPemBlock } from '../../certificate/pem.ts'
import { CERTIFICATE_AUTHORITIES_MAX, PEM_MAX_LENGTH } from '../../core/limits.ts'
import { SALVAGED } from './salvaged.ts'
import { defineSection, type SectionRow } from './section.ts'

const certificatesSchema = (description: string) =>
  v.pipe(
    v.array(v.pipe(v.string(), v.nonEmpty(), v.maxLength(PEM_MAX_LENGTH))),
    v.nonEmpty(),
    v.maxLength(CERTIFICATE_AUTHORITIES_MAX),
    v.metadata(SALVAGED),
    v.description(description),
  )

const specSchema = v.strictObject({
  roots: certificatesSchema('Certificates that a chain may end at, one in PEM each'),
  intermediates: v.optional(
    certificatesSchema('Certificates between them and the signers, one in PEM each; agents may send others'),
  ),
})

export const azureCertificates: SectionRow<AzureCertificates> = defineSection({
  scopes: ['trust-domain'],
  description: 'The authorities that attested documents of Azure lead to',
  spec: specSchema,
  compile({ roots, intermediates = [] }, _context, report) {
    const read = (field: string, texts: readonly string[]): readonly Certificate[] =>
      texts.flatMap((text, index) => {
        if (text === undefined) return []
        const block = readPemBlock(text, 'CERTIFICATE')
        const certificate = 'der' in block ? readCertificate(block.der) : undefined
        const fault =
          'fault' in block
            ? block.fault
            : certificate === undefined
              ? 'it is not exactly one certificate in DER'
              : certificate.basicConstraints?.isAuthority === true
                ? undefined
                : 'it is not that of an authority (basicConstraints CA:TRUE)'
        if (fault === undefined && certificate !== undefined) return [certificate]
        report({ code: 'value_invalid', path: [field, index], message: `Cannot use the certificate: ${fault}` })
        return []
      })
    return { roots: read('roots', roots), intermediates: read('intermediates', intermediates) }
  },
})
