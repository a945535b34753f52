// SSH hosts, with keys, certificates and signatures of real ssh-keygen: every type of key, and every change refused.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sshPop } from '../../../src/attest/ssh-pop/ssh-pop.ts'
import { readSshSignature } from '../../../src/attest/ssh-pop/sshsig.ts'
import { compile, found } from '../../config/document.ts'
import { askClaims, put, serverPolicy, WEB } from '../../gateway/mapping-world.ts'
import { SSH_KEYGEN } from '../../installed.ts'
import { attributesOf, createProofWorld, type ProofWorld, saidBy } from '../proof-world.ts'
import { KEY_TYPES, openSshHosts, type SshHosts } from './ssh-hosts.ts'

let proof: ProofWorld
let hosts: SshHosts
beforeAll(async () => {
  proof = await createProofWorld('ssh_pop')
  if (!SSH_KEYGEN) return
  hosts = openSshHosts()
  hosts.key('ca')
  hosts.key('host')
  hosts.certify('host', 'ca')
})
afterAll(async () => {
  await proof.world.stop()
  hosts?.tool.remove()
})

const trusting = (...authorities: readonly string[]): object => ({
  certAuthorities: authorities.map((name) => hosts.key(name)),
})

interface Try {
  readonly config?: object
  readonly signer?: string
  readonly message?: (message: string) => string
  readonly namespace?: string
  readonly more?: readonly string[]
  readonly change?: (signature: string) => string
  readonly loginTo?: string
}

async function logIn({
  config = trusting('ca'),
  signer = 'host-cert.pub',
  message = (text) => text,
  namespace,
  more = [],
  change = (text) => text,
  loginTo,
}: Try = {}) {
  proof.putPolicy(config)
  const given = await proof.challenge()
  const signature = hosts.sign(signer, message(given.message), namespace, ...more)
  return proof.logIn({ signature: change(signature) }, given.challenge, loginTo)
}

