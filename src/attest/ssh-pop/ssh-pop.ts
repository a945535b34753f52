// `ssh_pop`: the host key of a machine, certified by an authority or pinned, and a signature by it over the challenge of this
// login, as `ssh-keygen -Y sign` writes it. Such a machine needs no other program.
import * as v from 'valibot'
import { digestBytes } from '../../core/digest.ts'
import { CLAIM_VALUE_MAX_LENGTH, NUMERIC_DATE_MAX_SECONDS, SSHSIG_MAX_LENGTH } from '../../core/limits.ts'
import { hasControl } from '../../core/printable.ts'
import type { Refusal, RefusalCode } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import type { AttestContext } from '../attest-context.ts'
import type { Attestor } from '../attestor.ts'
import { pickClaimed } from '../claimed.ts'
import { compileSshPop, type SshPopConfig, type SshPopPins, type SshTrust, sshPopConfigSchema } from './config.ts'
import { checkHost, listHostAttributes, restoreHost, type SshHost } from './host.ts'
import { type HostCertificate, isSshCertificate, readHostCertificate } from './ssh-certificate.ts'
import { readSshKey, type SshKey, verifySsh } from './ssh-key.ts'
import { readSshSignature, type SshSignature, writeSigned } from './sshsig.ts'

interface Opened {
  readonly signature: SshSignature
  readonly signer: { readonly certificate: HostCertificate } | { readonly key: SshKey }
  readonly message: string
}

interface SshPopShapes {
  evidence: { readonly signature: string }
  config: SshPopConfig
  pins: SshPopPins
  anchor: SshTrust
  opened: Opened
  facts: SshHost
  request: never
  secret: null
}

export const sshPop: Attestor<SshPopShapes> = {
  type: 'ssh_pop',
  words: {
    evidence: 'a signature by an SSH host key',
    summary:
      'A signature by the SSH host key of a machine over a challenge of this gateway, as `ssh-keygen -Y sign` writes it. The key has a host certificate of an authority of the policy, or is pinned itself. It proves the principals of the certificate, its key id and its serial number. Whoever may read the host key, which is root, can make it.',
  },
  evidenceSchema: v.strictObject({
    signature: v.pipe(
      v.string(),
      v.nonEmpty(),
      v.maxLength(SSHSIG_MAX_LENGTH),
      v.description('The file that ssh-keygen -Y sign writes'),
    ),
  }),
  configSchema: sshPopConfigSchema,
  configOptional: false,
  compile: compileSshPop,
  challenge: async () => pass({ published: {}, secret: null }),

  open({ signature: text }, challenge) {
    const opened = openSignature(text)
    if (!opened.ok) return opened
    if (challenge === undefined) throw new Error('a row with challenges was opened without one')
    return pass({ digestible: challenge.id, value: { ...opened.value, message: challenge.message } })
  },

  readClaimed({ signature }) {
    const opened = openSignature(signature)
    if (!opened.ok) return {}
    const { signer, signature: read } = opened.value
    if ('key' in signer) return pickClaimed({ keyId: fingerprint(read) })
    const { keyId, principals, serial } = signer.certificate
    return pickClaimed({ keyId, principals, serialNumber: String(serial) })
  },

  async verify({ signature, signer, message }, { value: trust }, _pins, context) {
    const { namespace } = signature
    if (namespace !== trust.namespace)
      return refuse({
        code: 'proof_namespace_mismatch',
        detail:
          'the signature has another namespace: sign with ssh-keygen -Y sign -n login@<trust domain of the gateway>',
        audit: { namespace: trust.namespace },
      })
    const known =
      'key' in signer
        ? checkPinned(signer.key, fingerprint(signature), trust)
        : await checkCertificate(signer.certificate, trust, context)
    if (!known.ok) return known
    const key = 'key' in signer ? signer.key : signer.certificate.key
    const signed = await writeSigned(signature, encodeUtf8(message))
    if (!(await verifySsh(key, signature.signature, signed))) return refuse(FORGED)
    return known
  },

  checks: checkHost,
  attributes: listHostAttributes,
  record: ({ principals }) => [...principals],
  restore: restoreHost,
}

