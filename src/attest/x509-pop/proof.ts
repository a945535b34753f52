// The signature of a proof, in the encodings that `openssl` and JOSE libraries write.
import type { Certificate } from '../../certificate/certificate.ts'
import type { Scheme } from '../../certificate/signature-check.ts'
import { decodeBase64, decodeBase64url } from '../../core/base64.ts'
import { concatBytes } from '../../core/bytes.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'

export const PROOF_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const
export type ProofAlgorithm = (typeof PROOF_ALGORITHMS)[number]

/** Named by the agent, and never guessed. ES256, ES384 and ES512 each belong to one curve (RFC 7518 section 3.4). */
const SCHEMES: Readonly<Record<ProofAlgorithm, Scheme & { readonly curve?: string }>> = {
  RS256: { kind: 'RSA', padding: 'PKCS1', hash: 'SHA-256' },
  PS256: { kind: 'RSA', padding: 'PSS', hash: 'SHA-256' },
  ES256: { kind: 'EC', hash: 'SHA-256', curve: 'P-256' },
  ES384: { kind: 'EC', hash: 'SHA-384', curve: 'P-384' },
  ES512: { kind: 'EC', hash: 'SHA-512', curve: 'P-521' },
  EdDSA: { kind: 'Ed25519' },
}

export interface Proof {
  readonly scheme: Scheme
  /** As certificates hold signatures. */
  readonly signature: Uint8Array<ArrayBuffer>
}

/** Reads the signature; refuses what cannot be by the key of the certificate, before anything is verified. */
export function readProof(alg: ProofAlgorithm, text: string, { key }: Certificate): Checked<Proof> {
  const bytes = decodeBase64(text.replace(/[\r\n]+/g, '')) ?? decodeBase64url(text)
  if (bytes === undefined)
    return refuse({ code: 'proof_malformed', where: 'signature', detail: 'the field signature is not base64' })
  const { curve, ...scheme } = SCHEMES[alg]
  if (key === undefined)
    return refuse({
      code: 'certificate_unusable',
      where: 'certificates',
      detail:
        'the key of the certificate is not accepted: use RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519',
    })
  if (key.kind !== scheme.kind || (key.kind === 'EC' && key.curve !== curve))
    return refuse({
      code: 'proof_malformed',
      where: 'alg',
      detail: `the field alg is ${alg}, which is not for the key of the certificate (${key.kind === 'EC' ? key.curve : key.kind})`,
    })
  const isRaw = key.kind === 'EC' && bytes.length === 2 * key.bytes
  return pass({ scheme, signature: isRaw ? writeEcdsa(bytes, key.bytes) : bytes })
}

/** `r` and `s` side by side (RFC 7518 section 3.4) as the SEQUENCE of certificates and of openssl. */
function writeEcdsa(raw: Uint8Array<ArrayBuffer>, bytes: number): Uint8Array<ArrayBuffer> {
  const integers = concatBytes([writeInteger(raw.subarray(0, bytes)), writeInteger(raw.subarray(bytes))])
  const length = integers.length < 0x80 ? [integers.length] : [0x81, integers.length]
  return concatBytes([Uint8Array.from([0x30, ...length]), integers])
}

function writeInteger(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const shortest = bytes.subarray(start)
  const sign = (shortest[0] ?? 0) >= 0x80 ? [0] : []
  return concatBytes([Uint8Array.from([0x02, shortest.length + sign.length, ...sign]), shortest])
}