describe.skipIf(!SSH_KEYGEN)('an SSH host', () => {
  it('logs in with its certificate, which proves its principals', async () => {
    expect(await attributesOf(logIn())).toEqual({
      'ssh_pop.type': 'host_cert',
      'ssh_pop.key.type': 'ssh-ed25519',
      'ssh_pop.key.id': 'host id',
      'ssh_pop.serial': '42',
      'ssh_pop.principal': ['host.example.org'],
      'ssh_pop.valid.after': '0',
      'ssh_pop.valid.before': '18446744073709551615',
    })
  })

  it('logs in with a key that the policy pins, by the fingerprint that ssh-keygen prints', async () => {
    const config = { hostKeys: [hosts.key('host')] }
    const printed = hosts.tool.run('-l', '-f', 'host.pub').toString().split(' ')[1]
    expect(await attributesOf(logIn({ config, signer: 'host' }))).toEqual({
      'ssh_pop.type': 'host_key',
      'ssh_pop.key.type': 'ssh-ed25519',
      'ssh_pop.key.id': printed,
    })
    expect(await saidBy(logIn({ config: { hostKeys: [hosts.key('other')] }, signer: 'host' }))).toBe(
      '401 host_key_unknown',
    )
    // A pinned key is no authority, and an authority no pinned key.
    expect(await saidBy(logIn({ config: { hostKeys: [hosts.key('ca')] } }))).toBe('401 certificate_not_trusted')
    expect(await saidBy(logIn({ signer: 'ca' }))).toBe('401 host_key_unknown')
  })

  const pairs = KEY_TYPES.flatMap((type) => [
    [type, ['ed25519']] as const,
    [['ed25519'], type] as const,
    [type, type] as const,
  ])
  it.each(pairs)('has a key %j, certified by a key %j', async (type, ca) => {
    const [name, authority] = [`h-${type.join('-')}-by-${ca.join('-')}`, `ca-${ca.join('-')}`]
    hosts.key(name, type)
    hosts.key(authority, ca)
    hosts.certify(name, authority)
    for (const hash of ['sha512', 'sha256'])
      expect(
        await saidBy(
          logIn({ config: trusting(authority), signer: `${name}-cert.pub`, more: ['-O', `hashalg=${hash}`] }),
        ),
      ).toBe('admitted')
  })

  it.each<[string, () => Try, string]>([
    ['another message', () => ({ message: (text) => `${text}x` }), '401 signature_invalid'],
    ['a line break at its end', () => ({ message: (text) => `${text}\n` }), '401 signature_invalid'],
    [
      'another URL of the gateway',
      () => ({ message: (text) => text.replace('127.0.0.1', 'evil.example') }),
      '401 signature_invalid',
    ],
    [
      'the role of an issuer',
      () => ({ message: (text) => text.replace('\nagent\n', '\nissuer\n') }),
      '401 signature_invalid',
    ],
    ['another cluster', () => ({ message: (text) => text.replace('\nc-1\n', '\nc-2\n') }), '401 signature_invalid'],
    ['another namespace', () => ({ namespace: 'git' }), '401 proof_namespace_mismatch'],
    [
      'the namespace of another trust domain',
      () => ({ namespace: 'login@example.net' }),
      '401 proof_namespace_mismatch',
    ],
    ['a login to another cluster', () => ({ loginTo: 'c-2' }), '401 challenge_mismatch'],
    ['another authority', () => ({ config: trusting('other') }), '401 certificate_not_trusted'],
    ['two authorities, one of which is its own', () => ({ config: trusting('other', 'ca') }), 'admitted'],
    ['no armour', () => ({ change: (text) => text.replace(/-----.*-----/g, '') }), '401 proof_malformed'],
    ['a second signature', () => ({ change: (text) => text + text }), '401 proof_malformed'],
    ['text behind it', () => ({ change: (text) => `${text}x` }), '401 proof_malformed'],
  ])('with %s is answered with %3$s', async (_what, change, said) => {
    expect(await saidBy(logIn(change()))).toBe(said)
  })

  it.each<[string, readonly string[], string]>([
    ['has expired', ['-V', '20200101:20210101'], '401 certificate_expired'],
    ['is not yet valid', ['-V', '20990101:20990102'], '401 certificate_expired'],
    ['is valid for an hour', ['-V', '+1h'], 'admitted'],
    ['has a critical option', ['-O', 'critical:foo@example.org=bar'], '401 certificate_unusable'],
    ['has an extension', ['-O', 'extension:foo@example.org=bar'], 'admitted'],
    ['has two principals', ['-n', 'a.example.org,b.example.org'], 'admitted'],
  ])('whose certificate %s is answered with %3$s', async (what, more, said) => {
    const name = `cert-${what.replaceAll(' ', '-')}`
    hosts.key(name)
    hosts.certify(name, 'ca', ...more)
    expect(await saidBy(logIn({ signer: `${name}-cert.pub` }))).toBe(said)
  })

  it('is refused with the certificate of a user, with none that names it, and with one by SHA-1', async () => {
    for (const name of ['user', 'nobody', 'sha1']) hosts.key(name)
    hosts.tool.run('-q', '-s', 'ca', '-I', 'u', '-n', 'root', 'user.pub')
    expect(await saidBy(logIn({ signer: 'user-cert.pub' }))).toBe('401 certificate_malformed')
    hosts.tool.run('-q', '-s', 'ca', '-h', '-I', 'u', 'nobody.pub')
    expect(await saidBy(logIn({ signer: 'nobody-cert.pub' }))).toBe('401 certificate_unusable')
    hosts.key('ca-rsa', ['rsa', '2048'])
    hosts.certify('sha1', 'ca-rsa', '-t', 'ssh-rsa')
    expect(await saidBy(logIn({ config: trusting('ca-rsa'), signer: 'sha1-cert.pub' }))).toBe(
      '401 certificate_not_trusted',
    )
    hosts.certify('sha1', 'ca-rsa', '-t', 'rsa-sha2-256')
    expect(await saidBy(logIn({ config: trusting('ca-rsa'), signer: 'sha1-cert.pub' }))).toBe('admitted')
  })

  it('is refused with an RSA key of 1024 bits, its own or that of its authority', async () => {
    hosts.key('weak', ['rsa', '1024'])
    hosts.certify('weak', 'ca')
    expect(await saidBy(logIn({ signer: 'weak-cert.pub' }))).toBe('401 certificate_malformed')
    expect(found(compileConfig({ certAuthorities: [hosts.key('weak')] }))).toEqual([
      expect.stringContaining('value_invalid'),
    ])
  })

  it.each<[object, string]>([
    [{ allowedPrincipals: ['host.example.org'] }, 'admitted'],
    [{ allowedPrincipals: ['*.example.org'] }, 'admitted'],
    [{ allowedPrincipals: ['host.example.net'] }, '403 host_name_not_allowed'],
    [{ canonicalDomain: 'example.org' }, 'admitted'],
    [{ canonicalDomain: 'example.org', allowedPrincipals: ['host'] }, 'admitted'],
    [{ canonicalDomain: 'example.org', allowedPrincipals: ['host.example.org'] }, '403 host_name_not_allowed'],
    [{ canonicalDomain: 'ample.org' }, '403 host_name_not_allowed'],
    [{ canonicalDomain: 'example.net' }, '403 host_name_not_allowed'],
  ])('is answered by a policy with %j as it should be', async (pins, said) => {
    expect(await saidBy(logIn({ config: { ...trusting('ca'), ...pins } }))).toBe(said)
  })

  it('has the principals of the domain alone, without it', async () => {
    hosts.key('many')
    hosts.certify('many', 'ca', '-n', 'a.example.org,b.example.org,c.example.net')
    const config = { ...trusting('ca'), canonicalDomain: 'example.org' }
    const attributes = await attributesOf(logIn({ config, signer: 'many-cert.pub' }))
    expect(attributes['ssh_pop.principal']).toEqual(['a', 'b'])
  })

  it('keeps its session while its policy still takes it', async () => {
    const { body } = await logIn({ config: { ...trusting('ca'), canonicalDomain: 'example.org' } })
    const { token } = (body as unknown as { session: { token: string } }).session
    put(proof.world, 'trust-domain/TrustDomainServerAttestation', { policies: [serverPolicy(proof.world, 'issuer')] })
    const use = async (config: object): Promise<number> => {
      proof.putPolicy(config)
      const workloads = [{ id: 'w', attributes: WEB }]
      return (await askClaims(proof.world, { agentSession: token, workloads })).status
    }
    expect([
      await use({ ...trusting('ca'), canonicalDomain: 'example.org', allowedPrincipals: ['host'] }),
      await use({ ...trusting('ca'), allowedPrincipals: ['host.example.org'] }),
      await use({ ...trusting('ca'), allowedPrincipals: ['other'] }),
      await use(trusting('other')),
    ]).toEqual([200, 200, 401, 401])
  })

  it('holds for no change of one byte of its signature, and never makes the reader throw', async () => {
    proof.putPolicy(trusting('ca'))
    const given = await proof.challenge()
    const text = hosts.sign('host-cert.pub', given.message)
    const bytes = Buffer.from(text.replace(/-----.*-----|\n/g, ''), 'base64')
    const armour = (der: Uint8Array): string =>
      `-----BEGIN SSH SIGNATURE-----\n${Buffer.from(der).toString('base64')}\n-----END SSH SIGNATURE-----\n`
    const challenge = { id: 'x', request: {} as never, secret: null, message: given.message }
    const entry = compiledAnchor(trusting('ca'))
    const context = { nowSeconds: Math.floor(Date.now() / 1000), skewSeconds: 30 } as never
    const holds = async (der: Uint8Array): Promise<boolean> => {
      const opened = sshPop.open({ signature: armour(der) }, challenge)
      if (!opened.ok) return false
      return (await sshPop.verify(opened.value.value, entry, [], context)).ok
    }
    expect(await holds(bytes)).toBe(true)
    const accepted: number[] = []
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      if (await holds(changed)) accepted.push(at)
      if (await holds(bytes.subarray(0, at))) accepted.push(-at)
    }
    expect(accepted).toEqual([])
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => void readSshSignature(armour(noise))))
  })
})

