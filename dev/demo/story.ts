// What a gateway does, told by requests to it: an agent logs in, an issuer logs in and asks who a pod is, a login is refused and the
// refusal explained. Every value that is printed is read from an answer.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { decodeJwt } from 'jose'
import { formatDuration } from '../../src/core/duration.ts'
import { KEYS_PATH } from '../api-server.ts'
import type { StandInCluster, TokenRequest } from '../stand-in-cluster.ts'
import { CLUSTER } from './documents.ts'
import { formatFact, formatHeading, formatIdentity, formatStatus, type Print } from './lines.ts'

interface Story {
  /** URL of the gateway. */
  readonly gateway: string
  readonly cluster: Pick<StandInCluster, 'issuer' | 'mint'>
  /** The folder of the documents, where evidence and keys for the tool are written as well. */
  readonly folder: string
  /** A file with the settings of the gateway, for the tool. */
  readonly envFile: string
  /** A file with a pod as `kubectl get pod -o json` prints it. */
  readonly podFile: string
  readonly print: Print
}

interface Answer {
  readonly status: number
  readonly body: {
    readonly session?: { readonly token: string; readonly expiresAt: string }
    readonly policy?: string
    readonly attributes?: readonly unknown[]
    readonly detail?: string
    readonly code?: string
    readonly refusals?: readonly { readonly code: string; readonly detail: string }[]
    readonly results?: readonly Result[]
  }
}

interface Result {
  readonly spiffeId?: string
  readonly jwt?: { readonly ttlSeconds: number; readonly claims: unknown }
  readonly x509?: { readonly ttlSeconds: number; readonly subject?: string }
  readonly error?: { readonly code: string; readonly detail: string }
}

const ISSUER = { serviceAccount: 'spirl-server' }
const STRANGER = { namespace: 'default', serviceAccount: 'default' }

/** What the story was told with, for a page that tells it again. */
export interface Told {
  /** The token that admitted. */
  readonly token: string
  /** The key set of its issuer. */
  readonly keys: string
}

/** Tells the story. The commands that the user may go on with are printed as they were run. */
export async function tellStory({ gateway, cluster, folder, envFile, podFile, print }: Story): Promise<Told> {
  async function logIn(what: string, path: string, token: string): Promise<Answer> {
    print(formatHeading(what))
    print(formatFact('sends', describeToken(token)))
    const evidence = { type: 'k8s_token', evidence: { token } }
    const answer = await post(`${gateway}${path}`, { attestations: [evidence] })
    const { status, body } = answer
    const [refusal] = body.refusals ?? []
    const outcome = body.policy === undefined ? (refusal?.code ?? body.code) : `admitted by the policy ${body.policy}`
    print(formatFact('answer', `${formatStatus(status)} ${outcome}`))
    if (refusal !== undefined) print(formatFact('', refusal.detail))
    if (body.session !== undefined) for (const line of describeSession(body.session.token)) print(line)
    return answer
  }
  const path = `/v1/clusters/${CLUSTER}/login`
  const mint = (request?: TokenRequest): Promise<string> => cluster.mint(request)

  const admitted = await mint()
  const agent = await logIn('An agent logs in with its service account token', path, admitted)
  const issuer = await logIn('An issuer of SVIDs logs in', '/v1/trust-domain/login', await mint(ISSUER))

  print(formatHeading('The issuer asks who a pod is'))
  const pod: unknown = JSON.parse(readFileSync(podFile, 'utf8'))
  print(formatFact('sends', `${podFile}: ${describePod(pod)}`))
  const mapped = await post(
    `${gateway}/v1/clusters/${CLUSTER}/claims`,
    { ...(agent.body.session && { agentSession: agent.body.session.token }), workloads: [{ id: 'pod', pod }] },
    issuer.body.session?.token,
  )
  const [result] = mapped.body.results ?? []
  print(formatFact('answer', `${formatStatus(mapped.status)} ${mapped.body.code ?? ''}`.trimEnd()))
  for (const line of describeResult(result)) print(line)

  const token = await mint(STRANGER)
  await logIn('Another service account is refused', path, token)
  const keys = await fetchKeys(cluster.issuer)
  const explained = explain({ token, folder, envFile, keys })
  print(formatFact('explained', explained.checks[0] ?? 'no check failed'))
  for (const check of explained.checks.slice(1)) print(formatFact('', check))
  print(formatFact('command', explained.command))
  return { token: admitted, keys }
}

async function post(url: string, body: unknown, session?: string): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(session === undefined ? {} : { Authorization: `Bearer ${session}` }),
    },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

async function fetchKeys(issuer: string): Promise<string> {
  const response = await fetch(`${issuer}${KEYS_PATH}`, { headers: { Accept: 'application/jwk-set+json' } })
  return response.text()
}

function describeToken(token: string): string {
  const { iss, sub, iat = 0, exp = 0 } = decodeJwt(token)
  return `${sub}, signed by ${iss}, valid for ${formatDuration(exp - iat)}`
}

/** The session is a signed JWT: what it says, decoded. */
function describeSession(token: string): readonly string[] {
  const { sub, role, aud, attributes, iat = 0, exp = 0 } = decodeJwt(token)
  const count = Array.isArray(attributes) ? attributes.length : Object.keys(attributes ?? {}).length
  return [
    formatFact('session', formatIdentity(String(sub))),
    formatFact('', `role ${role}, for ${aud}, ${count} attributes, valid for ${formatDuration(exp - iat)}`),
  ]
}

function describePod(pod: unknown): string {
  const { metadata = {}, spec = {} } = pod as Readonly<Record<string, Readonly<Record<string, unknown>>>>
  return `${metadata['namespace']}/${metadata['name']}, service account ${spec['serviceAccountName']}, on ${spec['nodeName']}`
}

function describeResult(result: Result | undefined): readonly string[] {
  if (result === undefined) return []
  const { spiffeId, jwt, x509, error } = result
  if (error !== undefined) return [formatFact('refused', `${error.code}: ${error.detail}`)]
  return [
    formatFact('SPIFFE ID', formatIdentity(spiffeId ?? '')),
    ...(jwt === undefined
      ? []
      : [formatFact('JWT', `${formatDuration(jwt.ttlSeconds)}, ${JSON.stringify(jwt.claims)}`)]),
    ...(x509 === undefined ? [] : [formatFact('X.509', `${formatDuration(x509.ttlSeconds)}, ${x509.subject ?? ''}`)]),
  ]
}

interface Refused {
  readonly token: string
  readonly folder: string
  readonly envFile: string
  readonly keys: string
}

/** Runs the tool as a user would, and keeps what failed of what it prints. */
function explain({ token, folder, envFile, keys }: Refused): {
  readonly checks: readonly string[]
  readonly command: string
} {
  const [evidence, jwks] = [join(folder, 'refused.json'), join(folder, 'jwks.json')]
  writeFileSync(evidence, JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }))
  writeFileSync(jwks, keys)
  const document = join(folder, 'AgentAttestation.yaml')
  const args = ['explain', '--evidence', evidence, '--jwks', jwks, '--env-file', envFile, document]
  const { stdout } = spawnSync(process.execPath, ['src/cli/postern.ts', ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
  const failed = stdout.split('\n').filter((line) => /^\s+✗/.test(line))
  return {
    checks: failed.map((line) => line.trim().replace(/ {2,}/, '  ')),
    command: `npm run -s postern -- ${args.join(' ')}`,
  }
}
