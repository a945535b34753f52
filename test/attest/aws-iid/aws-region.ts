// A region of AWS as far as identity documents go: a certificate with AWS's own name, and documents that openssl signs in the
// shape that AWS makes.
import { openOpenssl } from '../../openssl.ts'

export interface AwsRegion {
  /** The certificate of the region, in PEM. */
  pem(region: string): string
  /** The answer of the endpoint `rsa2048`. */
  sign(document: object | string, region: string, more?: SignOptions): string
  remove(): void
}

export interface SignOptions {
  /** Arguments of `openssl smime -sign` in place of those that make AWS's shape. */
  readonly flags?: readonly string[]
  /** `smime` by default; `cms` makes some shapes that it cannot. */
  readonly command?: 'smime' | 'cms'
  /** Who signs, by the name that {@link AwsRegion.pem} has made. */
  readonly signer?: string
}

/** As AWS's blobs: indefinite lengths, no certificates, NULL parameters, SHA-256. */
export const AWS_FLAGS = ['-binary', '-nodetach', '-indef', '-nocerts', '-nosmimecap', '-md', 'sha256'] as const

export function openAws(): AwsRegion {
  const openssl = openOpenssl()
  const made = new Map<string, string>()
  openssl.write(
    'aws.cnf',
    [
      '[req]',
      'string_mask = pkix',
      'distinguished_name = name',
      'prompt = no',
      'x509_extensions = extensions',
      '[name]',
      'C = US',
      'ST = Washington State',
      'L = Seattle',
      'O = Amazon Web Services LLC',
      '[extensions]',
      'keyUsage = digitalSignature',
      'subjectKeyIdentifier = hash',
      'basicConstraints = critical, CA:true, pathlen:0',
      '',
    ].join('\n'),
  )
  function pem(region: string): string {
    const known = made.get(region)
    if (known !== undefined) return known
    const bits = region.startsWith('weak') ? '1024' : '2048'
    const [key, certificate] = [`${region}.key`, `${region}.crt`]
    const serial = `0x${(0xb000_0000_0000 + made.size).toString(16)}`
    openssl.run(
      ...['req', '-x509', '-newkey', `rsa:${bits}`, '-nodes', '-config', 'aws.cnf', '-days', '3650', '-sha256'],
      ...['-set_serial', serial, '-keyout', key, '-out', certificate],
    )
    const text = openssl.readText(certificate)
    made.set(region, text)
    return text
  }
  return {
    pem,
    sign(document, region, { flags = AWS_FLAGS, command = 'smime', signer = region } = {}) {
      pem(signer)
      openssl.write('document', typeof document === 'string' ? document : JSON.stringify(document, undefined, 2))
      const der = openssl.run(
        ...[command, '-sign', ...flags, '-signer', `${signer}.crt`, '-inkey', `${signer}.key`],
        ...['-in', 'document', '-outform', 'DER'],
      )
      return wrap(der)
    },
    remove: openssl.remove,
  }
}

/** In lines of 76 characters, without armour. */
export function wrap(der: Uint8Array): string {
  return Buffer.from(der).toString('base64').replace(/.{76}/g, '$&\n')
}

export function unwrap(pkcs7: string): Buffer {
  return Buffer.from(pkcs7, 'base64')
}

export const DOCUMENT = {
  accountId: '123456789012',
  architecture: 'x86_64',
  availabilityZone: 'eu-west-1b',
  billingProducts: null,
  devpayProductCodes: null,
  marketplaceProductCodes: null,
  imageId: 'ami-0fa9e1f64142cde17',
  instanceId: 'i-1234567890abcdef0',
  instanceType: 't3.medium',
  kernelId: null,
  pendingTime: '2026-11-01T10:00:00Z',
  privateIp: '10.158.112.84',
  ramdiskId: null,
  region: 'eu-west-1',
  version: '2017-09-30',
} as const
