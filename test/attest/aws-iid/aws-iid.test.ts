// Identity documents of EC2: two that AWS signed, and others that openssl signs in AWS's shape. Every change of them is refused.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDocument } from '../../../src/attest/aws-iid/document.ts'
import { readCertificate } from '../../../src/certificate/certificate.ts'
import { readPemBlock } from '../../../src/certificate/pem.ts'
import { verifySignedDocument } from '../../../src/certificate/signed-document.ts'
import { compile } from '../../config/document.ts'
import { type Answer, createWorld, type World } from '../../gateway/fixture.ts'
import { put } from '../../gateway/mapping-world.ts'
import { OPENSSL } from '../../installed.ts'
import { AWS_FLAGS, type AwsRegion, DOCUMENT, openAws, type SignOptions, unwrap, wrap } from './aws-region.ts'

const real = (name: string): string => readFileSync(new URL(`real/${name}`, import.meta.url), 'utf8')
const REAL = {
  'us-west-1': {
    'aws_iid.account.id': '883474662888',
    'aws_iid.ec2.instance.id': 'i-01b940c45fd11fe74',
    'aws_iid.ec2.instance.region': 'us-west-1',
    'aws_iid.ec2.instance.availability_zone': 'us-west-1c',
    'aws_iid.ec2.instance.image_id': 'ami-0ce3c55a31d29040e',
    'aws_iid.ec2.instance.instance_type': 't2.micro',
    'aws_iid.ec2.instance.pending_time': '2021-09-11T00:14:18Z',
    'aws_iid.ec2.instance.private_ip': '172.31.12.251',
    'aws_iid.ec2.instance.private_dns_names': [
      'ip-172-31-12-251.us-west-1.compute.internal',
      'i-01b940c45fd11fe74.us-west-1.compute.internal',
    ],
  },
  'us-west-2': {
    'aws_iid.account.id': '278576220453',
    'aws_iid.ec2.instance.id': 'i-078517ca8a70a1dde',
    'aws_iid.ec2.instance.region': 'us-west-2',
    'aws_iid.ec2.instance.availability_zone': 'us-west-2a',
    'aws_iid.ec2.instance.image_id': 'ami-0fa9e1f64142cde17',
    'aws_iid.ec2.instance.instance_type': 't2.medium',
    'aws_iid.ec2.instance.pending_time': '2021-09-03T21:25:44Z',
    'aws_iid.ec2.instance.private_ip': '10.0.0.209',
    'aws_iid.ec2.instance.private_dns_names': [
      'ip-10-0-0-209.us-west-2.compute.internal',
      'i-078517ca8a70a1dde.us-west-2.compute.internal',
    ],
  },
} as const

let world: World
let aws: AwsRegion
beforeAll(async () => {
  world = await createWorld()
  if (OPENSSL) aws = openAws()
})
beforeEach(() => {
  world.restart()
  putPolicy()
})
afterAll(async () => {
  await world.stop()
  aws?.remove()
})

type Listed = readonly (readonly [region: string, pem: string])[]
function putCertificates(listed: Listed): void {
  put(world, 'trust-domain/AWSCertificates', { certificates: listed.map(([region, pem]) => ({ region, pem })) })
}
function putPolicy(config: object | undefined = undefined, more: object = {}): void {
  const attestor = { type: 'aws_iid', ...(config === undefined ? {} : { config }) }
  put(world, 'clusters/c-1/AgentAttestation', { policies: [{ name: 'p', requiredAttestors: [attestor], ...more }] })
}
const logIn = (pkcs7: string, ...others: readonly object[]): Promise<Answer> =>
  world.post(
    '/v1/clusters/c-1/login',
    JSON.stringify({ attestations: [{ type: 'aws_iid', evidence: { pkcs7 } }, ...others] }),
  )
async function saidBy(answer: Promise<Answer>): Promise<string> {
  const { status, body } = await answer
  return status === 200 ? 'admitted' : `${status} ${body.refusals?.map(({ code }) => code).join() ?? body.code}`
}

