// Logins by a TPM: a valid one, and one thing changed in each case. What makes and opens credentials here is not the gateway's code.
import { createPrivateKey } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CERTIFICATE_CHAIN_MAX } from '../../../src/core/limits.ts'
import { OPENSSL } from '../../installed.ts'
import { attributesOf, createProofWorld, type ProofWorld, saidBy } from '../proof-world.ts'
import { AUTHORITY, KEYS, openX509Hosts, type X509Hosts } from '../x509-pop/x509-hosts.ts'
import {
  AK_ATTRIBUTES,
  EK_ATTRIBUTES,
  type MadeTpm,
  makeTpm,
  NONE,
  type PublicParts,
  SHA384,
  TPM_KINDS,
  writePublic,
} from './made-tpm.ts'
import { concat, sized, uint } from './tpm-bytes.ts'

let proof: ProofWorld
let tpm: MadeTpm
let hosts: X509Hosts
beforeAll(async () => {
  proof = await createProofWorld('tpm_ek')
  tpm = makeTpm()
  if (!OPENSSL) return
  hosts = openX509Hosts()
  hosts.make('root', { extensions: AUTHORITY })
  hosts.make('other-root', { extensions: AUTHORITY })
  hosts.make('middle', { issuer: 'root', extensions: AUTHORITY })
})
afterAll(async () => {
  await proof.world.stop()
  hosts?.tool.remove()
})

interface Try {
  readonly by?: MadeTpm
  readonly config?: object
  /** Opens the credential in place of `by`. */
  readonly opener?: MadeTpm
  readonly message?: (message: string) => string
  readonly change?: (evidence: Record<string, unknown>) => object
  readonly evidence?: object
}
async function logIn({ by = tpm, config, opener = by, message = (text) => text, change, evidence = {} }: Try = {}) {
  proof.putPolicy(config ?? { allowedHashes: [by.hash] })
  const given = await proof.challenge('c-1', by.request)
  const answer = opener.answer(given['credential'] ?? '', message(given.message))
  const sent = { answer, ...evidence }
  return proof.logIn(change?.(sent) ?? sent, given.challenge)
}

/** The status and the code that the caller reads, and the code and the sentence of the audit record. */
async function ask(request: object): Promise<readonly unknown[]> {
  proof.putPolicy({ allowedHashes: [tpm.hash] })
  const { status, body } = await proof.world.post(
    '/v1/clusters/c-1/challenge',
    JSON.stringify({ type: 'tpm_ek', request }),
  )
  return [status, body.code, body['detail']]
}

describe('a TPM', () => {
  it.each(TPM_KINDS)('with an EK of %s logs in, and proves its hash', async (kind) => {
    const by = makeTpm(kind)
    expect(await attributesOf(logIn({ by }))).toEqual({ 'tpm_ek.public_hash': by.hash })
  })

  it('gets another secret with each challenge', async () => {
    proof.putPolicy({ allowedHashes: [tpm.hash] })
    const [one, other] = [await proof.challenge('c-1', tpm.request), await proof.challenge('c-1', tpm.request)]
    const [first, second] = [one, other].map(({ credential }) => tpm.activate(credential ?? ''))
    expect([first?.length, second?.length, first?.equals(second ?? Buffer.alloc(0))]).toEqual([32, 32, false])
  })

  it('of another EK opens nothing, nor does this one while it holds another AK', async () => {
    proof.putPolicy({ allowedHashes: [tpm.hash] })
    const { credential = '' } = await proof.challenge('c-1', tpm.request)
    expect(() => makeTpm().activate(credential)).toThrow('integrity')
    expect(() => tpm.activate(credential, makeTpm().request.ak)).toThrow('integrity')
    expect(tpm.activate(credential)).toHaveLength(32)
  })

  it('cannot use the secret of another challenge', async () => {
    proof.putPolicy({ allowedHashes: [tpm.hash] })
    const [one, other] = [await proof.challenge('c-1', tpm.request), await proof.challenge('c-1', tpm.request)]
    const answer = tpm.answer(other['credential'] ?? '', one.message)
    expect(await saidBy(proof.logIn({ answer }, one.challenge))).toBe('401 tpm_ek_unproved')
  })

  it('logs in once by a challenge, and to no other cluster', async () => {
    proof.putPolicy({ allowedHashes: [tpm.hash] })
    const { challenge, message, ...given } = await proof.challenge('c-1', tpm.request)
    const answer = tpm.answer(given['credential'] ?? '', message)
    expect(await saidBy(proof.logIn({ answer }, challenge, 'c-2'))).toBe('401 challenge_mismatch')
    expect(await saidBy(proof.logIn({ answer }, challenge))).toBe('admitted')
    expect(await saidBy(proof.logIn({ answer }, challenge))).toBe('403 evidence_replayed')
  })

  it.each<[string, () => Try, string]>([
    ['another hash in the policy', () => ({ config: { allowedHashes: ['0'.repeat(64)] } }), '403 ek_hash_not_allowed'],
    [
      'its hash after another one in the policy',
      () => ({ config: { allowedHashes: ['0'.repeat(64), tpm.hash] } }),
      'admitted',
    ],
    [
      'another URL of the gateway',
      () => ({ message: (text) => text.replace('127.0.0.1', 'evil.example') }),
      '401 tpm_ek_unproved',
    ],
    [
      'an answer of the right length',
      () => ({ change: () => ({ answer: Buffer.alloc(32).toString('base64') }) }),
      '401 tpm_ek_unproved',
    ],
    [
      'an answer that is too short',
      () => ({ change: () => ({ answer: Buffer.alloc(31).toString('base64') }) }),
      '401 proof_malformed',
    ],
    [
      'an answer that is too long',
      () => ({ change: () => ({ answer: Buffer.alloc(33).toString('base64') }) }),
      '401 proof_malformed',
    ],
    ['an answer that is not base64', () => ({ change: () => ({ answer: '*' }) }), '401 proof_malformed'],
    ['no answer', () => ({ change: () => ({}) }), '400 request_malformed'],
    ['a certificate that is none', () => ({ evidence: { ekCertificate: 'AAAA' } }), '401 certificate_malformed'],
  ])('with %s is answered with %3$s', async (_what, change, said) => {
    expect(await saidBy(logIn(change()))).toBe(said)
  })
})

