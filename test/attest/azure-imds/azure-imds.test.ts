// Attested documents of Azure, signed by openssl in the shape that Azure makes, under authorities of the section.
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readSignedDocument } from '../../../src/certificate/signed-document.ts'
import { compile, found } from '../../config/document.ts'
import { put } from '../../gateway/mapping-world.ts'
import { OPENSSL } from '../../installed.ts'
import { attributesOf, createProofWorld, type ProofWorld, saidBy } from '../proof-world.ts'
import { AUTHORITY, type CertificateOptions, KEYS, openX509Hosts, type X509Hosts } from '../x509-pop/x509-hosts.ts'

const VM = '02aab8a4-74ef-476e-8182-f6d2ba4166a6'
const SUBSCRIPTION = '8D10DA13-8125-4BA9-A717-BF7490507B3D'
const RSA = KEYS['RS256'] ?? []
const SERVICE = [
  'basicConstraints = CA:FALSE',
  'keyUsage = critical, digitalSignature, keyEncipherment',
  'extendedKeyUsage = serverAuth, clientAuth',
] as const
const named = (name: string): readonly string[] => [...SERVICE, `subjectAltName = DNS:${name}`]

let proof: ProofWorld
let hosts: X509Hosts
beforeAll(async () => {
  proof = await createProofWorld('azure_imds')
  if (!OPENSSL) return
  hosts = openX509Hosts()
  const by = (issuer: string, more: CertificateOptions): CertificateOptions => ({ key: RSA, issuer, ...more })
  hosts.make('root', { key: RSA, extensions: AUTHORITY })
  hosts.make('middle', by('root', { extensions: AUTHORITY, more: ['-sha384'] }))
  hosts.make('signer', by('middle', { extensions: named('eastus.metadata.azure.com') }))
  hosts.make('website', by('middle', { extensions: named('www.example.com') }))
  hosts.make('lookalike', by('middle', { extensions: named('metadata.azure.com.example.com') }))
  hosts.make(
    'client',
    by('middle', { extensions: ['extendedKeyUsage = clientAuth', 'subjectAltName = DNS:metadata.azure.com'] }),
  )
  hosts.make('other-root', { key: RSA, subject: '/CN=root', extensions: AUTHORITY })
  hosts.make('other-middle', { key: RSA, issuer: 'other-root', subject: '/CN=middle', extensions: AUTHORITY })
  hosts.make('other-signer', { key: RSA, issuer: 'other-middle', extensions: named('metadata.azure.com') })
})
beforeEach(() => {
  if (OPENSSL) putSection(['root'], ['middle'])
})
afterAll(async () => {
  await proof.world.stop()
  hosts?.tool.remove()
})

function putSection(roots: readonly string[], intermediates: readonly string[]): void {
  const pems = (names: readonly string[]): readonly string[] => names.map((name) => hosts.pem(name))
  put(proof.world, 'trust-domain/AzureCertificates', {
    roots: pems(roots),
    ...(intermediates.length === 0 ? {} : { intermediates: pems(intermediates) }),
  })
}

const stamp = (seconds: number): string => {
  const [date = '', time = ''] = new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19).split('T')
  const [year = '', month, day] = date.split('-')
  return `${month}/${day}/${year.slice(2)} ${time} -0000`
}
const documentOf = (nonce: string): Record<string, unknown> => ({
  licenseType: '',
  nonce,
  plan: { name: '', product: '', publisher: '' },
  sku: '20_04-lts-gen2',
  subscriptionId: SUBSCRIPTION,
  timestamp: { createdOn: stamp(-60), expiresOn: stamp(6 * 3600) },
  vmId: VM,
})