describe.each(Object.entries(REAL))('the document that AWS signed in %s', (region, proves) => {
  const pkcs7 = real(`${region}.pkcs7`)
  beforeEach(() => putCertificates(Object.keys(REAL).map((name) => [name, real(`${name}.pem`)])))

  it('is admitted, and proves what it says', async () => {
    const { status, body } = await logIn(pkcs7)
    expect(status).toBe(200)
    const attributes = body['attributes'] as readonly { readonly name: string; readonly value: unknown }[]
    expect(Object.fromEntries(attributes.map(({ name, value }) => [name, value]))).toEqual(proves)
  })

  it('is not verified by the certificate of another region, though all have one name', async () => {
    const other = region === 'us-west-1' ? 'us-west-2' : 'us-west-1'
    putCertificates([[region, real(`${other}.pem`)]])
    expect(await saidBy(logIn(pkcs7))).toBe('401 document_signer_unknown')
    putCertificates([[other, real(`${region}.pem`)]])
    world.restart()
    expect(await saidBy(logIn(pkcs7))).toBe('401 document_signer_unknown')
  })

  it('holds for no change of one byte, and for none of its beginnings', async () => {
    const block = readPemBlock(real(`${region}.pem`), 'CERTIFICATE')
    const key = 'der' in block ? readCertificate(block.der)?.key : undefined
    if (key === undefined) throw new Error('no key')
    const der = unwrap(pkcs7)
    const accepted: number[] = []
    async function holds(bytes: Buffer): Promise<boolean> {
      const opened = openDocument(bytes.toString('base64'))
      return opened.ok && (await verifySignedDocument(opened.value.signed, key as NonNullable<typeof key>))
    }
    expect(await holds(der)).toBe(true)
    for (let at = 0; at < der.length; at++)
      for (const flip of [0x01, 0x80]) {
        const changed = Buffer.from(der)
        changed[at] = (changed[at] ?? 0) ^ flip
        if (await holds(changed)) accepted.push(at)
      }
    for (let length = 0; length < der.length; length++) if (await holds(der.subarray(0, length))) accepted.push(-length)
    // Names and serial number of the signer are held against the certificate, not by the signature; so are these places.
    const free = new Set(accepted.map((at) => placeOf(der, at)))
    expect([...free].sort()).toEqual(['issuer', 'serial', 'signature algorithm'].filter((place) => free.has(place)))
    expect(accepted.every((at) => placeOf(der, at) !== 'elsewhere')).toBe(true)
  })
})

/** Where in the blob a byte is, as far as the signature does not hold it. */
function placeOf(der: Buffer, at: number): string {
  const issuer = der.lastIndexOf(Buffer.from('305c310b', 'hex'))
  const end = issuer + 0x5e
  if (at >= issuer && at < end) return 'issuer'
  if (at >= end && at < end + 11) return 'serial'
  const algorithm = der.lastIndexOf(Buffer.from('2a864886f70d01010b', 'hex'))
  return at === algorithm + 8 ? 'signature algorithm' : 'elsewhere'
}