describe('the keys of a request', () => {
  const ek = (change: Partial<PublicParts>): object => ({ ...tpm.request, ek: writePublic({ ...tpm.ek, ...change }) })
  const ak = (change: Partial<PublicParts>): object => ({ ...tpm.request, ak: writePublic({ ...tpm.ak, ...change }) })
  const rsa = (bits: number): Partial<PublicParts> => ({
    type: uint(2, 1),
    scheme: concat(uint(2, 0x0014), uint(2, 0x000b)),
    parameters: concat(uint(2, bits), uint(4, 0)),
    unique: sized(Buffer.alloc(bits / 8, 0xff)),
  })
  const [EK, AK] = [
    'is not by a template for an EK of RSA-2048, P-256 or P-384: make it with tpm2_createek',
    'is not a signing key of RSA-2048 or more, P-256 or P-384 with a scheme: make it with tpm2_createak',
  ]

  it.each<[string, () => object, string | undefined]>([
    ['as a TPM has them', () => tpm.request, undefined],
    [
      'an EK without fixedtpm',
      () => ek({ attributes: EK_ATTRIBUTES & ~2 }),
      'the field ek does not have the attribute fixedtpm',
    ],
    [
      'an EK without fixedparent',
      () => ek({ attributes: EK_ATTRIBUTES & ~0x10 }),
      'the field ek does not have the attribute fixedparent',
    ],
    [
      'an EK without restricted',
      () => ek({ attributes: EK_ATTRIBUTES & ~0x10000 }),
      'the field ek does not have the attribute restricted',
    ],
    [
      'an EK without decrypt',
      () => ek({ attributes: EK_ATTRIBUTES & ~0x20000 }),
      'the field ek does not have the attribute decrypt',
    ],
    ['an EK that signs', () => ek({ attributes: EK_ATTRIBUTES | 0x40000 }), 'the field ek has the attribute sign'],
    ['an EK with the name by SHA-384', () => ek({ nameAlg: SHA384 }), `the field ek ${EK}`],
    ['an EK without AES', () => ek({ symmetric: NONE }), `the field ek ${EK}`],
    ['an EK with a scheme', () => ek({ scheme: tpm.ak.scheme }), `the field ek ${EK}`],
    ['an AK in place of the EK', () => ({ ...tpm.request, ek: tpm.request.ak }), `the field ek ${EK}`],
    [
      'an EK that is not on its curve',
      () => ek({ unique: concat(sized(Buffer.alloc(32, 1)), sized(Buffer.alloc(32, 2))) }),
      'the field ek is no key: its numbers are not those of one',
    ],
    [
      'an AK without fixedtpm',
      () => ak({ attributes: AK_ATTRIBUTES & ~2 }),
      'the field ak does not have the attribute fixedtpm',
    ],
    [
      'an AK without fixedparent',
      () => ak({ attributes: AK_ATTRIBUTES & ~0x10 }),
      'the field ak does not have the attribute fixedparent',
    ],
    [
      'an AK without sensitivedataorigin',
      () => ak({ attributes: AK_ATTRIBUTES & ~0x20 }),
      'the field ak does not have the attribute sensitivedataorigin',
    ],
    [
      'an AK without restricted',
      () => ak({ attributes: AK_ATTRIBUTES & ~0x10000 }),
      'the field ak does not have the attribute restricted',
    ],
    [
      'an AK without sign',
      () => ak({ attributes: AK_ATTRIBUTES & ~0x40000 }),
      'the field ak does not have the attribute sign',
    ],
    [
      'an AK that decrypts',
      () => ak({ attributes: AK_ATTRIBUTES | 0x20000 }),
      'the field ak has the attribute decrypt',
    ],
    ['an AK without a scheme', () => ak({ scheme: NONE }), `the field ak ${AK}`],
    ['an AK with AES', () => ak({ symmetric: tpm.ek.symmetric }), `the field ak ${AK}`],
    ['an AK of RSA-2048', () => ak(rsa(2048)), undefined],
    ['an AK of RSA-4096', () => ak(rsa(4096)), undefined],
    ['an AK of RSA-1024', () => ak(rsa(1024)), `the field ak ${AK}`],
    ['an EK in place of the AK', () => ({ ...tpm.request, ak: tpm.request.ek }), `the field ak ${AK}`],
  ])('%s', async (_what, request, detail) => {
    expect(await ask(request())).toEqual(
      detail === undefined ? [200, undefined, undefined] : [403, 'login_refused', detail],
    )
  })

  it('are refused with a code in the audit record', async () => {
    await ask({ ...tpm.request, ek: tpm.request.ak })
    expect(proof.world.records.at(-1)).toMatchObject({ code: 'login_refused', cause: 'tpm_key_unusable' })
  })

  it.each<[string, () => unknown]>([
    ['no request', () => undefined],
    ['no AK', () => ({ ek: tpm.request.ek })],
    ['one member more', () => ({ ...tpm.request, nonce: 'x' })],
    ['an EK that is not base64', () => ({ ...tpm.request, ek: '*' })],
    ['an AK that is no public area', () => ({ ...tpm.request, ak: 'AAAA' })],
  ])('%s is no request', async (_what, request) => {
    const body = JSON.stringify({ type: 'tpm_ek', request: request() })
    expect((await proof.world.post('/v1/clusters/c-1/challenge', body)).body.code).toBe('request_malformed')
  })
})

