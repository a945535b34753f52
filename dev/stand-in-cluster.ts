// A simulated cluster for the demo and the tests: the OIDC side of an API server (discovery, key set; see api-server.ts) and
// a page that issues bound service account tokens, as kubelet does. It listens on loopback only and has no real secrets.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { type Access, CACHE_CONTROL, DISCOVERY_PATH, KEYS_PATH, MEDIA_TYPES, refuseAsApiServer } from './api-server.ts'

export interface StandInCluster {
  readonly issuer: string
  mint(request?: TokenRequest): Promise<string>
  /** Replaces the signing key; the old one is removed from the key set. */
  rotate(): Promise<void>
  /** While it is down, every request is answered with 503. */
  setDown(down: boolean): void
  /** Number of requests for the key set so far. */
  keySetReads(): number
  close(): Promise<void>
}

/** Differences from the token of a well-behaved agent. */
export interface TokenRequest {
  readonly audience?: string
  readonly namespace?: string
  readonly serviceAccount?: string
  readonly node?: string
  readonly lifetimeSeconds?: number
  /** Seconds by which the token was issued before (or, negative, after) now. */
  readonly ageSeconds?: number
  /** A path below the issuer: `redirecting` is an issuer whose discovery answers with a redirect. */
  readonly issuer?: string
}

interface SigningKey {
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
  readonly kid: string
}

export async function startStandInCluster(options: {
  readonly audience: string
  readonly port: number
  /** Default: anonymous callers may read discovery and keys. */
  readonly access?: Access
}): Promise<StandInCluster> {
  let key = await makeKey()
  let isDown = false
  let reads = 0
  const server = createServer((request, response) => void answer(request, response))
  await listen(server, options.port)
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function mint(request: TokenRequest = {}): Promise<string> {
    const { audience = options.audience, namespace = 'spirl-system', serviceAccount = 'spirl-agent' } = request
    const { node = 'node-1', lifetimeSeconds = 600, ageSeconds = 0 } = request
    const now = Math.floor(Date.now() / 1000) - ageSeconds
    return new SignJWT({
      'kubernetes.io': {
        namespace,
        node: { name: node, uid: '58456cb0-dd00-45ed-b797-5578fdceaced' },
        pod: { name: `${serviceAccount}-jv9gn`, uid: '778a530c-b3f4-47c0-9cd5-ab018fb64f33' },
        serviceaccount: { name: serviceAccount, uid: 'a087d5a0-e1dd-43ec-93ac-f13d89cd13af' },
      },
    })
      .setProtectedHeader({ alg: 'RS256', kid: key.kid })
      .setIssuer(request.issuer === undefined ? issuer : `${issuer}/${request.issuer}`)
      .setSubject(`system:serviceaccount:${namespace}:${serviceAccount}`)
      .setAudience([audience])
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + lifetimeSeconds)
      .setJti(crypto.randomUUID())
      .sign(key.privateKey)
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', issuer)
    if (isDown) return send(response, 503, 'text/plain', 'down\n')
    const type = MEDIA_TYPES[url.pathname]
    if (type !== undefined) {
      if (url.pathname === KEYS_PATH) reads++
      const refused = refuseAsApiServer(request, type, options.access)
      if (refused !== undefined) return void response.writeHead(refused.status, refused.headers).end(refused.body)
      const document = url.pathname === KEYS_PATH ? { keys: [key.publicJwk] } : discovery()
      return send(response, 200, type, JSON.stringify(document), CACHE_CONTROL)
    }
    if (url.pathname === `/redirecting${DISCOVERY_PATH}`) {
      return void response.writeHead(302, { Location: `${issuer}${DISCOVERY_PATH}` }).end()
    }
    if (url.pathname === '/reads') return send(response, 200, 'text/plain', String(reads))
    if (url.pathname === '/token')
      return send(response, 200, 'text/plain', `${await mint(readRequest(url.searchParams))}\n`)
    send(response, 404, 'text/plain', 'not found\n')
  }

  function discovery(): Record<string, unknown> {
    return {
      issuer,
      jwks_uri: `${issuer}${KEYS_PATH}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }
  }

  return {
    issuer,
    mint,
    async rotate() {
      key = await makeKey()
    },
    setDown(down) {
      isDown = down
    },
    keySetReads: () => reads,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

async function makeKey(): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return { privateKey, kid, publicJwk: { ...jwk, kid, alg: 'RS256', use: 'sig' } }
}

function readRequest(query: URLSearchParams): TokenRequest {
  const lifetime = Number(query.get('lifetimeSeconds') ?? Number.NaN)
  const age = Number(query.get('ageSeconds') ?? Number.NaN)
  const text = (name: 'audience' | 'namespace' | 'serviceAccount' | 'node' | 'issuer'): TokenRequest => {
    const value = query.get(name)
    return value === null ? {} : { [name]: value }
  }
  return {
    ...text('audience'),
    ...text('namespace'),
    ...text('serviceAccount'),
    ...text('node'),
    ...text('issuer'),
    ...(Number.isInteger(lifetime) ? { lifetimeSeconds: lifetime } : {}),
    ...(Number.isInteger(age) ? { ageSeconds: age } : {}),
  }
}

function send(response: ServerResponse, status: number, type: string, body: string, cacheControl = 'no-store'): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': cacheControl }).end(body)
}

/** Listens on `port`, or on a free port if it is taken. */
async function listen(server: Server, port: number): Promise<void> {
  const attempt = (wanted: number): Promise<void> =>
    new Promise((listening, fail) => {
      server.once('error', fail)
      server.listen(wanted, '127.0.0.1', () => {
        server.off('error', fail)
        listening()
      })
    })
  await attempt(port).catch(() => attempt(0))
}
