// Proofs and signed documents on every host, made by real ssh-keygen and openssl, and by AWS itself; and the commands of docs/start.md
// for a host without a token, as they stand there.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSshHosts, type SshHosts } from '../attest/ssh-pop/ssh-hosts.ts'
import { runBlock, SOFTWARE_TPM, type SoftwareTpm, startTpm } from '../attest/tpm-ek/software-tpm.ts'
import { AUTHORITY, CLIENT, KEYS, openX509Hosts, type X509Hosts } from '../attest/x509-pop/x509-hosts.ts'
import { isInstalled, OPENSSL, SSH_KEYGEN } from '../installed.ts'
import { type Host, startHost } from './hosts.ts'

const CURL = isInstalled('curl')
const real = (name: string): string => readFileSync(new URL(`../attest/aws-iid/real/${name}`, import.meta.url), 'utf8')

let ssh: SshHosts
let x509: X509Hosts
let tpm: SoftwareTpm
beforeAll(async () => {
  if (SOFTWARE_TPM) tpm = await startTpm()
  if (SSH_KEYGEN) {
    ssh = openSshHosts()
    for (const [name, type] of [
      ['ca', ['ed25519']],
      ['host', ['ecdsa', '384']],
    ] as const)
      ssh.key(name, type)
    ssh.certify('host', 'ca')
  }
  if (!OPENSSL) return
  x509 = openX509Hosts()
  x509.make('root', { key: KEYS['RS256'] ?? [], extensions: AUTHORITY })
  for (const [alg, key] of Object.entries(KEYS)) x509.make(`host-${alg}`, { key, issuer: 'root', extensions: CLIENT })
  x509.make('azure', {
    key: KEYS['RS256'] ?? [],
    issuer: 'root',
    extensions: [
      'keyUsage = digitalSignature',
      'extendedKeyUsage = serverAuth',
      'subjectAltName = DNS:metadata.azure.com',
    ],
  })
})
afterAll(() => {
  ssh?.tool.remove()
  x509?.tool.remove()
  tpm?.stop()
})

function documents(): Readonly<Record<string, string>> {
  const section = (name: string, spec: object): string => JSON.stringify({ section: name, schema: 'v1', spec })
  const policies = (type: string, config: object): string =>
    section('AgentAttestation', { policies: [{ name: 'p', requiredAttestors: [{ type, config }] }] })
  return {
    'clusters/ssh/AgentAttestation': policies('ssh_pop', {
      certAuthorities: [ssh.key('ca')],
      canonicalDomain: 'example.org',
    }),
    'clusters/x509/AgentAttestation': policies('x509_pop', { certAuthorities: [x509.pem('root')] }),
    'clusters/aws/AgentAttestation': policies('aws_iid', { allowedAccountIDs: ['278576220453'] }),
    'clusters/azure/AgentAttestation': policies('azure_imds', {}),
    ...(SOFTWARE_TPM
      ? { 'clusters/tpm/AgentAttestation': policies('tpm_ek', { allowedHashes: [tpm.hash('ecc')] }) }
      : {}),
    'trust-domain/AWSCertificates': section('AWSCertificates', {
      certificates: ['us-west-1', 'us-west-2'].map((region) => ({ region, pem: real(`${region}.pem`) })),
    }),
    'trust-domain/AzureCertificates': section('AzureCertificates', { roots: [x509.pem('root')] }),
  }
}

