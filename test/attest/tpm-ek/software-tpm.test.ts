// A software TPM (swtpm) and tpm2-tools: what the gateway makes is opened by that TPM and by no other, and it logs in.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attributesOf, createProofWorld, type ProofWorld, saidBy } from '../proof-world.ts'
import {
  AK_ATTRIBUTES,
  EK_KINDS,
  type EkKind,
  openTpmAuthority,
  SOFTWARE_TPM,
  type SoftwareTpm,
  startTpm,
  type TpmAuthority,
} from './software-tpm.ts'

/** A software TPM takes seconds for a key of RSA, and more on a machine that is busy. */
const SLOW = 120_000

let proof: ProofWorld
let authority: TpmAuthority
let tpm: SoftwareTpm
let other: SoftwareTpm
beforeAll(async () => {
  if (!SOFTWARE_TPM) return
  proof = await createProofWorld('tpm_ek')
  authority = openTpmAuthority()
  tpm = await startTpm(authority)
  other = await startTpm()
}, SLOW)
afterAll(async () => {
  tpm?.stop()
  other?.stop()
  authority?.remove()
  await proof?.world.stop()
})

async function ask(by: SoftwareTpm, kind: EkKind) {
  const { credential = '', ...given } = await proof.challenge('c-1', by.keys(kind))
  return { credential, ...given }
}

describe.skipIf(!SOFTWARE_TPM)('a software TPM', () => {
  it.each(EK_KINDS)(
    'opens what is made for its EK (%s), and logs in',
    async (kind) => {
      proof.putPolicy({ allowedHashes: [tpm.hash(kind)] })
      const { credential, challenge, message } = await ask(tpm, kind)
      const answer = tpm.answer(kind, credential, message)
      expect(await attributesOf(proof.logIn({ answer }, challenge))).toEqual({ 'tpm_ek.public_hash': tpm.hash(kind) })
    },
    SLOW,
  )

  it.each(['rsa', 'ecc'] as const)(
    'does not open what is made for another one (%s)',
    async (kind) => {
      proof.putPolicy({ allowedHashes: [tpm.hash(kind)] })
      other.keys(kind)
      const { credential, challenge, message } = await ask(tpm, kind)
      expect(() => other.activate(kind, credential)).toThrow('tpm2_activatecredential')
      const { credential: own } = await ask(other, kind)
      expect(await saidBy(proof.logIn({ answer: other.answer(kind, own, message) }, challenge))).toBe(
        '401 tpm_ek_unproved',
      )
    },
    SLOW,
  )

  it(
    'does not open what has been changed',
    async () => {
      proof.putPolicy({ allowedHashes: [tpm.hash('ecc')] })
      const { credential } = await ask(tpm, 'ecc')
      const bytes = Buffer.from(credential, 'base64')
      for (const at of [12, 50, bytes.length - 1]) {
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ 1
        expect(() => tpm.activate('ecc', changed.toString('base64'))).toThrow('tpm2_activatecredential')
      }
      expect(tpm.activate('ecc', credential)).toHaveLength(32)
    },
    SLOW,
  )

  it.each(['rsa', 'p384'] as const)(
    'proves what the certificate of its EK says (%s)',
    async (kind) => {
      proof.putPolicy({ certAuthorities: [authority.issuer()] })
      const { credential, challenge, message } = await ask(tpm, kind)
      const evidence = { answer: tpm.answer(kind, credential, message), ekCertificate: tpm.certificate(kind) }
      const attributes = await attributesOf(proof.logIn(evidence, challenge))
      expect(attributes).toEqual({
        'tpm_ek.public_hash': tpm.hash(kind),
        'tpm_ek.serial_number': expect.stringMatching(/^[0-9a-f]{2}$/),
        'tpm_ek.manufacturer': expect.stringMatching(/^id:[0-9A-F]{8}$/),
      })
    },
    SLOW,
  )

  it(
    'sends the issuer of its certificate where the policy has the root',
    async () => {
      proof.putPolicy({ certAuthorities: [authority.root()] })
      const { credential, challenge, message } = await ask(tpm, 'rsa')
      const evidence = { answer: tpm.answer('rsa', credential, message), ekCertificate: tpm.certificate('rsa') }
      expect(await saidBy(proof.logIn(evidence, challenge))).toBe('401 certificate_not_trusted')
      const intermediates = [authority.issuer().replace(/-----.*-----|\n/g, '')]
      expect(await saidBy(proof.logIn({ ...evidence, intermediates }, challenge))).toBe('admitted')
    },
    SLOW,
  )

  it.each(['fixedtpm', 'restricted'])(
    'may not use a key without %s as its AK',
    async (attribute) => {
      proof.putPolicy({ allowedHashes: [tpm.hash('ecc')] })
      const attributes = AK_ATTRIBUTES.split('|').filter((one) => one !== attribute)
      // A key that may leave its TPM may leave its parent as well.
      const made = attribute === 'fixedtpm' ? attributes.filter((one) => one !== 'fixedparent') : attributes
      tpm.run(
        'createprimary',
        '-C',
        'o',
        '-G',
        'ecc256:null:aes128cfb',
        '-a',
        'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt',
        '-c',
        'parent',
      )
      tpm.run('create', '-C', 'parent', '-G', 'ecc256:ecdsa-sha256:null', '-a', made.join('|'), '-u', 'loose.pub')
      const ak = tpm.read('loose.pub')
      const request = JSON.stringify({ type: 'tpm_ek', request: { ...tpm.keys('ecc'), ak } })
      const { body } = await proof.world.post('/v1/clusters/c-1/challenge', request)
      expect([body.code, body['detail']]).toEqual([
        'login_refused',
        `the field ak does not have the attribute ${attribute}`,
      ])
    },
    SLOW,
  )
})
