// `tpm_ek`: a TPM opens a credential that is made for its endorsement key and for a restricted key in the same TPM (TPM 2.0 Library,
// Part 1, section 24). What it opens is never sent: the agent keys an HMAC of this login's challenge with it.
import * as v from 'valibot'
import { formatSerial } from '../../certificate/certificate.ts'
import { decodeBase64, decodeBase64url, encodeBase64, encodeBase64url } from '../../core/base64.ts'
import { encodeHex } from '../../core/bytes.ts'
import { sha256 } from '../../core/digest.ts'
import { CERTIFICATE_CHAIN_MAX, CERTIFICATE_MAX_BYTES, TPM_PUBLIC_MAX_BYTES } from '../../core/limits.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import type { Attestor } from '../attestor.ts'
import { compileTpmEk, type EkAuthorities, type TpmEkConfig, type TpmEkPins, tpmEkConfigSchema } from './config.ts'
import { checkDevice, listDeviceAttributes, restoreDevice, type TpmDevice } from './device.ts'
import { type EkChain, readEkChain, verifyEkChain } from './ek-certificate.ts'
import { makeCredential } from './make-credential.ts'
import { findAkFault, findEkFault, readPublicText, writeSpki } from './tpm-keys.ts'

type Bytes = Uint8Array<ArrayBuffer>

interface TpmEkShapes {
  evidence: {
    readonly answer: string
    readonly ekCertificate?: string | undefined
    readonly intermediates?: readonly string[] | undefined
  }
  config: TpmEkConfig
  pins: TpmEkPins
  anchor: EkAuthorities
  opened: {
    /** The SubjectPublicKeyInfo of the EK that the credential was made for. */
    readonly spki: Bytes
    readonly chain: EkChain | undefined
    readonly secret: Bytes
    readonly answer: Bytes
    readonly message: string
  }
  facts: TpmDevice
  request: { readonly ek: string; readonly ak: string }
  secret: string
}

/** As long as the shortest hash of an EK, which is the most that a credential may have. */
const SECRET_BYTES = 32

const publicSchema = (what: string) =>
  v.pipe(
    v.string(),
    v.maxLength(2 * TPM_PUBLIC_MAX_BYTES),
    v.custom<string>(
      (text) => typeof text === 'string' && readPublicText(text) !== undefined,
      'a public area of RSA, P-256 or P-384, as tpm2_readpublic -o writes it (TPM2B_PUBLIC), in base64',
    ),
    v.description(`The public area of ${what} (TPM2B_PUBLIC), in base64`),
  )
const certificateSchema = v.pipe(v.string(), v.nonEmpty(), v.maxLength(2 * CERTIFICATE_MAX_BYTES))