describe.skipIf(!OPENSSL)('a document that openssl signs', () => {
  const REGION = DOCUMENT.region
  beforeEach(() => putCertificates([[REGION, aws.pem(REGION)]]))
  const without = (flag: string): readonly string[] => AWS_FLAGS.filter((one) => one !== flag)

  it.each<[string, SignOptions]>([
    ["in AWS's shape", {}],
    ['in DER', { flags: without('-indef') }],
    ['without signed attributes', { flags: [...without('-nosmimecap'), '-noattr'], command: 'cms' }],
  ])('%s is admitted', async (_what, options) => {
    expect(await saidBy(logIn(aws.sign(DOCUMENT, REGION, options)))).toBe('admitted')
  })

  it.each<[string, object | string, string]>([
    ['another region', { ...DOCUMENT, region: 'eu-west-2' }, '401 document_signer_unknown'],
    ['no account', { ...DOCUMENT, accountId: undefined }, '401 document_malformed'],
    ['an account that is a number', { ...DOCUMENT, accountId: 123456789012 }, '401 document_malformed'],
    ['an instance id of another form', { ...DOCUMENT, instanceId: 'i-XYZ' }, '401 document_malformed'],
    ['a time that is none', { ...DOCUMENT, pendingTime: 'yesterday' }, '401 document_malformed'],
    ['an address that is none', { ...DOCUMENT, privateIp: '10.0.0.300' }, '401 document_malformed'],
    ['an address that is no string', { ...DOCUMENT, privateIp: 1 }, '401 document_malformed'],
    ['no address', { ...DOCUMENT, privateIp: undefined }, 'admitted'],
    ['a field that nobody knows', { ...DOCUMENT, colour: 'red' }, 'admitted'],
    ['no object', '[]', '401 document_malformed'],
    ['no JSON', 'hello', '401 document_malformed'],
    ['a member twice', JSON.stringify(DOCUMENT).replace('{', '{"region":"eu-west-2",'), '401 document_malformed'],
  ])('with %s is answered with %3$s', async (_what, document, said) => {
    expect(await saidBy(logIn(aws.sign(document, REGION)))).toBe(said)
  })

  it.each<[string, () => string, string]>([
    [
      'is signed by another key of the same name',
      () => aws.sign(DOCUMENT, REGION, { signer: 'other' }),
      '401 document_signer_unknown',
    ],
    [
      'has the certificate of its signer in the bag',
      () => aws.sign(DOCUMENT, REGION, { flags: without('-nocerts') }),
      '401 document_malformed',
    ],
    [
      'has SHA-1 for its digest',
      () =>
        aws.sign(DOCUMENT, REGION, { flags: [...without('sha256').filter((flag) => flag !== '-md'), '-md', 'sha1'] }),
      '401 document_malformed',
    ],
    [
      'has SHA-512 for its digest',
      () =>
        aws.sign(DOCUMENT, REGION, { flags: [...without('sha256').filter((flag) => flag !== '-md'), '-md', 'sha512'] }),
      '401 document_malformed',
    ],
    [
      'names its signer by the id of a key',
      () => aws.sign(DOCUMENT, REGION, { command: 'cms', flags: [...without('-nosmimecap'), '-nosmimecap', '-keyid'] }),
      '401 document_malformed',
    ],
    [
      'has attributes that nobody knows',
      () => aws.sign(DOCUMENT, REGION, { flags: without('-nosmimecap') }),
      '401 document_malformed',
    ],
    ['is not in it', () => aws.sign(DOCUMENT, REGION, { flags: without('-nodetach') }), '401 document_malformed'],
    [
      'is signed by two',
      () => {
        aws.pem('other')
        return aws.sign(DOCUMENT, REGION, {
          command: 'cms',
          flags: [...AWS_FLAGS, '-signer', 'other.crt', '-inkey', 'other.key'],
        })
      },
      '401 document_malformed',
    ],
    [
      'is followed by a byte',
      () => wrap(Buffer.concat([unwrap(aws.sign(DOCUMENT, REGION)), Buffer.of(0)])),
      '401 document_malformed',
    ],
    [
      'is followed by an element',
      () => wrap(Buffer.concat([unwrap(aws.sign(DOCUMENT, REGION)), Buffer.of(5, 0)])),
      '401 document_malformed',
    ],
    [
      'is armoured',
      () => `-----BEGIN PKCS7-----\n${aws.sign(DOCUMENT, REGION)}\n-----END PKCS7-----`,
      '401 document_malformed',
    ],
    [
      'is base64url',
      () => aws.sign(DOCUMENT, REGION).replaceAll('+', '-').replaceAll('/', '_').replace('MI', '-I'),
      '401 document_malformed',
    ],
    ['is empty within', () => wrap(Buffer.alloc(0)) || 'AA==', '401 document_malformed'],
  ])('is refused that %s', async (_what, make, said) => {
    expect(await saidBy(logIn(make()))).toBe(said)
  })

  it('is refused where the certificate of its region has an RSA key of 1024 bits', async () => {
    putCertificates([[REGION, aws.pem('weak')]])
    expect(await saidBy(logIn(aws.sign(DOCUMENT, REGION, { signer: 'weak' })))).toBe('401 signature_invalid')
  })

  it('is refused where its content or its digest was changed', async () => {
    const text = unwrap(aws.sign(DOCUMENT, REGION))
    const content = Buffer.from(text)
    content[text.indexOf('123456789012')] = '9'.charCodeAt(0)
    expect(await saidBy(logIn(wrap(content)))).toBe('401 signature_invalid')
  })

  it('is refused while the certificate of its region is not valid', async () => {
    const pkcs7 = aws.sign(DOCUMENT, REGION)
    world.ahead = -24 * 3600_000
    world.restart()
    expect(await saidBy(logIn(pkcs7))).toBe('401 certificate_expired')
    world.ahead = 0
  })

  it('is one of several certificates of its region', async () => {
    putCertificates([
      [REGION, aws.pem('other')],
      [REGION, aws.pem(REGION)],
    ])
    expect(await saidBy(logIn(aws.sign(DOCUMENT, REGION)))).toBe('admitted')
  })

  it('is answered with 401 where there is no section, and with 503 where it never compiled', async () => {
    world.store.values.delete('trust-domain/AWSCertificates')
    world.restart()
    const pkcs7 = aws.sign(DOCUMENT, REGION)
    expect(await saidBy(logIn(pkcs7))).toBe('401 section_missing')
    world.store.put('trust-domain/AWSCertificates', 'section: AWSCertificates\nschema: v1\nspec: 1\n')
    world.restart()
    const { status, body } = await logIn(pkcs7)
    expect([status, body.code]).toEqual([503, 'configuration_invalid'])
    world.store.values.delete('trust-domain/AWSCertificates')
  })

  it.each<[object, string]>([
    [{ allowedAccountIDs: ['123456789012'] }, 'admitted'],
    [{ allowedAccountIDs: ['123456789013'] }, '403 account_not_allowed'],
    [{ allowedRegions: ['eu-west-1'] }, 'admitted'],
    [{ allowedRegions: ['eu-west-2'] }, '403 region_not_allowed'],
    [{ maxAge: '720h' }, 'admitted'],
    [{ maxAge: '1h' }, '403 document_too_old'],
  ])('is answered by a policy with %j as it should be', async (config, said) => {
    putPolicy(config)
    const pendingTime = new Date(Date.now() - 25 * 24 * 3600_000).toISOString().replace(/\.\d+Z/, 'Z')
    expect(await saidBy(logIn(aws.sign({ ...DOCUMENT, pendingTime }, REGION)))).toBe(said)
  })

  it.each<[string, readonly object[], readonly string[]]>([
    ['alone', [{ type: 'aws_iid' }], ['trust_replayable']],
    [
      'alone, for one account',
      [{ type: 'aws_iid', config: { allowedAccountIDs: ['123456789012'] } }],
      ['trust_replayable'],
    ],
    ['with maxAge', [{ type: 'aws_iid', config: { maxAge: '24h' } }], ['age_limited', 'trust_replayable']],
    [
      'beside a token',
      [
        { type: 'aws_iid' },
        { type: 'k8s_token', config: { issuerURL: 'https://oidc.example', serviceAccountName: 'a' } },
      ],
      [],
    ],
    [
      'with a region that is none',
      [{ type: 'aws_iid', config: { allowedRegions: ['Ireland'] } }],
      ['trust_replayable', 'value_invalid'],
    ],
    [
      'with an account that is none',
      [{ type: 'aws_iid', config: { allowedAccountIDs: ['1'] } }],
      ['trust_replayable', 'value_invalid'],
    ],
    ['with a duration that is none', [{ type: 'aws_iid', config: { maxAge: '1 day' } }], ['value_invalid']],
  ])('%s is warned of as it should be', (_what, requiredAttestors, codes) => {
    const text = JSON.stringify({
      section: 'AgentAttestation',
      schema: 'v1',
      spec: { policies: [{ name: 'p', requiredAttestors }] },
    })
    const result = compile('AgentAttestation', text)
    expect((result.ok ? result.warnings : result.issues).map(({ code }) => code).sort()).toEqual(codes)
  })

  it('is bound to a node by a condition, with a token of its cluster', async () => {
    const k8s = { type: 'k8s_token', config: { issuerURL: world.issuer.issuer, serviceAccountName: 'spirl-agent' } }
    const expression = 'has(k8s_token.node.name) && k8s_token.node.name in aws_iid.ec2.instance.private_dns_names'
    put(world, 'clusters/c-1/AgentAttestation', {
      policies: [{ name: 'p', requiredAttestors: [k8s, { type: 'aws_iid' }], conditions: [{ expression }] }],
    })
    const mint = (name: string): Promise<string> =>
      world.issuer.mint({
        claims: {
          'kubernetes.io': {
            namespace: 'spirl-system',
            node: { name, uid: 'n' },
            serviceaccount: { name: 'spirl-agent', uid: 's' },
          },
        },
      })
    const pkcs7 = aws.sign(DOCUMENT, REGION)
    const withToken = async (node: string) =>
      saidBy(logIn(pkcs7, { type: 'k8s_token', evidence: { token: await mint(node) } }))
    expect(await withToken('ip-10-158-112-84.eu-west-1.compute.internal')).toBe('admitted')
    expect(await withToken('i-1234567890abcdef0.eu-west-1.compute.internal')).toBe('admitted')
    expect(await withToken('ip-10-158-112-85.eu-west-1.compute.internal')).toBe('403 condition_failed,condition_failed')
    expect(await saidBy(logIn(pkcs7))).toBe('403 attestor_missing')
    const token = await mint('ip-10-158-112-84.eu-west-1.compute.internal')
    expect(await saidBy(world.login('c-1', token))).toBe('403 attestor_missing')
  })

  it('never makes the reader throw, whatever its bytes become', () => {
    const der = unwrap(aws.sign(DOCUMENT, REGION))
    const change = fc.record({ at: fc.nat(der.length - 1), byte: fc.nat(255), cut: fc.nat(der.length) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        let bytes = Buffer.from(der)
        for (const { at, byte, cut } of changes) {
          if (at < bytes.length) bytes[at] = byte
          if (cut < 50) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(at + cut, bytes.length))])
        }
        openDocument(bytes.toString('base64'))
      }),
      { numRuns: 5000 },
    )
    const nested = Buffer.alloc(16_000, Buffer.from('2480', 'hex'))
    expect(openDocument(nested.toString('base64'))).toMatchObject({ ok: false })
  })
})