/** As Azure: DER, the signer's certificate inside, and the algorithm of the signature where that of the digest belongs. */
const FLAGS = ['-binary', '-nodetach', '-nosmimecap', '-md', 'sha256'] as const
function sign(document: object, signer = 'signer', more: readonly string[] = ['-noattr']): Buffer {
  hosts.tool.write('document', JSON.stringify(document))
  const der = hosts.tool.run(
    ...['cms', '-sign', ...FLAGS, ...more, '-signer', `${signer}.crt`, '-inkey', `${signer}.key`],
    ...['-in', 'document', '-outform', 'DER'],
  )
  const quirk = Buffer.from('06092a864886f70d01010b', 'hex')
  const digest = Buffer.from('0609608648016503040201', 'hex')
  const made = Buffer.from(der)
  if (more.includes('-noattr'))
    for (let at = made.indexOf(digest); at >= 0; at = made.indexOf(digest)) quirk.copy(made, at)
  return made
}

interface Try {
  readonly config?: object | undefined
  readonly change?: object
  readonly signer?: string
  readonly more?: readonly string[]
  readonly send?: readonly string[]
  readonly bytes?: (der: Buffer) => Buffer
}
async function logIn({ config, change = {}, signer, more, send, bytes = (der) => der }: Try = {}) {
  proof.putPolicy(config)
  const given = await proof.challenge()
  const signature = bytes(sign({ ...documentOf(given['nonce'] ?? ''), ...change }, signer, more)).toString('base64')
  const intermediates = send?.map((name) => hosts.pem(name).replace(/-----.*-----|\n/g, ''))
  return proof.logIn({ signature, ...(intermediates === undefined ? {} : { intermediates }) }, given.challenge)
}

describe.skipIf(!OPENSSL)('a virtual machine of Azure', () => {
  it('gets a nonce that Azure takes, and proves its subscription and itself', async () => {
    proof.putPolicy(undefined)
    expect((await proof.challenge())['nonce']).toMatch(/^[\w-]{32}$/)
    const config = { tenantID: '11111111-2222-3333-4444-555555555555' }
    expect(await attributesOf(logIn({ config }))).toEqual({
      'azure_imds.vm.id': VM,
      'azure_imds.subscription.id': SUBSCRIPTION.toLowerCase(),
      'azure_imds.tenant.id': '11111111-2222-3333-4444-555555555555',
    })
  })

  it.each<[string, Try, string]>([
    ['signed attributes', { more: [] }, 'admitted'],
    [
      'the other spelling of its times',
      { change: { timestamp: undefined, timeStamp: { createdOn: stamp(-1), expiresOn: stamp(60) } } },
      'admitted',
    ],
    ['another nonce', { change: { nonce: 'A'.repeat(32) } }, '401 challenge_mismatch'],
    ['no nonce', { change: { nonce: undefined } }, '401 document_malformed'],
    ['no subscription', { change: { subscriptionId: undefined } }, '401 document_malformed'],
    ['a machine that is no UUID', { change: { vmId: 'vm' } }, '401 document_malformed'],
    ['a machine that is a number', { change: { vmId: 1 } }, '401 document_malformed'],
    ['no times', { change: { timestamp: undefined } }, '401 document_malformed'],
    [
      'a time that is none',
      { change: { timestamp: { createdOn: '13/40/18 00:00:00 -0000', expiresOn: stamp(60) } } },
      '401 document_malformed',
    ],
    [
      'times that are over',
      { change: { timestamp: { createdOn: stamp(-7200), expiresOn: stamp(-60) } } },
      '401 document_expired',
    ],
    ['a byte behind it', { bytes: (der) => Buffer.concat([der, Buffer.of(0)]) }, '401 document_malformed'],
    ['indefinite lengths', { more: ['-noattr', '-indef'] }, '401 document_malformed'],
    ['no certificate inside', { more: ['-noattr', '-nocerts'] }, '401 document_signer_unknown'],
    ['SHA-1 for its digest', { more: ['-md', 'sha1'] }, '401 document_malformed'],
    ['a signer of another name', { signer: 'website' }, '401 document_signer_unknown'],
    ['a signer whose name begins like it', { signer: 'lookalike' }, '401 document_signer_unknown'],
    ['a signer for clients', { signer: 'client' }, '401 certificate_unusable'],
    [
      'a signer of another authority of the same names',
      { signer: 'other-signer', send: ['other-middle'] },
      '401 certificate_not_trusted',
    ],
    ['its content changed', { bytes: (der) => flip(der, der.indexOf(VM)) }, '401 signature_invalid'],
  ])('with %s is answered with %3$s', async (_what, tried, said) => {
    expect(await saidBy(logIn(tried))).toBe(said)
  })

  it('sends intermediates that the section does not have', async () => {
    putSection(['root'], [])
    expect(await saidBy(logIn())).toBe('401 certificate_not_trusted')
    expect(await saidBy(logIn({ send: ['middle'] }))).toBe('admitted')
    // What it sends is never a root.
    putSection(['other-root'], [])
    expect(await saidBy(logIn({ send: ['middle', 'root'] }))).toBe('401 certificate_not_trusted')
  })

  it('is answered with 401 where there is no section', async () => {
    proof.world.store.values.delete('trust-domain/AzureCertificates')
    expect(await saidBy(logIn())).toBe('401 section_missing')
  })

  it.each<[object, string]>([
    [{ allowedSubscriptionIDs: [SUBSCRIPTION] }, 'admitted'],
    [{ allowedSubscriptionIDs: [SUBSCRIPTION.toLowerCase()] }, 'admitted'],
    [{ allowedSubscriptionIDs: ['11111111-2222-3333-4444-555555555555'] }, '403 subscription_not_allowed'],
    [{ maxAge: '5m' }, 'admitted'],
    [{ maxAge: '30s' }, '403 document_too_old'],
  ])('is answered by a policy with %j as it should be', async (config, said) => {
    expect(await saidBy(logIn({ config }))).toBe(said)
  })

  it('holds for no change of one byte of its document, its attributes or its signature', async () => {
    proof.putPolicy(undefined)
    const given = await proof.challenge()
    const der = sign(documentOf(given['nonce'] ?? ''))
    const said = new Map<string, number>()
    // Each is a whole login, so that every 7th byte is tried.
    for (let at = 0; at < der.length; at += 7) {
      const answer = await saidBy(proof.logIn({ signature: flip(der, at).toString('base64') }, given.challenge))
      said.set(answer, (said.get(answer) ?? 0) + 1)
    }
    expect(said.get('admitted') ?? 0).toBe(0)
    expect([...said.keys()].every((answer) => answer.startsWith('401 '))).toBe(true)
  })

  it('never makes the reader throw', () => {
    const der = sign(documentOf('n'))
    const change = fc.tuple(fc.nat(der.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const bytes = Buffer.from(der)
        for (const [at, byte] of changes) bytes[at] = byte
        readSignedDocument(bytes, 'azure')
        readSignedDocument(bytes, 'aws')
      }),
      { numRuns: 3000 },
    )
  })
})