export const tpmEk: Attestor<TpmEkShapes> = {
  type: 'tpm_ek',
  words: {
    evidence: 'an answer of a TPM',
    summary:
      'A TPM 2.0 that opens a credential of this gateway with its endorsement key (EK), while it holds a key that never leaves it. It proves which TPM the machine has: the hash of its EK, and with a certificate of the EK its serial number and manufacturer. It says nothing of what the machine has booted, and any program that may use the TPM, which is root, can make it.',
    unscoped: {
      admits: 'every TPM with a certificate of these authorities could log in, anywhere in the world',
      next: 'set allowedHashes, or require a second attestor',
    },
  },
  evidenceSchema: v.strictObject({
    answer: v.pipe(
      v.string(),
      v.nonEmpty(),
      v.maxLength(128),
      v.description('HMAC-SHA-256 of the five lines, keyed with what the TPM opened, in base64'),
    ),
    ekCertificate: v.optional(v.pipe(certificateSchema, v.description('The certificate of the EK, as DER in base64'))),
    intermediates: v.optional(
      v.pipe(
        v.array(certificateSchema),
        v.maxLength(CERTIFICATE_CHAIN_MAX - 1),
        v.description('The issuers of that certificate in turn, as DER in base64'),
      ),
    ),
  }),
  configSchema: tpmEkConfigSchema,
  configOptional: false,
  compile: compileTpmEk,
  challengeSchema: v.strictObject({ ek: publicSchema('the endorsement key'), ak: publicSchema('an attestation key') }),

  async challenge(request) {
    const [ek, ak] = [readPublicText(request.ek), readPublicText(request.ak)]
    if (ek === undefined || ak === undefined) throw new Error('a public area that was checked cannot be read')
    const ekFault = findEkFault(ek)
    if (ekFault !== undefined) return refuseKey('ek', ekFault)
    const akFault = findAkFault(ak)
    if (akFault !== undefined) return refuseKey('ak', akFault)
    const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES))
    const credential = await makeCredential(ek, ak, secret)
    if (credential === undefined) return refuseKey('ek', 'is no key: its numbers are not those of one')
    return pass({ published: { credential: encodeBase64(credential) }, secret: encodeBase64url(secret) })
  },

  open({ answer: text, ekCertificate, intermediates = [] }, challenge) {
    const answer = decodeBase64(text)
    if (answer?.length !== SECRET_BYTES)
      return refuse({
        code: 'proof_malformed',
        where: 'answer',
        detail: 'the field answer is not an HMAC-SHA-256 (32 bytes) in base64',
      })
    const chain = ekCertificate === undefined ? undefined : readEkChain(ekCertificate, intermediates)
    if (chain?.ok === false) return chain
    if (challenge === undefined) throw new Error('a row with challenges was opened without one')
    const [ek, secret] = [readPublicText(challenge.request.ek), decodeBase64url(challenge.secret)]
    if (ek === undefined || secret === undefined) throw new Error('a challenge of this gateway cannot be read')
    const spki = writeSpki(ek)
    const key = chain?.value[0].key
    if (chain !== undefined && (key === undefined || encodeHex(key.spki) !== encodeHex(spki)))
      return refuse({
        code: 'certificate_unusable',
        where: 'ekCertificate',
        detail: 'the certificate is not that of the EK that the challenge was requested with',
      })
    return pass({
      digestible: challenge.id,
      value: { spki, chain: chain?.value, secret, answer, message: challenge.message },
    })
  },

  readClaimed({ ekCertificate }) {
    const chain = ekCertificate === undefined ? undefined : readEkChain(ekCertificate, [])
    return chain?.ok === true ? { serialNumber: formatSerial(chain.value[0]) } : {}
  },

  async verify({ spki, chain, secret, answer, message }, { value: authorities }, _pins, context) {
    const hmac = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', secret, hmac, false, ['verify'])
    // Compared in constant time, as Web Cryptography asks (section 31.6.2).
    if (!(await crypto.subtle.verify('HMAC', key, answer, encodeUtf8(message))))
      return refuse({
        code: 'tpm_ek_unproved',
        detail:
          'the answer is not made with what the TPM opens for this challenge: key the HMAC with the output of tpm2_activatecredential, over the five lines that the documentation gives',
      })
    const publicHash = encodeHex(await sha256(spki))
    // A certificate that no authority of the policy stands behind says nothing.
    if (authorities === undefined) return pass({ expiresAtSeconds: Number.POSITIVE_INFINITY, facts: { publicHash } })
    if (chain === undefined)
      return refuse({
        code: 'certificate_not_trusted',
        where: 'ekCertificate',
        detail: 'the policy requires a certificate of the EK: send it in the field ekCertificate',
      })
    const verified = await verifyEkChain(chain, authorities, context)
    if (!verified.ok) return verified
    const { facts, notAfter } = verified.value
    return pass({ expiresAtSeconds: notAfter, facts: { publicHash, ...facts } })
  },

  checks: checkDevice,
  attributes: listDeviceAttributes,
  restore: restoreDevice,
}

function refuseKey(field: 'ek' | 'ak', fault: string): Checked<never> {
  return refuse({ code: 'tpm_key_unusable', where: field, detail: `the field ${field} ${fault}` })
}
