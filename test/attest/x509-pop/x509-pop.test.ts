// X.509 hosts, with keys, certificates and signatures of real openssl: every kind of key, and the rules of RFC 5280 that
// libraries leave out, one broken in each case.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCertificate } from '../../../src/certificate/certificate.ts'
import { CERTIFICATE_CHAIN_MAX } from '../../../src/core/limits.ts'
import { compile } from '../../config/document.ts'
import { OPENSSL } from '../../installed.ts'
import { attributesOf, createProofWorld, type ProofWorld, saidBy } from '../proof-world.ts'
import { AUTHORITY, CLIENT, KEYS, openX509Hosts, type X509Hosts } from './x509-hosts.ts'

let proof: ProofWorld
let hosts: X509Hosts
beforeAll(async () => {
  proof = await createProofWorld('x509_pop')
  if (!OPENSSL) return
  hosts = openX509Hosts()
  hosts.make('root', { extensions: AUTHORITY })
  hosts.make('middle', { issuer: 'root', extensions: AUTHORITY })
  hosts.make('host', { issuer: 'middle', extensions: CLIENT })
})
afterAll(async () => {
  await proof.world.stop()
  hosts?.tool.remove()
})

interface Try {
  readonly config?: object
  readonly roots?: readonly string[]
  /** The names of the certificates that are sent, the leaf first. */
  readonly chain?: readonly string[]
  readonly alg?: string
  readonly signer?: string
  readonly message?: (message: string) => string
  readonly change?: (evidence: Record<string, string>) => object
}

async function logIn({
  config = {},
  roots = ['root'],
  chain = ['host', 'middle'],
  alg = 'ES256',
  signer = chain[0] ?? '',
  message = (text) => text,
  change = (evidence) => evidence,
}: Try = {}) {
  proof.putPolicy({ certAuthorities: roots.map((name) => hosts.pem(name)), ...config })
  const given = await proof.challenge()
  const evidence = {
    certificates: hosts.pem(...chain),
    alg,
    signature: hosts.sign(signer, message(given.message), alg),
  }
  return proof.logIn(change(evidence), given.challenge)
}