const EK = ['basicConstraints = CA:FALSE', 'extendedKeyUsage = 2.23.133.8.1', 'keyUsage = critical, keyAgreement']
const NAMES = ['subjectAltName = critical, dirName:tpm', '[tpm]', '1.2.23.133.2.1 = id:4E544300', '2.2.23.133.2.2 = x']

describe.skipIf(!OPENSSL)('a TPM with a certificate of its EK', () => {
  const made = new Map<string, MadeTpm>()
  /** A TPM whose EK is the key that openssl made for a certificate. */
  function certify(name: string, extensions: readonly string[], more: object = {}): MadeTpm {
    hosts.make(name, { issuer: 'middle', extensions, subject: '/', ...more })
    const known =
      made.get(name) ??
      makeTpm('key' in more ? 'RSA-2048' : 'P-256', createPrivateKey(hosts.tool.readText(`${name}.key`)))
    made.set(name, known)
    return known
  }
  const der = (name: string): string => hosts.pem(name).replace(/-----.*-----|\n/g, '')
  interface Certified {
    readonly extensions?: readonly string[]
    readonly more?: object
    readonly roots?: readonly string[]
    readonly send?: readonly string[]
    readonly config?: (by: MadeTpm) => object
    readonly evidence?: (evidence: Record<string, unknown>) => object
  }
  let count = 0
  async function logInCertified({
    extensions = [...EK, ...NAMES],
    more,
    roots = ['root'],
    send,
    config = () => ({}),
    evidence,
  }: Certified = {}) {
    const name = `ek-${count++}`
    const by = certify(name, extensions, more)
    const certAuthorities = roots.map((root) => hosts.pem(root))
    const [ekCertificate = '', ...intermediates] = (send ?? [name, 'middle']).map(der)
    const all = { ekCertificate, intermediates }
    return logIn({
      by,
      config: { certAuthorities, ...config(by) },
      evidence: all,
      ...(evidence === undefined ? {} : { change: evidence }),
    })
  }

  it('proves its hash, its serial number and its manufacturer', async () => {
    const attributes = await attributesOf(logInCertified())
    const serial = hosts.tool
      .run('x509', '-in', `ek-${count - 1}.crt`, '-noout', '-serial')
      .toString()
      .trim()
      .split('=')[1]
    expect(attributes).toEqual({
      'tpm_ek.public_hash': made.get(`ek-${count - 1}`)?.hash,
      'tpm_ek.serial_number': serial?.toLowerCase(),
      'tpm_ek.manufacturer': 'id:4E544300',
    })
  })

  it('is not logged in by the certificate of another EK of the same authority, whatever the policy asks', async () => {
    certify('other-ek', [...EK, ...NAMES])
    const evidence = (sent: Record<string, unknown>): object => ({ ...sent, ekCertificate: der('other-ek') })
    expect(await saidBy(logInCertified({ evidence }))).toBe('401 certificate_unusable')
    const by = certify('own-ek', [...EK, ...NAMES])
    expect(await saidBy(logIn({ by, evidence: { ekCertificate: der('other-ek') } }))).toBe('401 certificate_unusable')
    expect(await saidBy(logIn({ by, evidence: { ekCertificate: der('own-ek') } }))).toBe('admitted')
  })

  it('proves nothing by a certificate where the policy has no authorities', async () => {
    const by = certify('unasked', [...EK, ...NAMES])
    const evidence = { ekCertificate: der('unasked') }
    expect(await attributesOf(logIn({ by, evidence }))).toEqual({ 'tpm_ek.public_hash': by.hash })
  })

  it.each<[string, Certified, string]>([
    [
      'of RSA',
      {
        more: { key: KEYS['RS256'] },
        extensions: [...EK.slice(0, 2), 'keyUsage = critical, keyEncipherment', ...NAMES],
      },
      'admitted',
    ],
    ['without key usage', { extensions: EK.slice(0, 2) }, 'admitted'],
    ['without a manufacturer', { extensions: EK }, 'admitted'],
    ['and its hash in the policy', { config: ({ hash }) => ({ allowedHashes: [hash] }) }, 'admitted'],
    [
      'and another hash in the policy',
      { config: () => ({ allowedHashes: ['0'.repeat(64)] }) },
      '403 ek_hash_not_allowed',
    ],
    [
      'and its hash in the policy, of another authority',
      { roots: ['other-root'], config: ({ hash }) => ({ allowedHashes: [hash] }) },
      '401 certificate_not_trusted',
    ],
    ['and the intermediate in the policy', { roots: ['middle'] }, 'admitted'],
    ['of another authority', { roots: ['other-root'] }, '401 certificate_not_trusted'],
    ['that it does not send', { evidence: ({ answer }) => ({ answer }) }, '401 certificate_not_trusted'],
    [
      'without its intermediate',
      { evidence: ({ answer, ekCertificate }) => ({ answer, ekCertificate }) },
      '401 certificate_not_trusted',
    ],
    ['of another key', { send: ['middle'] }, '401 certificate_unusable'],
    [
      'for clients',
      { extensions: [EK[0] ?? '', 'extendedKeyUsage = clientAuth', EK[2] ?? '', ...NAMES] },
      '401 certificate_unusable',
    ],
    [
      'for any use',
      { extensions: [EK[0] ?? '', 'extendedKeyUsage = anyExtendedKeyUsage', EK[2] ?? ''] },
      '401 certificate_unusable',
    ],
    ['for no use', { extensions: [EK[0] ?? '', EK[2] ?? ''] }, '401 certificate_unusable'],
    [
      'that signs',
      { extensions: [EK[0] ?? '', EK[1] ?? '', 'keyUsage = critical, digitalSignature'] },
      '401 certificate_unusable',
    ],
    [
      'that is an authority',
      { extensions: ['basicConstraints = critical, CA:TRUE', EK[1] ?? '', EK[2] ?? ''] },
      '401 certificate_unusable',
    ],
    [
      'with a manufacturer that has control characters',
      { extensions: [...EK, ...NAMES.slice(0, 2), '1.2.23.133.2.1 = id:\\n4E'] },
      '401 certificate_unusable',
    ],
    [
      'with a critical extension that is not known',
      { extensions: [...EK, '1.2.3.4 = critical, DER:0500'] },
      '401 certificate_unusable',
    ],
    ['that has expired', { more: { days: -1 } }, '401 certificate_expired'],
    [
      'with as many certificates as may be',
      { evidence: (sent) => ({ ...sent, intermediates: ['middle', 'root', 'root', 'root'].map(der) }) },
      'admitted',
    ],
    [
      'with one certificate more',
      { evidence: (sent) => ({ ...sent, intermediates: Array(CERTIFICATE_CHAIN_MAX).fill(der('root')) }) },
      '400 request_malformed',
    ],
  ])('%s is answered with %3$s', async (_what, change, said) => {
    expect(await saidBy(logInCertified(change))).toBe(said)
  })
})
