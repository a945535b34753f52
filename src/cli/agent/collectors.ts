// How an agent gets each kind of evidence, read anew at each login. A row for every attestor whose evidence needs no privileged
// daemon.
import { spawn } from 'node:child_process'
import { constants, createPrivateKey, sign, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { makeAnswer } from '../../attest/http-dns/http-dns.ts'
import { isJsonObject, type Json, parseJson } from '../../core/json.ts'
import { JSON_DEPTH_MAX } from '../../core/limits.ts'
import { describeError } from '../../core/thrown.ts'
import { askMetadata, CollectError, type MetadataAddresses } from './metadata.ts'
import { runProofCommand } from './proof-command.ts'
import { serveAnswer } from './serve-answer.ts'
import { proveTpm, readTpmKeys, type TpmOptions } from './tpm.ts'

/** What collectors take; paths are absolute. */
export interface EvidenceOptions extends TpmOptions {
  readonly tokenFile: string
  readonly jwtFile: string | undefined
  readonly audience: string
  readonly sshKey: string
  readonly trustDomain: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  readonly proofCommand: string | undefined
  readonly httpDnsHostname: string | undefined
  readonly httpDnsPort: number | undefined
}

export interface CollectContext {
  readonly options: EvidenceOptions
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly metadata: MetadataAddresses
  readonly fetch: typeof fetch
  /** What the gateway published with the challenge, and what is signed; for evidence that needs one. */
  readonly challenge?: { readonly message: string; readonly published: Readonly<Record<string, unknown>> }
  /** Takes what must be ended after the login, whatever came of it. */
  readonly atEnd: (close: () => Promise<void>) => void
}

export interface Collector {
  readonly needsChallenge: boolean
  /** What the challenge is asked for with. Absent: nothing. @throws {CollectError} with the next step */
  makeRequest?(options: EvidenceOptions): Json | Promise<Json>
  /** @throws {CollectError} with the next step */
  collect(context: CollectContext): Promise<Json>
}

const TOKEN_TTL_HEADER = 'X-aws-ec2-metadata-token-ttl-seconds'

export const COLLECTORS: ReadonlyMap<string, Collector> = new Map<string, Collector>([
  ['k8s_token', of(async ({ options }) => ({ token: await readText(options.tokenFile, '--token-file') }))],
  ['custom_jwt', of(readJwtFile)],
  ['aws_token', of(readJwtFile)],
  [
    'aws_iid',
    of(async ({ metadata: { linkLocal } }) => {
      // IMDSv2 alone: what a web application can be made to fetch (SSRF) has no header of its own.
      const url = `${linkLocal}/latest`
      const token = await askMetadata(`${url}/api/token`, { method: 'PUT', headers: { [TOKEN_TTL_HEADER]: '60' } })
      const headers = { 'X-aws-ec2-metadata-token': token }
      return { pkcs7: await askMetadata(`${url}/dynamic/instance-identity/rsa2048`, { headers }) }
    }),
  ],
  [
    'azure_imds',
    withChallenge(async ({ metadata: { linkLocal }, challenge }) => {
      const nonce = encodeURIComponent(String(challenge?.published['nonce']))
      const url = `${linkLocal}/metadata/attested/document?api-version=2021-02-01&nonce=${nonce}`
      return { signature: readMember(await askMetadata(url, { headers: { Metadata: 'true' } }), 'signature', url) }
    }),
  ],
  [
    'azure_msi',
    of(async ({ metadata: { linkLocal }, options }) => {
      const resource = encodeURIComponent(options.audience)
      const url = `${linkLocal}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${resource}`
      return { token: readMember(await askMetadata(url, { headers: { Metadata: 'true' } }), 'access_token', url) }
    }),
  ],
  [
    'gcp_iit',
    of(async ({ metadata: { google }, options }) => {
      const audience = encodeURIComponent(options.audience)
      const path = '/computeMetadata/v1/instance/service-accounts/default/identity'
      const url = `${google}${path}?audience=${audience}&format=full`
      return { token: await askMetadata(url, { headers: { 'Metadata-Flavor': 'Google' } }) }
    }),
  ],
  ['github', of(async (context) => ({ token: await askGithub(context) }))],
  ['ssh_pop', withChallenge(async (context) => ({ signature: await signBySsh(context) }))],
  ['x509_pop', withChallenge(signByKey)],
  ['tpm_ek', { ...withChallenge(({ options, challenge }) => proveTpm(options, challenge)), makeRequest: readTpmKeys }],
  ['extension', of(async ({ options }) => ({ proof: await askExecutable(options) }))],
  ['http_dns', { ...withChallenge(serveChallenge), makeRequest: readPlace }],
])

function of(collect: Collector['collect']): Collector {
  return { needsChallenge: false, collect }
}

function withChallenge(collect: Collector['collect']): Collector {
  return { needsChallenge: true, collect }
}

function readPlace({ httpDnsHostname: hostname, httpDnsPort: port }: EvidenceOptions) {
  if (hostname === undefined || port === undefined)
    throw new CollectError(
      'http_dns needs the name by which the gateway reaches this host, and a port to listen on: add --http-dns-hostname and --http-dns-port',
    )
  return { hostname, port }
}

async function serveChallenge({ options, challenge, atEnd }: CollectContext): Promise<Json> {
  const place = readPlace(options)
  const path = challenge?.published['path']
  if (challenge === undefined || typeof path !== 'string')
    throw new CollectError('the gateway did not say at which path to serve the answer: it is of another version')
  atEnd(await serveAnswer({ port: place.port, path, body: makeAnswer(challenge.message) }))
  return place
}

async function readText(file: string, flag: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new CollectError(`cannot read the file of ${flag}: ${describeError(error)}`)
  }
}

