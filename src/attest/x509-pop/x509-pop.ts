// `x509_pop`: a certificate of the host, and a signature by its key over the challenge of this login.
import * as v from 'valibot'
import { type Certificate, formatSerial, readCertificate } from '../../certificate/certificate.ts'
import { KEY_USAGE, validateChain } from '../../certificate/chain.ts'
import { OID } from '../../certificate/object-ids.ts'
import { readPemBlocks } from '../../certificate/pem.ts'
import { verifyWith } from '../../certificate/signature-check.ts'
import { encodeHex } from '../../core/bytes.ts'
import { CERTIFICATE_CHAIN_MAX, PEM_MAX_LENGTH } from '../../core/limits.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import type { Attestor } from '../attestor.ts'
import { pickClaimed } from '../claimed.ts'
import {
  type Authorities,
  compileX509Pop,
  type X509PopConfig,
  type X509PopPins,
  x509PopConfigSchema,
} from './config.ts'
import { checkHolder, type Holder, listHolderAttributes, readHolderNames, restoreHolder } from './holder.ts'
import { PROOF_ALGORITHMS, type Proof, type ProofAlgorithm, readProof } from './proof.ts'

interface X509PopShapes {
  evidence: { readonly certificates: string; readonly alg: ProofAlgorithm; readonly signature: string }
  config: X509PopConfig
  pins: X509PopPins
  anchor: Authorities
  opened: { readonly chain: readonly [Certificate, ...Certificate[]]; readonly proof: Proof; readonly message: string }
  facts: Holder
  request: never
  secret: null
}

export const x509Pop: Attestor<X509PopShapes> = {
  type: 'x509_pop',
  words: {
    evidence: 'a certificate with a proof of its key',
    summary:
      'An X.509 certificate that leads to an authority of the policy (RFC 5280), and a signature by its key over a challenge of this gateway. It proves who holds the key now: the common name, the serial number, and the names `x509pop://<trust domain>/<type>/<value>`. Certificates are not looked up in lists of revoked ones: use short-lived ones, or an entry of `Revocations`.',
  },
  evidenceSchema: v.strictObject({
    certificates: v.pipe(
      v.string(),
      v.nonEmpty(),
      v.maxLength(CERTIFICATE_CHAIN_MAX * PEM_MAX_LENGTH),
      v.description('The certificate and its issuers in turn, in PEM'),
    ),
    alg: v.pipe(v.picklist(PROOF_ALGORITHMS), v.description('How the signature was made (RFC 7518, RFC 8037)')),
    signature: v.pipe(v.string(), v.nonEmpty(), v.maxLength(4096), v.description('In base64')),
  }),
  configSchema: x509PopConfigSchema,
  configOptional: false,
  compile: compileX509Pop,
  challenge: async () => pass({ published: {}, secret: null }),

  open({ certificates, alg, signature }, challenge) {
    const chain = readChain(certificates)
    if (!chain.ok) return chain
    const [leaf] = chain.value
    const proof = readProof(alg, signature, leaf)
    if (!proof.ok) return proof
    if (challenge === undefined) throw new Error('a row with challenges was opened without one')
    const value = { chain: chain.value, proof: proof.value, message: challenge.message }
    return pass({ digestible: challenge.id, value })
  },

  readClaimed({ certificates }) {
    const chain = readChain(certificates)
    if (!chain.ok) return {}
    const [leaf] = chain.value
    return pickClaimed({ subject: leaf.commonName, serialNumber: formatSerial(leaf) })
  },

  async verify({ chain, proof, message }, { value: { authorities, trustDomain } }, _pins, context) {
    const [leaf] = chain
    const misuse = findMisuse(leaf)
    if (misuse !== undefined)
      return refuse({ code: 'certificate_unusable', detail: `the certificate ${misuse}: use one for clients` })
    if (leaf.key === undefined || !(await verifyWith(leaf.key, proof.scheme, proof.signature, encodeUtf8(message))))
      return refuse({
        code: 'signature_invalid',
        detail:
          'the signature is not by the key of the certificate over this challenge: sign the five lines that the documentation gives',
      })
    const validated = await validateChain(chain, authorities, context)
    if (!validated.ok) return refuse({ code: validated.fault, detail: `the chain cannot be used: ${validated.why}` })
    const names = readHolderNames(leaf, trustDomain)
    if (!names.ok) return names
    const [, ...issuers] = validated.path
    const authoritiesUsed = await Promise.all(
      issuers.map(async (issuer) => [formatSerial(issuer), await fingerprint(issuer)] as const),
    )
    const facts: Holder = {
      commonName: leaf.commonName,
      serialNumber: formatSerial(leaf),
      authorities: authoritiesUsed,
      names: names.value,
    }
    return pass({ expiresAtSeconds: validated.notAfter, facts })
  },

  checks: checkHolder,
  attributes: listHolderAttributes,
  restore: restoreHolder,
}

function readChain(pem: string): Checked<readonly [Certificate, ...Certificate[]]> {
  const blocks = readPemBlocks(pem, 'CERTIFICATE')
  const read: Certificate[] = []
  for (const [index, block] of blocks.slice(0, CERTIFICATE_CHAIN_MAX + 1).entries()) {
    const certificate = 'der' in block ? readCertificate(block.der) : undefined
    if (certificate === undefined) {
      const why = 'fault' in block ? block.fault : 'it is not exactly one certificate in DER'
      const detail = `certificate ${index + 1} of the field certificates cannot be read: ${why}`
      return refuse({ code: 'certificate_malformed', where: 'certificates', detail })
    }
    read.push(certificate)
  }
  const [leaf, ...others] = read
  if (leaf === undefined || blocks.length > CERTIFICATE_CHAIN_MAX)
    return refuse({
      code: 'certificate_malformed',
      where: 'certificates',
      detail: `the field certificates has more than ${CERTIFICATE_CHAIN_MAX} certificates: leave out those that others do not need`,
    })
  return pass([leaf, ...others])
}

/** Why the certificate is not one of a client (RFC 5280 sections 4.2.1.3, 4.2.1.9 and 4.2.1.12). */
function findMisuse({ basicConstraints, keyUsage, extendedKeyUsage }: Certificate): string | undefined {
  if (basicConstraints?.isAuthority === true) return 'is that of an authority'
  if (keyUsage !== undefined && !keyUsage.has(KEY_USAGE.digitalSignature)) return 'may not sign (keyUsage)'
  const isClient = extendedKeyUsage?.some((oid) => oid === OID.clientAuth || oid === OID.anyExtendedKeyUsage)
  return isClient === false ? 'is not for authentication of clients (extendedKeyUsage)' : undefined
}

/** SHA-1 of the certificate, which the documentation of the attribute asks for: a name for it, and no proof of anything. */
async function fingerprint({ der }: Certificate): Promise<string> {
  return encodeHex(new Uint8Array(await crypto.subtle.digest('SHA-1', der)))
}
