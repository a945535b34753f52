// Path validation (RFC 5280 section 6.1) for chains that are handed over in order. Libraries leave rules of it out: that an
// intermediate is an authority, the length of the path, critical extensions that nobody understands.
import { encodeHex } from '../core/bytes.ts'
import { CERTIFICATE_CHAIN_MAX } from '../core/limits.ts'
import type { Certificate } from './certificate.ts'
import { verifyWith } from './signature-check.ts'

/** Numbers of bits of the key usage (section 4.2.1.3). */
export const KEY_USAGE = { digitalSignature: 0, keyEncipherment: 2, keyAgreement: 4, keyCertSign: 5 } as const

export type ChainFault =
  /** Outside its validity. */
  | 'certificate_expired'
  /** An algorithm, a key or a critical extension that is not accepted, or a certificate that may not do what it is used for. */
  | 'certificate_unusable'
  /** It does not lead to an authority of the configuration. */
  | 'certificate_not_trusted'

export type Chain =
  /** `path`: the certificates that were used, from the leaf to the authority of the configuration. */
  | { readonly ok: true; readonly path: readonly [Certificate, ...Certificate[]]; readonly notAfter: number }
  | { readonly ok: false; readonly fault: ChainFault; readonly why: string }

/**
 * Validates a chain.
 *
 * @param chain the leaf, then each certificate's issuer in turn; an authority of the configuration may end it
 * @param authorities those of the configuration, of any number
 * @param time seconds since 1970, and the accepted skew
 * @returns the path to an authority, or what is wrong with it, for the caller: it names only what the caller sent
 */
export async function validateChain(
  [leaf, ...given]: readonly [Certificate, ...Certificate[]],
  authorities: readonly Certificate[],
  time: { readonly nowSeconds: number; readonly skewSeconds: number },
): Promise<Chain> {
  if (given.length + 1 > CERTIFICATE_CHAIN_MAX)
    return refuse('certificate_not_trusted', `it has more than ${CERTIFICATE_CHAIN_MAX} certificates`)
  // Cheap checks of all of them before the first signature.
  const chain = [leaf, ...given]
  for (const [index, one] of chain.entries()) {
    const fault = findFault(one, index, time)
    if (fault !== undefined) return fault
  }
  for (const [index, one] of chain.entries()) {
    const authority = await findAuthority(one, authorities, index, time)
    if (authority !== undefined) {
      const path: [Certificate, ...Certificate[]] = [leaf, ...given.slice(0, index), authority]
      return { ok: true, path, notAfter: Math.min(...path.map(({ notAfter }) => notAfter)) }
    }
    const issuer = chain[index + 1]
    if (issuer === undefined) break
    const fault = findAuthorityFault(issuer, index)
    if (fault !== undefined) return refuse('certificate_unusable', `certificate ${index + 2} ${fault}`)
    if (!(await isIssuedBy(one, issuer)))
      return refuse('certificate_not_trusted', `certificate ${index + 1} is not issued by certificate ${index + 2}`)
  }
  return refuse('certificate_not_trusted', 'its last certificate is not issued by an authority that is accepted here')
}

function refuse(fault: ChainFault, why: string): Chain {
  return { ok: false, fault, why }
}

function findFault(
  { notBefore, notAfter, scheme, key, unknownCritical }: Certificate,
  index: number,
  { nowSeconds, skewSeconds }: { readonly nowSeconds: number; readonly skewSeconds: number },
): Chain | undefined {
  const which = `certificate ${index + 1}`
  if (nowSeconds + skewSeconds < notBefore) return refuse('certificate_expired', `${which} is not yet valid`)
  if (nowSeconds - skewSeconds >= notAfter) return refuse('certificate_expired', `${which} has expired`)
  if (scheme === undefined)
    return refuse(
      'certificate_unusable',
      `${which} is signed by an algorithm that is not accepted: use SHA-256 or better`,
    )
  if (key === undefined)
    return refuse(
      'certificate_unusable',
      `${which} has a key that is not accepted: use RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519`,
    )
  if (unknownCritical.length > 0)
    return refuse(
      'certificate_unusable',
      `${which} has a critical extension that is not known here (${unknownCritical[0]})`,
    )
  return undefined
}

/** Why a certificate must not have issued another. @param below how many intermediates are between it and the leaf */
function findAuthorityFault({ basicConstraints, keyUsage }: Certificate, below: number): string | undefined {
  if (basicConstraints?.isAuthority !== true) return 'is not that of an authority (basicConstraints)'
  if (keyUsage !== undefined && !keyUsage.has(KEY_USAGE.keyCertSign)) return 'may not sign certificates (keyUsage)'
  const { pathLength } = basicConstraints
  return pathLength !== undefined && below > pathLength
    ? 'allows fewer certificates below it (pathLenConstraint)'
    : undefined
}

/** Several may have the same name, also an empty one: the signature decides. */
async function findAuthority(
  issued: Certificate,
  authorities: readonly Certificate[],
  below: number,
  time: { readonly nowSeconds: number; readonly skewSeconds: number },
): Promise<Certificate | undefined> {
  for (const authority of authorities) {
    if (findFault(authority, below, time) !== undefined || findAuthorityFault(authority, below) !== undefined) continue
    if (await isIssuedBy(issued, authority)) return authority
  }
  return undefined
}

async function isIssuedBy(issued: Certificate, issuer: Certificate): Promise<boolean> {
  if (issued.scheme === undefined || issuer.key === undefined) return false
  if (encodeHex(issued.issuer) !== encodeHex(issuer.subject)) return false
  return verifyWith(issuer.key, issued.scheme, issued.signature, issued.signed)
}
