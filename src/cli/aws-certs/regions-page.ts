// Reads the page on which AWS publishes the certificates of its regions (EC2 User Guide, regions-certs.md), as Markdown:
// a heading for each region, and blocks of PEM under it. Titles of blocks are translated, and one of them is wrong, so that what
// a block contains decides.
import { type Certificate, readCertificate } from '../../certificate/certificate.ts'
import { readPemBlock } from '../../certificate/pem.ts'

export interface RegionCertificate {
  readonly region: string
  /** In PEM, with a newline at its end. */
  readonly pem: string
  readonly certificate: Certificate
}

/** The region is the last word of its heading, behind a dash and, in some translations, no blank. */
const HEADING = /^##\s+.*?([a-z]{2,8}(?:-[a-z]{2,16}){1,3}-[0-9]{1,2})\s*$/
const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'

/** The certificates whose key can verify a document of the endpoint `rsa2048`: RSA of 2048 bits or more, each once. */
export function readRegionsPage(text: string): readonly RegionCertificate[] {
  const found: RegionCertificate[] = []
  const seen = new Set<string>()
  let region: string | undefined
  let block: string[] | undefined
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    const heading = HEADING.exec(line)?.[1]
    if (heading !== undefined) region = heading
    if (line === BEGIN) block = []
    block?.push(line)
    if (line !== END || block === undefined) continue
    const pem = `${block.join('\n')}\n`
    block = undefined
    const read = readPemBlock(pem, 'CERTIFICATE')
    const certificate = 'der' in read ? readCertificate(read.der) : undefined
    if (region === undefined || certificate?.key?.kind !== 'RSA') continue
    const identity = `${region}\n${pem}`
    if (seen.has(identity)) continue
    seen.add(identity)
    found.push({ region, pem, certificate })
  }
  return found
}