describe.skipIf(!SSH_KEYGEN || !OPENSSL).each(['workerd', 'node', 'deno'] as const)('on %s', (name) => {
  let host: Host
  beforeAll(async () => {
    host = await startHost(name, documents())
  })
  afterAll(() => host?.stop())

  async function post(path: string, body: object) {
    const response = await fetch(host.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: JSON.parse(await response.text()) }
  }
  async function ask(cluster: string, type: string) {
    const { status, body } = await post(`/v1/clusters/${cluster}/challenge`, { type })
    expect([status, body.once]).toEqual([200, true])
    const message = ['postern-login/1', host.url, 'agent', cluster, body.challenge].join('\n')
    return { challenge: body.challenge as string, nonce: body.nonce as string, message }
  }
  async function logIn(cluster: string, type: string, evidence: object, challenge?: string): Promise<string> {
    const attestations = [{ type, evidence, ...(challenge === undefined ? {} : { challenge }) }]
    const { status, body } = await post(`/v1/clusters/${cluster}/login`, { attestations })
    return status === 200 ? 'admitted' : `${status} ${body.refusals?.[0]?.code}`
  }

  it('an SSH host logs in once by a challenge, and not with another message', async () => {
    const { challenge, message } = await ask('ssh', 'ssh_pop')
    const evidence = { signature: ssh.sign('host-cert.pub', message) }
    const wrong = { signature: ssh.sign('host-cert.pub', `${message}x`) }
    expect(await logIn('ssh', 'ssh_pop', wrong, challenge)).toBe('401 signature_invalid')
    expect(await logIn('ssh', 'ssh_pop', evidence, challenge)).toBe('admitted')
    expect(await logIn('ssh', 'ssh_pop', evidence, challenge)).toBe('403 evidence_replayed')
  })

  it.each(Object.keys(KEYS))('an X.509 host signs as %s', async (alg) => {
    const { challenge, message } = await ask('x509', 'x509_pop')
    const certificates = x509.pem(`host-${alg}`)
    const sign = (text: string): object => ({ certificates, alg, signature: x509.sign(`host-${alg}`, text, alg) })
    expect(await logIn('x509', 'x509_pop', sign(`${message}x`), challenge)).toBe('401 signature_invalid')
    expect(await logIn('x509', 'x509_pop', sign(message), challenge)).toBe('admitted')
  })

  it('the documents that AWS signed verify, and those of another account are not admitted', async () => {
    expect(await logIn('aws', 'aws_iid', { pkcs7: real('us-west-2.pkcs7') })).toBe('admitted')
    expect(await logIn('aws', 'aws_iid', { pkcs7: real('us-west-1.pkcs7') })).toBe('403 account_not_allowed')
    const changed = Buffer.from(real('us-west-2.pkcs7'), 'base64')
    changed[200] = (changed[200] ?? 0) ^ 1
    expect(await logIn('aws', 'aws_iid', { pkcs7: changed.toString('base64') })).toMatch(
      /^401 (signature_invalid|document_)/,
    )
  })

  it('a document of Azure is admitted for its nonce alone', async () => {
    const sign = (nonce: string): object => {
      const times = { createdOn: '01/01/26 00:00:00 -0000', expiresOn: '01/01/99 00:00:00 -0000' }
      const id = '02aab8a4-74ef-476e-8182-f6d2ba4166a6'
      x509.tool.write('document', JSON.stringify({ nonce, vmId: id, subscriptionId: id, timestamp: times }))
      const der = x509.tool.run(
        ...['cms', '-sign', '-binary', '-nodetach', '-nosmimecap', '-md', 'sha256', '-signer', 'azure.crt'],
        ...['-inkey', 'azure.key', '-in', 'document', '-outform', 'DER'],
      )
      return { signature: der.toString('base64') }
    }
    const { challenge, nonce } = await ask('azure', 'azure_imds')
    expect(await logIn('azure', 'azure_imds', sign('another'), challenge)).toBe('401 challenge_mismatch')
    expect(await logIn('azure', 'azure_imds', sign(nonce), challenge)).toBe('admitted')
  })

  it.skipIf(!CURL)('a host logs in by the commands of docs/start.md', () => {
    const section = readFileSync('docs/start.md', 'utf8').split('## Log in a host without a token')[1] ?? ''
    const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(section) ?? []
    const [settings = '', ...commands] = block.trim().split('\n')
    expect([settings.startsWith('export '), commands.length]).toEqual([true, 3])
    const env = { ...process.env, URL: host.url, CLUSTER: 'ssh', KEY: join(ssh.tool.folder, 'host-cert.pub') }
    const { stdout, stderr } = spawnSync('sh', ['-c', commands.join('\n')], { env, encoding: 'utf8' })
    const { policy, attributes } = JSON.parse(stdout || JSON.stringify(stderr))
    expect(policy).toBe('p')
    expect(attributes).toContainEqual({ origin: 'ssh_pop', name: 'ssh_pop.principal', value: ['host'] })
  })
  it.skipIf(!CURL || !SOFTWARE_TPM)('a TPM logs in by the commands of docs/attestors.md', () => {
    const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(readFileSync('docs/attestors/tpm_ek.md', 'utf8')) ?? []
    const [settings = '', ...commands] = block.trim().split('\n')
    expect(settings).toMatch(/^export /)
    const { policy, attributes } = JSON.parse(runBlock(tpm, commands.join('\n'), { URL: host.url, CLUSTER: 'tpm' }))
    expect(policy).toBe('p')
    expect(attributes).toEqual([{ origin: 'tpm_ek', name: 'tpm_ek.public_hash', value: tpm.hash('ecc') }])
  })
})