describe.skipIf(!OPENSSL)('an X.509 host', () => {
  it('logs in with its chain, which proves its name, its serial number and its authorities', async () => {
    const print = (name: string): readonly string[] => {
      const run = (what: string): string =>
        hosts.tool
          .run('x509', '-in', `${name}.crt`, '-noout', ...what.split(' '))
          .toString()
          .trim()
          .split('=')[1] ?? ''
      return [run('-serial').toLowerCase(), run('-fingerprint -sha1').replaceAll(':', '').toLowerCase()]
    }
    const [serial] = print('host')
    const [[middleSerial, middlePrint], [rootSerial, rootPrint]] = [print('middle'), print('root')]
    expect(await attributesOf(logIn())).toEqual({
      'x509_pop.subject.common_name': 'host',
      'x509_pop.serial_number': serial,
      [`x509_pop.ca.${middleSerial}`]: middlePrint,
      [`x509_pop.ca.${rootSerial}`]: rootPrint,
    })
  })

  it.each(Object.entries(KEYS))('signs as %s', async (alg, key) => {
    hosts.make(`ca-${alg}`, { key, extensions: AUTHORITY })
    hosts.make(`host-${alg}`, { key, issuer: `ca-${alg}`, extensions: CLIENT })
    const tried: Try = { roots: [`ca-${alg}`], chain: [`host-${alg}`], alg }
    expect(await saidBy(logIn(tried))).toBe('admitted')
    expect(await saidBy(logIn({ ...tried, message: (text) => `${text}x` }))).toBe('401 signature_invalid')
  })

  it('signs as JOSE does, r and s side by side, and in base64url', async () => {
    const raw = (der: string): string => {
      const bytes = Buffer.from(der, 'base64')
      const length = bytes[3] ?? 0
      const [r, s] = [bytes.subarray(4, 4 + length), bytes.subarray(6 + length)]
      const fill = (part: Buffer): Buffer => {
        const shortest = part[0] === 0 ? part.subarray(1) : part
        return Buffer.concat([Buffer.alloc(32 - shortest.length), shortest])
      }
      return Buffer.concat([fill(r), fill(s)]).toString('base64url')
    }
    const change = (evidence: Record<string, string>): object => ({
      ...evidence,
      signature: raw(evidence['signature'] ?? ''),
    })
    for (let times = 0; times < 8; times++) expect(await saidBy(logIn({ change }))).toBe('admitted')
  })

  it.each<[string, () => Try, string]>([
    ['the root at the end of its chain', () => ({ chain: ['host', 'middle', 'root'] }), 'admitted'],
    ['the intermediate as the authority', () => ({ roots: ['middle'], chain: ['host'] }), 'admitted'],
    [
      'two authorities, one of which is its own',
      () => {
        hosts.make('other-root', { extensions: AUTHORITY })
        return { roots: ['other-root', 'root'] }
      },
      'admitted',
    ],
    ['another authority', () => ({ roots: ['other-root'] }), '401 certificate_not_trusted'],
    [
      'another authority of the same name',
      () => {
        hosts.make('twin', { subject: '/CN=root', extensions: AUTHORITY })
        return { roots: ['twin'] }
      },
      '401 certificate_not_trusted',
    ],
    [
      'an authority of the same key and another name',
      () => {
        const request = ['-key', 'root.key', '-subj', '/CN=renamed', '-config', 'root.cnf', '-out', 'renamed.csr']
        hosts.tool.run('req', '-new', ...request)
        const extended = ['-extfile', 'root.cnf', '-extensions', 'extensions', '-out', 'renamed.crt']
        hosts.tool.run('x509', '-req', '-in', 'renamed.csr', '-signkey', 'root.key', ...extended)
        return { roots: ['renamed'] }
      },
      '401 certificate_not_trusted',
    ],
    ['no intermediate', () => ({ chain: ['host'] }), '401 certificate_not_trusted'],
    ['its chain in another order', () => ({ chain: ['middle', 'host'], signer: 'middle' }), '401 certificate_unusable'],
    [
      'an intermediate of somebody else',
      () => {
        hosts.make('other-middle', { issuer: 'root', subject: '/CN=middle', extensions: AUTHORITY })
        return { chain: ['host', 'other-middle'] }
      },
      '401 certificate_not_trusted',
    ],
    ['another key', () => ({ signer: 'root' }), '401 signature_invalid'],
    [
      'another URL of the gateway',
      () => ({ message: (text) => text.replace('127.0.0.1', 'evil.example') }),
      '401 signature_invalid',
    ],
    [
      'an algorithm of another curve',
      () => ({ change: (evidence) => ({ ...evidence, alg: 'ES384' }) }),
      '401 proof_malformed',
    ],
    [
      'an algorithm of another kind',
      () => ({ change: (evidence) => ({ ...evidence, alg: 'RS256' }) }),
      '401 proof_malformed',
    ],
    [
      'a signature that is not base64',
      () => ({ change: (evidence) => ({ ...evidence, signature: '*' }) }),
      '401 proof_malformed',
    ],
    [
      'an algorithm that nobody knows',
      () => ({ change: (evidence) => ({ ...evidence, alg: 'none' }) }),
      '400 request_malformed',
    ],
    [
      'text that is no certificate',
      () => ({ change: (evidence) => ({ ...evidence, certificates: 'x' }) }),
      '401 certificate_malformed',
    ],
    [
      'a certificate with a byte more',
      () => ({
        change: (evidence) => ({ ...evidence, certificates: longer(evidence['certificates'] ?? '') }),
      }),
      '401 certificate_malformed',
    ],
    ['as many certificates as may be', () => ({ chain: ['host', 'middle', 'root', 'root', 'root'] }), 'admitted'],
    [
      'one certificate more',
      () => ({ chain: ['host', 'middle', 'root', 'root', 'root', 'root'] }),
      '401 certificate_malformed',
    ],
  ])('with %s is answered with %3$s', async (_what, change, said) => {
    expect(await saidBy(logIn(change()))).toBe(said)
  })

  it.each<[string, () => Try, string]>([
    [
      'a leaf that is an authority',
      // It may sign as well, so that nothing else is wrong with it.
      () => leaf('leaf-ca', ['basicConstraints = critical, CA:TRUE', 'keyUsage = digitalSignature, keyCertSign']),
      '401 certificate_unusable',
    ],
    [
      'a leaf that may not sign',
      () => leaf('leaf-usage', ['keyUsage = critical, keyEncipherment']),
      '401 certificate_unusable',
    ],
    ['a leaf for servers', () => leaf('leaf-server', ['extendedKeyUsage = serverAuth']), '401 certificate_unusable'],
    ['a leaf for any use', () => leaf('leaf-any', ['extendedKeyUsage = anyExtendedKeyUsage']), 'admitted'],
    ['a leaf without extensions', () => leaf('leaf-none', []), 'admitted'],
    [
      'a leaf with a critical extension that nobody knows',
      () => leaf('leaf-critical', ['1.2.3.4 = critical, DER:0500']),
      '401 certificate_unusable',
    ],
    ['a leaf with an extension that nobody knows', () => leaf('leaf-unknown', ['1.2.3.4 = DER:0500']), 'admitted'],
    ['a leaf by SHA-1', () => leaf('leaf-sha1', CLIENT, ['-sha1']), '401 certificate_unusable'],
    ['a leaf by SHA-384', () => leaf('leaf-sha384', CLIENT, ['-sha384']), 'admitted'],
    [
      'a leaf that has expired',
      () => {
        hosts.make('leaf-old', { issuer: 'middle', extensions: CLIENT, days: -1 })
        return { chain: ['leaf-old', 'middle'] }
      },
      '401 certificate_expired',
    ],
    [
      'a weak key',
      () => {
        hosts.make('leaf-weak', {
          key: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
          issuer: 'middle',
          extensions: CLIENT,
        })
        return { chain: ['leaf-weak', 'middle'], alg: 'RS256' }
      },
      '401 certificate_unusable',
    ],
    ['an intermediate without basicConstraints', () => below('no-constraints', []), '401 certificate_unusable'],
    [
      'an intermediate that is no authority',
      () => below('not-ca', ['basicConstraints = critical, CA:FALSE']),
      '401 certificate_unusable',
    ],
    [
      'an intermediate that may not sign certificates',
      () => below('no-sign', ['basicConstraints = critical, CA:TRUE', 'keyUsage = critical, digitalSignature']),
      '401 certificate_unusable',
    ],
    [
      'an intermediate with name constraints, which are not understood',
      () => below('constrained', [...AUTHORITY, 'nameConstraints = critical, permitted;DNS:example.org']),
      '401 certificate_unusable',
    ],
    [
      'an intermediate that has expired',
      () => {
        hosts.make('old-middle', { issuer: 'root', extensions: AUTHORITY, days: -1 })
        hosts.make('old-middle-host', { issuer: 'old-middle', extensions: CLIENT })
        return { chain: ['old-middle-host', 'old-middle'] }
      },
      '401 certificate_expired',
    ],
    [
      'a path that is too long for its intermediate',
      () => {
        hosts.make('short', { issuer: 'root', extensions: ['basicConstraints = critical, CA:TRUE, pathlen:0'] })
        hosts.make('under-short', { issuer: 'short', extensions: AUTHORITY })
        hosts.make('short-host', { issuer: 'under-short', extensions: CLIENT })
        return { chain: ['short-host', 'under-short', 'short'] }
      },
      '401 certificate_unusable',
    ],
    [
      'a path that is just short enough',
      () => {
        hosts.make('fits-host', { issuer: 'short', extensions: CLIENT })
        return { chain: ['fits-host', 'short'] }
      },
      'admitted',
    ],
    [
      'a path that is too long for the authority',
      () => {
        hosts.make('short-root', { extensions: ['basicConstraints = critical, CA:TRUE, pathlen:0'] })
        hosts.make('sr-middle', { issuer: 'short-root', extensions: AUTHORITY })
        hosts.make('sr-host', { issuer: 'sr-middle', extensions: CLIENT })
        return { roots: ['short-root'], chain: ['sr-host', 'sr-middle'] }
      },
      '401 certificate_not_trusted',
    ],
    [
      'an authority that has expired',
      () => {
        hosts.make('old-root', { extensions: AUTHORITY, days: -1 })
        hosts.make('old-root-host', { issuer: 'old-root', extensions: CLIENT })
        return { roots: ['old-root'], chain: ['old-root-host'] }
      },
      '401 certificate_not_trusted',
    ],
  ])('with %s is answered with %3$s', async (_what, change, said) => {
    expect(await saidBy(logIn(change()))).toBe(said)
  })

  it.each([
    ['an hour', 3600, '401 certificate_expired'],
    ['ten seconds, which clocks may differ by', 10, 'admitted'],
  ])('whose chain begins to be valid in %s is answered with %3$s', async (_what, seconds, said) => {
    hosts.make('young-root', { extensions: AUTHORITY })
    hosts.make('young', { issuer: 'young-root', extensions: CLIENT })
    proof.world.ahead = -seconds * 1000
    try {
      expect(await saidBy(logIn({ roots: ['young-root'], chain: ['young'] }))).toBe(said)
    } finally {
      proof.world.ahead = 0
    }
  })

  it('has the names of its trust domain alone', async () => {
    const names = 'URI:x509pop://example.org/rack/r-7, URI:x509pop://example.net/rack/r-8, URI:https://example.org/x'
    const attributes = await attributesOf(logIn(leaf('named', [...CLIENT, `subjectAltName = ${names}`])))
    expect(Object.entries(attributes).filter(([name]) => name.includes('.san.'))).toEqual([
      ['x509_pop.san.rack', 'r-7'],
    ])
    const twice = 'URI:x509pop://example.org/rack/r-7, URI:x509pop://example.org/rack/r-8'
    expect(await saidBy(logIn(leaf('twice', [...CLIENT, `subjectAltName = ${twice}`])))).toBe(
      '401 certificate_unusable',
    )
  })

  it.each<[object, string]>([
    [{ allowedCommonNames: ['host'] }, 'admitted'],
    [{ allowedCommonNames: ['ho*'] }, 'admitted'],
    [{ allowedCommonNames: ['other'] }, '403 common_name_not_allowed'],
  ])('is answered by a policy with %j as it should be', async (config, said) => {
    expect(await saidBy(logIn({ config }))).toBe(said)
  })

  it('is read strictly: no change of one byte of a certificate is the same certificate, and none makes the reader throw', () => {
    const der = Buffer.from(hosts.pem('host').replace(/-----.*-----|\n/g, ''), 'base64')
    expect(readCertificate(der)).toBeDefined()
    for (let length = 0; length < der.length; length++) expect(readCertificate(der.subarray(0, length))).toBeUndefined()
    const change = fc.tuple(fc.nat(der.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const bytes = Buffer.from(der)
        for (const [at, byte] of changes) bytes[at] = byte
        readCertificate(bytes)
      }),
      { numRuns: 5000 },
    )
  })
})