function openSignature(text: string): Checked<Pick<Opened, 'signature' | 'signer'>> {
  const signature = readSshSignature(text)
  if (signature === undefined) return malformed('the field signature is not the file that ssh-keygen -Y sign writes')
  const { publicKey } = signature
  if (isSshCertificate(publicKey)) {
    const certificate = readHostCertificate(publicKey)
    if (certificate === undefined)
      return refuse({
        code: 'certificate_malformed',
        where: 'signature',
        detail:
          'the certificate of the signature is not a host certificate (ssh-keygen -h) of an accepted type: ed25519, ECDSA, or RSA of 2048 to 8192 bits',
      })
    const { keyId, principals } = certificate
    if ([keyId, ...principals].some((one) => one.length > CLAIM_VALUE_MAX_LENGTH || hasControl(one)))
      return refuse({
        code: 'certificate_malformed',
        where: 'signature',
        detail: 'the certificate has a key id or a principal that is too long or has control characters',
      })
    return pass({ signature, signer: { certificate } })
  }
  const key = readSshKey(publicKey)
  return key === undefined
    ? malformed('the key of the signature is of no accepted type: use ed25519, ECDSA, or RSA of 2048 to 8192 bits')
    : pass({ signature, signer: { key } })
}

function malformed(detail: string): Checked<never> {
  return refuse({ code: 'proof_malformed', where: 'signature', detail })
}

type Verified = Checked<{ readonly expiresAtSeconds: number; readonly facts: SshHost }>

function checkPinned(key: SshKey, print: string, { hostKeys }: SshTrust): Verified {
  if (!hostKeys.has(key.identity))
    return refuse({
      code: 'host_key_unknown',
      detail: `the host key ${print} has no certificate and is not one that a policy names: sign with the certificate (-f ...-cert.pub)`,
    })
  const facts: SshHost = { kind: 'host_key', keyType: key.type, keyId: print, principals: [] }
  return pass({ expiresAtSeconds: Number.POSITIVE_INFINITY, facts })
}

/** PROTOCOL.certkeys: the authority, the validity, the critical options, of which none is known for hosts. */
async function checkCertificate(
  certificate: HostCertificate,
  { authorities }: SshTrust,
  { nowSeconds, skewSeconds }: AttestContext,
): Promise<Verified> {
  const { authority, validAfter, validBefore, principals, criticalOptions, key, keyId, serial } = certificate
  const refuseIt = (code: RefusalCode, detail: string): Checked<never> => refuse({ code, detail })
  if (BigInt(nowSeconds + skewSeconds) < validAfter)
    return refuseIt('certificate_expired', 'the host certificate is not yet valid')
  if (BigInt(nowSeconds - skewSeconds) >= validBefore)
    return refuseIt('certificate_expired', 'the host certificate has expired')
  if (principals.length === 0)
    return refuseIt('certificate_unusable', 'the host certificate names no principal: make one with ssh-keygen -n')
  if (criticalOptions.length > 0)
    return refuseIt(
      'certificate_unusable',
      'the host certificate has a critical option, and none is known here for hosts',
    )
  if (!authorities.has(authority.identity))
    return refuseIt('certificate_not_trusted', 'the host certificate is not by an authority that a policy names')
  if (!(await verifySsh(authority, certificate.signature, certificate.signed)))
    return refuseIt(
      'certificate_not_trusted',
      'the signature of the authority does not hold, or is by SHA-1 (ssh-rsa): sign with ssh-keygen -s CA -t rsa-sha2-512',
    )
  const facts: SshHost = {
    kind: 'host_cert',
    keyType: key.type,
    keyId,
    serial: String(serial),
    principals,
    validAfter: String(validAfter),
    validBefore: String(validBefore),
  }
  const isForever = validBefore > BigInt(NUMERIC_DATE_MAX_SECONDS)
  return pass({ expiresAtSeconds: isForever ? Number.POSITIVE_INFINITY : Number(validBefore), facts })
}

/** As `ssh-keygen -l` prints it: SHA-256 of the key in base64, without padding. */
function fingerprint({ publicKey }: SshSignature): string {
  return `SHA256:${digestBytes(publicKey).replaceAll('-', '+').replaceAll('_', '/')}`
}

const FORGED: Refusal = {
  code: 'signature_invalid',
  detail:
    'the signature is not by that host key over this challenge: sign the five lines that the documentation gives, without a line break at their end',
}
