// The certificate of an authority, as documents have it in PEM: what may be at the top of a chain.
import { type Certificate, readCertificate } from './certificate.ts'
import type { PemBlock } from './pem.ts'

export type ReadAuthority =
  | { readonly certificate: Certificate; readonly base64: string }
  /** A sentence for its author, without a full stop. */
  | { readonly fault: string }

/** Reads one block of PEM as the certificate of an authority with a key that is accepted. */
export function readAuthority(block: PemBlock): ReadAuthority {
  if ('fault' in block) return { fault: `Cannot read the certificate: ${block.fault}` }
  const certificate = readCertificate(block.der)
  if (certificate === undefined)
    return { fault: 'Cannot read the certificate: it is not exactly one certificate in DER' }
  if (certificate.basicConstraints?.isAuthority !== true)
    return { fault: 'Cannot use the certificate: it is not that of an authority (basicConstraints CA:TRUE)' }
  if (certificate.key === undefined)
    return {
      fault: 'Cannot use the certificate: its key is not RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519',
    }
  return { certificate, base64: block.base64 }
}