function flip(der: Buffer, at: number): Buffer {
  const changed = Buffer.from(der)
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

describe.skipIf(!OPENSSL)('section AzureCertificates', () => {
  const codes = (spec: object): readonly string[] =>
    found(compile('AzureCertificates', JSON.stringify({ section: 'AzureCertificates', schema: 'v1', spec }))).map(
      (line) => line.split(' ').slice(1).join(' '),
    )
  it.each<[string, () => object, readonly string[]]>([
    ['roots', () => ({ roots: [hosts.pem('root')] }), []],
    ['roots and intermediates', () => ({ roots: [hosts.pem('root')], intermediates: [hosts.pem('middle')] }), []],
    ['no roots', () => ({ intermediates: [hosts.pem('middle')] }), ['field_missing spec.roots']],
    ['an empty list', () => ({ roots: [] }), ['value_empty spec.roots']],
    ['a certificate of a service', () => ({ roots: [hosts.pem('signer')] }), ['value_invalid spec.roots.0']],
    ['two in one item', () => ({ roots: [hosts.pem('root', 'middle')] }), ['value_invalid spec.roots.0']],
    ['text', () => ({ roots: ['x'] }), ['value_invalid spec.roots.0']],
  ])('with %s', (_what, spec, expected) => {
    expect(codes(spec())).toEqual(expected)
  })
})