function leaf(name: string, extensions: readonly string[], more: readonly string[] = []): Try {
  hosts.make(name, { issuer: 'middle', extensions, more })
  return { chain: [name, 'middle'] }
}
function below(name: string, extensions: readonly string[]): Try {
  hosts.make(name, { issuer: 'root', extensions })
  hosts.make(`${name}-host`, { issuer: name, extensions: CLIENT })
  return { chain: [`${name}-host`, name] }
}
function longer(pem: string): string {
  const [first = '', ...others] = pem.split('-----END CERTIFICATE-----\n')
  const der = Buffer.from(first.replace(/-----.*-----|\n/g, ''), 'base64')
  const text = Buffer.concat([der, Buffer.of(0)]).toString('base64')
  return [`-----BEGIN CERTIFICATE-----\n${text}\n`, ...others].join('-----END CERTIFICATE-----\n')
}

describe.skipIf(!OPENSSL)('a configuration of x509_pop', () => {
  const codes = (config: object, section: 'AgentAttestation' | 'TrustDomainServerAttestation' = 'AgentAttestation') => {
    const policies = [{ name: 'p', requiredAttestors: [{ type: 'x509_pop', config }] }]
    const result = compile(section, JSON.stringify({ section, schema: 'v1', spec: { policies } }))
    return (result.ok ? result.warnings : result.issues).map(({ code }) => code)
  }
  it.each<[string, () => object, readonly string[]]>([
    ['an authority', () => ({ certAuthorities: [hosts.pem('root')] }), []],
    ['a bundle of two', () => ({ certAuthorities: [hosts.pem('root', 'middle')] }), []],
    ['a certificate that is no authority', () => ({ certAuthorities: [hosts.pem('host')] }), ['value_invalid']],
    ['text', () => ({ certAuthorities: ['x'] }), ['value_invalid']],
    ['an empty list', () => ({ certAuthorities: [] }), ['value_empty']],
    ['nothing', () => ({}), ['field_missing']],
  ])('with %s', (_what, config, expected) => {
    expect(codes(config())).toEqual(expected)
  })

  it('for issuers names each holder', () => {
    const certAuthorities = [hosts.pem('root')]
    expect(codes({ certAuthorities }, 'TrustDomainServerAttestation')).toEqual(['pin_missing'])
    expect(codes({ certAuthorities, allowedCommonNames: ['a*'] }, 'TrustDomainServerAttestation')).toEqual([
      'pin_missing',
    ])
    expect(codes({ certAuthorities, allowedCommonNames: ['a'] }, 'TrustDomainServerAttestation')).toEqual([])
  })
})

it('a chain has a leaf and four others', () => expect(CERTIFICATE_CHAIN_MAX).toBe(5))