function compiledAnchor(config: object) {
  const context = { trustDomain: 'example.org', exactPins: false } as never
  const entry = sshPop.compile(config as never, context, (issue) => {
    throw new Error(issue.message)
  })
  if (entry === undefined) throw new Error('does not compile')
  return entry.anchor
}

function compileConfig(
  config: object,
  section: 'AgentAttestation' | 'TrustDomainServerAttestation' = 'AgentAttestation',
) {
  const policies = [{ name: 'p', requiredAttestors: [{ type: 'ssh_pop', config }] }]
  return compile(section, JSON.stringify({ section, schema: 'v1', spec: { policies } }))
}

describe.skipIf(!SSH_KEYGEN)('a configuration of ssh_pop', () => {
  it.each<[string, () => object, readonly string[]]>([
    ['nothing', () => ({}), ['field_missing']],
    ['an authority', () => trusting('ca'), []],
    ['an authority with its option', () => ({ certAuthorities: [`cert-authority ${hosts.key('ca')}`] }), []],
    ['an option that restricts', () => ({ certAuthorities: [`principals="a" ${hosts.key('ca')}`] }), ['value_invalid']],
    [
      'a type that is not that of the key',
      () => ({ hostKeys: [hosts.key('ca').replace('ssh-ed25519', 'ssh-rsa')] }),
      ['value_invalid'],
    ],
    ['a private key', () => ({ hostKeys: [hosts.tool.readText('ca')] }), ['value_invalid']],
    [
      'a domain with a dot before it',
      () => ({ ...trusting('ca'), canonicalDomain: '.example.org' }),
      ['value_invalid'],
    ],
  ])('with %s', (_what, config, codes) => {
    const result = compileConfig(config())
    expect((result.ok ? result.warnings : result.issues).map(({ code }) => code)).toEqual(codes)
  })

  it('for issuers names each host', () => {
    const codes = (config: object): readonly string[] => {
      const result = compileConfig(config, 'TrustDomainServerAttestation')
      return (result.ok ? result.warnings : result.issues).map(({ code }) => code)
    }
    expect(codes(trusting('ca'))).toEqual(['pin_missing'])
    expect(codes({ ...trusting('ca'), allowedPrincipals: ['*.example.org'] })).toEqual(['pin_missing'])
    expect(codes({ ...trusting('ca'), allowedPrincipals: ['issuer.example.org'] })).toEqual([])
    expect(codes({ hostKeys: [hosts.key('host')] })).toEqual([])
  })
})