async function readJwtFile({ options: { jwtFile } }: CollectContext): Promise<Json> {
  if (jwtFile === undefined) throw new CollectError('a token of another issuer is read from a file: add --jwt-file')
  return { token: await readText(jwtFile, '--jwt-file') }
}

async function askExecutable({ proofCommand }: EvidenceOptions): Promise<Json> {
  if (proofCommand === undefined)
    throw new CollectError('the proof of an extension comes from an executable: add --proof-command')
  return runProofCommand(proofCommand)
}

function readMember(text: string, name: string, url: string): string {
  const read = parseJson(text, JSON_DEPTH_MAX)
  const value = read.ok && isJsonObject(read.value) ? read.value[name] : undefined
  if (typeof value === 'string' && value !== '') return value
  throw new CollectError(`the answer of ${new URL(url).host} has no string "${name}"`)
}

/** GitHub Docs, "OpenID Connect reference": the address and its token are those of the job. */
async function askGithub({ environment, options, fetch }: CollectContext): Promise<string> {
  const url = environment['ACTIONS_ID_TOKEN_REQUEST_URL']
  const secret = environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN']
  if (!url || !secret)
    throw new CollectError('this job may not ask GitHub for a token: add "permissions: { id-token: write }" to it')
  const asked = new URL(url)
  asked.searchParams.set('audience', options.audience)
  const init = {
    headers: { Authorization: `Bearer ${secret}`, Accept: 'application/json' },
    redirect: 'manual',
  } as const
  const response = await fetch(asked, { ...init, signal: AbortSignal.timeout(10_000) }).catch((error: unknown) => {
    throw new CollectError(`GitHub cannot be asked for a token: ${describeError(error)}`)
  })
  if (!response.ok) throw new CollectError(`GitHub answered ${response.status} to the request for a token`)
  return readMember(await response.text(), 'value', url)
}

/** By the program that every host with SSH has; the message goes through its standard input, and no file is written. */
function signBySsh({ options: { sshKey, trustDomain }, challenge }: CollectContext): Promise<string> {
  if (trustDomain === undefined)
    throw new CollectError('the signature of ssh_pop is for one trust domain: add --trust-domain, or set TRUST_DOMAIN')
  return new Promise((answer, fail) => {
    const child = spawn('ssh-keygen', ['-Y', 'sign', '-n', `login@${trustDomain}`, '-f', sshKey])
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    child.on('error', ({ message }) => fail(new CollectError(`ssh-keygen cannot be started: ${message}`)))
    child.on('close', (code) => {
      if (code === 0) answer(out)
      else
        fail(
          new CollectError(
            `ssh-keygen cannot sign with ${sshKey}: ${err.trim().split('\n').at(-1) ?? ''}. The agent needs to read the host key`,
          ),
        )
    })
    // It may end before it has read everything.
    child.stdin.on('error', () => undefined)
    child.stdin.end(challenge?.message ?? '')
  })
}

async function signByKey({ options: { certFile, keyFile }, challenge }: CollectContext): Promise<Json> {
  if (certFile === undefined || keyFile === undefined)
    throw new CollectError('x509_pop needs a certificate and its key: add --cert-file and --key-file')
  const certificates = await readText(certFile, '--cert-file')
  const pem = await readText(keyFile, '--key-file')
  try {
    const { asymmetricKeyType = '', asymmetricKeyDetails } = new X509Certificate(certificates).publicKey
    const key = createPrivateKey(pem)
    const message = Buffer.from(challenge?.message ?? '')
    const { alg, hash } = findAlgorithm(asymmetricKeyType, asymmetricKeyDetails?.namedCurve)
    const options = alg === 'PS256' ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : { key }
    return { certificates, alg, signature: sign(hash, message, options).toString('base64') }
  } catch (error) {
    if (error instanceof CollectError) throw error
    // The message may hold a part of the key.
    throw new CollectError(
      'the certificate or the key of x509_pop cannot be used: expected PEM, and a key without a password',
    )
  }
}

function findAlgorithm(
  type: string,
  curve: string | undefined,
): { readonly alg: string; readonly hash: string | null } {
  if (type === 'rsa') return { alg: 'PS256', hash: 'sha256' }
  if (type === 'ed25519') return { alg: 'EdDSA', hash: null }
  if (curve === 'prime256v1') return { alg: 'ES256', hash: 'sha256' }
  if (curve === 'secp384r1') return { alg: 'ES384', hash: 'sha384' }
  if (curve === 'secp521r1') return { alg: 'ES512', hash: 'sha512' }
  throw new CollectError(`a key of the type ${type} is not accepted: use RSA, P-256, P-384, P-521 or Ed25519`)
}
