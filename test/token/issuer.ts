// A real OpenID issuer on loopback for tests: it signs service account tokens as Kubernetes does, publishes its keys as
// strictly as the API server, or as another kind of issuer does, rotates them, goes down, and misbehaves when told to.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { CACHE_CONTROL, DISCOVERY_PATH, KEYS_PATH, refuseAsApiServer } from '../../dev/api-server.ts'
import type { Algorithm } from '../../src/token/algorithms.ts'
import { ISSUER_KINDS, type IssuerKind, type IssuerKindName, NATIVE_TYPES } from './issuer-kinds.ts'

export { DISCOVERY_PATH, KEYS_PATH }

export interface SigningKey {
  readonly kid: string
  readonly alg: Algorithm
  readonly publicJwk: JWK
  readonly privateKey: CryptoKey
}

export async function createSigningKey(kid: string, alg: Algorithm = 'ES256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** A bound token's claims, shaped as `pkg/serviceaccount/claims.go` makes them; `undefined` in `change` removes one. */
export function serviceAccountClaims(
  nowSeconds: number,
  change: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const claims: Record<string, unknown> = {
    aud: ['spiffe://example.org'],
    exp: nowSeconds + 3600,
    iat: nowSeconds,
    iss: 'https://oidc.example.com/id/1',
    jti: 'ea28ed49-2e11-4280-9ec5-bc3d1d84661a',
    'kubernetes.io': {
      namespace: 'spirl-system',
      node: { name: 'ip-10-0-1-1.ec2.internal', uid: '58456cb0-dd00-45ed-b797-5578fdceaced' },
      pod: { name: 'spirl-agent-jv9gn', uid: '778a530c-b3f4-47c0-9cd5-ab018fb64f33' },
      serviceaccount: { name: 'spirl-agent', uid: 'a087d5a0-e1dd-43ec-93ac-f13d89cd13af' },
    },
    nbf: nowSeconds,
    sub: 'system:serviceaccount:spirl-system:spirl-agent',
    ...change,
  }
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}

/** Signs by `key`; the header has `alg` and `kid` only, as the API server's has, unless it is changed. */
export function signClaims(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const merged = Object.entries({ alg: key.alg, kid: key.kid, ...header }).filter(([, value]) => value !== undefined)
  return new SignJWT(claims).setProtectedHeader(Object.fromEntries(merged) as { alg: string }).sign(key.privateKey)
}

export interface MintChange {
  readonly nowSeconds?: number
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Default: the newest key. */
  readonly key?: SigningKey
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

export interface TestIssuer {
  /** The issuer as discovery and tokens name it. */
  readonly issuer: string
  readonly origin: string
  readonly jwksUrl: string
  /** Paths that were asked for, in order. */
  readonly requests: readonly string[]
  /** The headers of those requests, in order. */
  readonly requestHeaders: readonly IncomingMessage['headers'][]
  /** How often the key set was asked for. */
  readonly keyFetches: () => number
  readonly newestKey: () => SigningKey
  /** Adds a key that signs from now on. The old ones stay published unless `dropOld`. */
  readonly rotate: (options?: { readonly dropOld?: boolean; readonly alg?: Algorithm }) => Promise<SigningKey>
  /** While down, every connection is cut. */
  readonly setDown: (down: boolean) => void
  readonly setCacheControl: (value: string | undefined) => void
  /** Publishes exactly these instead of its own keys; `undefined` ends that. */
  readonly publish: (keys: readonly unknown[] | undefined) => void
  /** Answers a path by hand; `undefined` ends that. */
  readonly answer: (path: string, handler: Handler | undefined) => void
  readonly mint: (change?: MintChange) => Promise<string>
  readonly stop: () => Promise<void>
}

export interface IssuerOptions {
  readonly alg?: Algorithm
  /** Whose documents and manners; default the API server's. */
  readonly like?: IssuerKindName
  /** Appended to its name: a path, or a slash; default that of its kind. */
  readonly suffix?: string
  /** Serves https with this certificate, as PEM. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** Starts an issuer on a free port of loopback. */
export async function startIssuer(options: IssuerOptions = {}): Promise<TestIssuer> {
  const kind: IssuerKind = ISSUER_KINDS[options.like ?? 'kube-apiserver']
  const { alg = 'ES256', suffix = kind.suffix ?? '', tls } = options
  const { keysPath = KEYS_PATH, types = NATIVE_TYPES } = kind
  const discoveryPath = `${suffix.replace(/\/$/, '')}${DISCOVERY_PATH}`
  const requests: string[] = []
  const requestHeaders: IncomingMessage['headers'][] = []
  const handlers = new Map<string, Handler>()
  let keys = [await createSigningKey('key-1', alg)]
  let created = 1
  let published: readonly unknown[] | undefined
  let isDown = false
  let cacheControl: string | undefined = kind.cacheControl ?? CACHE_CONTROL
  let cached: Buffer | undefined

  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer)
  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? ''
    const [pathname] = path.split('?')
    requests.push(path)
    requestHeaders.push(request.headers)
    if (isDown) {
      request.socket.destroy()
      return
    }
    const handler = handlers.get(path)
    if (handler !== undefined) handler(request, response)
    else if (kind.wantsUserAgent && request.headers['user-agent'] === undefined) response.writeHead(403).end()
    else if (pathname === discoveryPath) publishDocument('discovery', request, response)
    else if (pathname === keysPath) publishDocument('keys', request, response)
    else response.writeHead(404).end()
  }

  function publishDocument(name: 'discovery' | 'keys', request: IncomingMessage, response: ServerResponse): void {
    const refused = kind.negotiates && refuseAsApiServer(request, types[name], kind.access)
    if (refused) return void response.writeHead(refused.status, refused.headers).end(refused.body)
    if (name === 'keys' && kind.transfer === 'never') return
    let body: Buffer = Buffer.from(JSON.stringify(name === 'discovery' ? describeIssuer() : describeKeys()))
    if (name === 'keys' && kind.staleAgeSeconds !== undefined) {
      cached ??= body
      body = cached
      response.setHeader('age', kind.staleAgeSeconds)
    }
    if (kind.coding !== undefined) {
      body = kind.coding.encode(body)
      response.setHeader('content-encoding', kind.coding.name)
    }
    if (cacheControl !== undefined) response.setHeader('cache-control', cacheControl)
    response.setHeader('content-type', types[name])
    response.setHeader('content-length', body.length)
    if (name === 'keys' && kind.transfer === 'cut') {
      response.write(body.subarray(0, body.length / 2), () => response.destroy())
    } else {
      response.end(body)
    }
  }

  /** The five members of Kubernetes' own document (`openIDMetadata` of pkg/serviceaccount/openidmetadata.go), and more. */
  function describeIssuer(): Record<string, unknown> {
    return {
      issuer,
      jwks_uri: `${origin}${keysPath}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set(keys.map((key) => key.alg))].sort(),
      ...kind.discovery,
    }
  }

  function describeKeys(): Record<string, unknown> {
    return { keys: published ?? keys.map((key) => key.publicJwk) }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = `${origin}${suffix}`

  function newestKey(): SigningKey {
    const key = keys.at(-1)
    if (key === undefined) throw new Error('the issuer has no key')
    return key
  }

  return {
    issuer,
    origin,
    jwksUrl: `${origin}${keysPath}`,
    requests,
    requestHeaders,
    keyFetches: () => requests.filter((path) => path === keysPath).length,
    newestKey,
    async rotate({ dropOld = false, alg: newAlg = alg } = {}) {
      const key = await createSigningKey(`key-${++created}`, newAlg)
      keys = dropOld ? [key] : [...keys, key]
      return key
    },
    setDown(down) {
      isDown = down
      if (down) server.closeAllConnections()
    },
    setCacheControl(value) {
      cacheControl = value
    },
    publish(list) {
      published = list
    },
    answer(path, handler) {
      if (handler === undefined) handlers.delete(path)
      else handlers.set(path, handler)
    },
    mint({ nowSeconds = Math.floor(Date.now() / 1000), claims = {}, header = {}, key = newestKey() } = {}) {
      return signClaims(key, serviceAccountClaims(nowSeconds, { iss: issuer, ...claims }), header)
    },
    stop() {
      server.closeAllConnections()
      return new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())))
    },
  }
}

export function sendJson(response: ServerResponse, body: unknown, type = 'application/json'): void {
  response.setHeader('content-type', type)
  response.end(JSON.stringify(body))
}
