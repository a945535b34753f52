// Evidence as an agent collects it, from stand-ins on loopback that are as strict as the real services: IMDSv2 alone, headers that a
// web application cannot be made to send, no redirect followed.

import { createHash, createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ATTESTORS } from '../../../src/attest/table.ts'
import { COLLECTORS, type CollectContext, type EvidenceOptions } from '../../../src/cli/agent/collectors.ts'
import { METADATA } from '../../../src/cli/agent/metadata.ts'
import { WEBHOOK_PROOF_MAX_BYTES } from '../../../src/core/limits.ts'
import { openSshHosts, type SshHosts } from '../../attest/ssh-pop/ssh-hosts.ts'
import { CLIENT, KEYS, openX509Hosts, type X509Hosts } from '../../attest/x509-pop/x509-hosts.ts'
import { OPENSSL, SSH_KEYGEN } from '../../installed.ts'
import { findFreePort } from '../../runtime/replay/redis-server.ts'

type Answer = { readonly status?: number; readonly body?: string; readonly headers?: Record<string, string> }
let server: Server
let base = ''
let answers: (request: IncomingMessage) => Answer
const asked: string[] = []
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const { status = 200, body = '', headers = {} } = answers(request)
    response.writeHead(status, headers).end(body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

const OPTIONS: EvidenceOptions = {
  tokenFile: '/nowhere',
  jwtFile: undefined,
  audience: 'https://login.example.org',
  sshKey: '/nowhere',
  trustDomain: 'example.org',
  certFile: undefined,
  keyFile: undefined,
  proofCommand: undefined,
  tpmEk: undefined,
  tpmAk: undefined,
  tpmActivate: undefined,
  tpmCertFile: undefined,
  httpDnsHostname: undefined,
  httpDnsPort: undefined,
}
function collect(type: string, change: Partial<CollectContext> = {}, options: Partial<EvidenceOptions> = {}) {
  asked.length = 0
  const context: CollectContext = {
    options: { ...OPTIONS, ...options },
    environment: {},
    metadata: { linkLocal: base, google: base },
    fetch,
    atEnd: () => undefined,
    ...change,
  }
  return COLLECTORS.get(type)?.collect(context) ?? Promise.reject(new Error('no collector'))
}

it('collects for every attestor', () => {
  expect([...COLLECTORS.keys()].sort()).toEqual(ATTESTORS.map(({ type }) => type).sort())
  for (const { type, challenge } of ATTESTORS)
    expect([type, COLLECTORS.get(type)?.needsChallenge]).toEqual([type, challenge !== undefined])
})

it('asks constant addresses', () => {
  expect(METADATA).toEqual({ linkLocal: 'http://169.254.169.254', google: 'http://metadata.google.internal' })
})

describe('on EC2', () => {
  const imds = (request: IncomingMessage): Answer => {
    if (request.url === '/latest/api/token')
      return request.method === 'PUT' && request.headers['x-aws-ec2-metadata-token-ttl-seconds'] === '60'
        ? { body: 'secret' }
        : { status: 405 }
    const isDocument = request.url === '/latest/dynamic/instance-identity/rsa2048'
    return isDocument && request.headers['x-aws-ec2-metadata-token'] === 'secret'
      ? { body: 'MIAG\nabc=' }
      : { status: 401 }
  }
  it('gets the signed document by IMDSv2', async () => {
    answers = imds
    expect(await collect('aws_iid')).toEqual({ pkcs7: 'MIAG\nabc=' })
    expect(asked).toEqual(['PUT /latest/api/token', 'GET /latest/dynamic/instance-identity/rsa2048'])
  })
  it.each<[string, (request: IncomingMessage) => Answer, RegExp]>([
    ['IMDSv2 is off', () => ({ status: 403 }), /answered 403 to \/latest\/api\/token/],
    ['it redirects', () => ({ status: 302, headers: { Location: 'http://evil.example' } }), /answered 302/],
    ['its answer is too large', () => ({ body: 'x'.repeat(100_000) }), /too large/],
  ])('says so when %s', async (_what, wrong, said) => {
    answers = wrong
    await expect(collect('aws_iid')).rejects.toThrow(said)
  })
})

it('on Azure gets a document for the nonce, and a token for the audience', async () => {
  answers = ({ url = '', headers }) => {
    if (headers['metadata'] !== 'true' || headers['x-forwarded-for'] !== undefined) return { status: 400 }
    if (url.startsWith('/metadata/attested/document?'))
      return { body: JSON.stringify({ encoding: 'pkcs7', signature: `for ${url.split('nonce=')[1]}` }) }
    return { body: JSON.stringify({ access_token: `for ${decodeURIComponent(url.split('resource=')[1] ?? '')}` }) }
  }
  const challenge = { message: 'm', published: { nonce: 'n-1' } }
  expect(await collect('azure_imds', { challenge })).toEqual({ signature: 'for n-1' })
  expect(await collect('azure_msi')).toEqual({ token: 'for https://login.example.org' })
  answers = () => ({ body: '{}' })
  await expect(collect('azure_msi')).rejects.toThrow(/has no string "access_token"/)
})

it('on Google Cloud gets a full token for the audience', async () => {
  answers = ({ headers, url = '' }) =>
    headers['metadata-flavor'] === 'Google' &&
    url.includes('format=full') &&
    url.includes('audience=https%3A%2F%2Flogin.example.org')
      ? { body: 'token' }
      : { status: 403 }
  expect(await collect('gcp_iit')).toEqual({ token: 'token' })
})

it('in a job of GitHub gets a token for the audience', async () => {
  answers = ({ headers, url = '' }) =>
    headers.authorization === 'Bearer job' && url === '/token?x=1&audience=https%3A%2F%2Flogin.example.org'
      ? { body: JSON.stringify({ value: 'token' }) }
      : { status: 401 }
  const environment = { ACTIONS_ID_TOKEN_REQUEST_URL: `${base}/token?x=1`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'job' }
  expect(await collect('github', { environment })).toEqual({ token: 'token' })
  await expect(collect('github')).rejects.toThrow(/id-token: write/)
  const wrong = { ...environment, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'other' }
  await expect(collect('github', { environment: wrong })).rejects.toThrow(/answered 401/)
})

it('says what is missing, and where it looked', async () => {
  await expect(collect('k8s_token')).rejects.toThrow(/--token-file.*ENOENT/)
  await expect(collect('custom_jwt')).rejects.toThrow(/--jwt-file/)
  await expect(collect('x509_pop')).rejects.toThrow(/--cert-file and --key-file/)
  await expect(collect('ssh_pop', {}, { trustDomain: undefined })).rejects.toThrow(/--trust-domain/)
})

describe('with a host name', () => {
  const path = '/.well-known/postern/http-dns/1'
  const challenge = { message: 'five lines', published: { path } }
  const answer = createHash('sha256').update('five lines').digest('base64url')

  it('serves the answer at its path alone, until the login has ended', async () => {
    const closes: (() => Promise<void>)[] = []
    const httpDnsPort = await findFreePort()
    const place = { httpDnsHostname: 'web.lan', httpDnsPort }
    const evidence = await collect('http_dns', { challenge, atEnd: (close) => closes.push(close) }, place)
    expect(evidence).toEqual({ hostname: 'web.lan', port: httpDnsPort })
    const ask = async (at: string, init?: RequestInit) => {
      const response = await fetch(`http://127.0.0.1:${httpDnsPort}${at}`, init)
      return [response.status, await response.text()]
    }
    expect(await ask(path)).toEqual([200, answer])
    for (const other of [`${path}/`, `${path}?x`, '/']) expect(await ask(other)).toEqual([404, ''])
    expect(await ask(path, { method: 'POST' })).toEqual([404, ''])
    await expect(collect('http_dns', { challenge }, place)).rejects.toThrow(/--http-dns-port.*EADDRINUSE/)
    for (const close of closes) await close()
    await expect(ask(path)).rejects.toThrow()
  })

  it('says what is missing, before anything is asked for', async () => {
    const { makeRequest } = COLLECTORS.get('http_dns') ?? {}
    expect(() => makeRequest?.({ ...OPTIONS, httpDnsPort: 80 })).toThrow(/--http-dns-hostname/)
    expect(() => makeRequest?.({ ...OPTIONS, httpDnsHostname: 'a' })).toThrow(/--http-dns-port/)
    const without = collect(
      'http_dns',
      { challenge: { message: 'm', published: {} } },
      { httpDnsHostname: 'a', httpDnsPort: 80 },
    )
    await expect(without).rejects.toThrow(/another version/)
  })
})

describe.skipIf(!SSH_KEYGEN)('with an SSH host key', () => {
  let hosts: SshHosts
  beforeAll(() => {
    hosts = openSshHosts()
    hosts.key('host')
  })
  afterAll(() => hosts?.tool.remove())
  it('signs the message, for the trust domain', async () => {
    const challenge = { message: 'five lines', published: {} }
    const evidence = await collect('ssh_pop', { challenge }, { sshKey: join(hosts.tool.folder, 'host') })
    expect(evidence).toEqual({ signature: expect.stringMatching(/^-----BEGIN SSH SIGNATURE-----\n/) })
    // By the tool itself, over the same bytes.
    expect((evidence as { signature: string }).signature).toBe(hosts.sign('host', 'five lines'))
  })
  it('says that the key cannot be used', async () => {
    await expect(collect('ssh_pop', { challenge: { message: 'm', published: {} } })).rejects.toThrow(
      /cannot sign with \/nowhere/,
    )
  })
})

describe.skipIf(!OPENSSL)('with a certificate', () => {
  let hosts: X509Hosts
  beforeAll(() => {
    hosts = openX509Hosts()
    for (const [alg, key] of Object.entries(KEYS)) hosts.make(alg, { key, extensions: CLIENT })
  })
  afterAll(() => hosts?.tool.remove())
  it.each(Object.keys(KEYS))('signs by the key of a certificate of %s', async (name) => {
    const [certFile, keyFile] = [join(hosts.tool.folder, `${name}.crt`), join(hosts.tool.folder, `${name}.key`)]
    const challenge = { message: 'five lines', published: {} }
    const evidence = (await collect('x509_pop', { challenge }, { certFile, keyFile })) as Record<string, string>
    // RSA keys sign by PSS.
    expect(evidence['alg']).toBe(name === 'RS256' ? 'PS256' : name)
    if (name === 'EdDSA') {
      const signature = Buffer.from(evidence['signature'] ?? '', 'base64')
      expect(verify(null, Buffer.from('five lines'), createPublicKey(hosts.pem(name)), signature)).toBe(true)
    }
  })
  it('never says what a key file holds', async () => {
    const certFile = join(hosts.tool.folder, 'ES256.crt')
    hosts.tool.write('bad.key', 'SECRET-CONTENT')
    const wrong = collect(
      'x509_pop',
      { challenge: { message: 'm', published: {} } },
      { certFile, keyFile: join(hosts.tool.folder, 'bad.key') },
    )
    await expect(wrong).rejects.toThrow(/cannot be used(?!.*SECRET)/)
  })
})

describe('the executable of an extension', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-proof-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  function executable(name: string, script: string, mode = 0o700): string {
    const path = join(folder, name)
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode })
    return path
  }
  const prove = (proofCommand: string | undefined) => collect('extension', {}, { proofCommand })
  const print = (bytes: number): string => `head -c ${bytes} /dev/zero | tr '\\0' x`

  it.each<[string, string, unknown]>([
    ['JSON', 'echo \'{"device":"d-1","nonce":[1,null]}\'', { device: 'd-1', nonce: [1, null] }],
    ['a string of JSON', 'echo \'"d-1"\'', 'd-1'],
    ['any other text', "echo '  device d-1'", 'device d-1'],
    ['JSON with a member twice, as text', 'echo \'{"a":1,"a":2}\'', '{"a":1,"a":2}'],
    ['as much as it may', print(WEBHOOK_PROOF_MAX_BYTES), 'x'.repeat(WEBHOOK_PROOF_MAX_BYTES)],
  ])('prints %s', async (name, script, proof) => {
    expect(await prove(executable(name.replaceAll(' ', '-'), script))).toEqual({ proof })
  })

  it.each<[string, () => string | undefined, RegExp]>([
    ['is not named', () => undefined, /--proof-command/],
    ['does not exist', () => join(folder, 'nothing'), /cannot be run: ENOENT/],
    ['may not be run', () => executable('mode', 'echo x', 0o600), /cannot be run: EACCES/],
    ['fails', () => executable('fails', 'echo SECRET; echo SECRET >&2; exit 3'), /exit code 3/],
    ['prints nothing', () => executable('nothing-said', 'true'), /printed no proof/],
    ['prints too much', () => executable('much', print(WEBHOOK_PROOF_MAX_BYTES + 1)), /printed more than/],
  ])('that %s is reported, without what it printed', async (_what, path, message) => {
    const failed = await prove(path()).then(
      () => 'collected',
      (error: Error) => error.message,
    )
    expect(failed).toMatch(message)
    expect(failed).not.toContain('SECRET')
  })
})
