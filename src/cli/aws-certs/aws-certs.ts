// `postern aws-certs`: turns the page that AWS publishes into the section AWSCertificates, and compares it with the certificates
// that are known, so that a page that was tampered with, or one of another partition, is seen.

import { encodeHex } from '../../core/bytes.ts'
import { sha256 } from '../../core/digest.ts'
import { formatInstantSeconds } from '../../core/instant.ts'
import { DOCUMENT_MAX_BYTES } from '../../core/limits.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import { EXIT, type ExitCode, type Io, Stop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { readDocumentFile } from '../document.ts'
import { KNOWN_CERTIFICATES } from './known-certificates.ts'
import { type RegionCertificate, readRegionsPage } from './regions-page.ts'

export const awsCerts = defineCommand({
  name: 'aws-certs',
  summary: "Turn AWS's page of region certificates into the section AWSCertificates, and compare them",
  arguments: [['<page>', 'regions-certs.md of the EC2 User Guide, as Markdown; "-" for the standard input']],
  options: {},
  run: ([page], _values, io) => runAwsCerts(page, io),
})

async function runAwsCerts(page: string, io: Io): Promise<ExitCode> {
  const bytes = page === '-' ? await io.input(DOCUMENT_MAX_BYTES) : await readDocumentFile(page, io)
  const text = bytes === undefined ? undefined : decodeUtf8(bytes)
  const certificates = readRegionsPage(text ?? '')
  if (certificates.length === 0)
    throw new Stop(
      EXIT.refused,
      'The page has no certificate of a region that can verify a document: expected the Markdown of https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/regions-certs.html, with a heading for each region',
    )
  io.out(formatSection(certificates))
  const unlike = await compare(certificates, io)
  return unlike ? EXIT.refused : EXIT.done
}

function formatSection(certificates: readonly RegionCertificate[]): string {
  const items = certificates.map(({ region, pem, certificate: { notAfter } }) => {
    const lines = pem.trimEnd().replace(/^/gm, '        ')
    return `    - region: ${region} # until ${formatInstantSeconds(notAfter)}\n      pem: |\n${lines}\n`
  })
  return `section: AWSCertificates\nschema: v1\nspec:\n  certificates:\n${items.join('')}`
}

/** Says how the certificates compare with the known ones; whether a known region has another one. */
async function compare(certificates: readonly RegionCertificate[], io: Io): Promise<boolean> {
  const same = new Set<string>()
  const other = new Map<string, string>()
  for (const { region, certificate } of certificates) {
    const fingerprint = encodeHex(await sha256(certificate.der))
    if (KNOWN_CERTIFICATES[region] === fingerprint) same.add(region)
    else other.set(region, fingerprint)
  }
  const known = Object.keys(KNOWN_CERTIFICATES)
  const missing = known.filter((region) => !same.has(region) && !other.has(region))
  io.err(`${same.size} of ${known.length} known regions have the certificate that is known for them\n`)
  if (missing.length > 0) io.err(`not on the page: ${missing.join(', ')}\n`)
  let isUnlike = false
  for (const [region, fingerprint] of other) {
    const isKnown = Object.hasOwn(KNOWN_CERTIFICATES, region)
    isUnlike ||= isKnown
    const what = isKnown
      ? 'has a certificate that is not the one known for it. Make sure that AWS has published it before you store the section'
      : 'is new: compare its certificate with the page as you see it in a browser'
    io.err(`${region} ${what} (SHA-256 ${fingerprint})\n`)
  }
  return isUnlike
}
