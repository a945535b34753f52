// A real OpenID issuer on loopback for tests: it signs service account tokens as Kubernetes does, publishes its keys,
// rotates them, goes down, and misbehaves when told to.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { Algorithm } from '../../src/token/algorithms.ts'

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

export const DISCOVERY_PATH = '/.well-known/openid-configuration'
export const KEYS_PATH = '/openid/v1/jwks'

/** Starts an issuer on a free port of loopback. `suffix` is appended to its name: a path, or a slash as on AKS. */
export async function startIssuer(
  options: { readonly alg?: Algorithm; readonly suffix?: string } = {},
): Promise<TestIssuer> {
  const { alg = 'ES256', suffix = '' } = options
  const requests: string[] = []
  const handlers = new Map<string, Handler>()
  let keys = [await createSigningKey('key-1', alg)]
  let created = 1
  let published: readonly unknown[] | undefined
  let isDown = false
  let cacheControl: string | undefined = 'public, max-age=3600'

  const server = createServer((request, response) => {
    const path = request.url ?? ''
    requests.push(path)
    if (isDown) {
      request.socket.destroy()
      return
    }
    const handler = handlers.get(path)
    if (handler !== undefined) handler(request, response)
    else if (path === `${suffix.replace(/\/$/, '')}${DISCOVERY_PATH}`) {
      // Exactly the members of Kubernetes' own document.
      sendJson(response, {
        issuer: `${origin}${suffix}`,
        jwks_uri: `${origin}${KEYS_PATH}`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [...new Set(keys.map((key) => key.alg))],
      })
    } else if (path === KEYS_PATH) {
      if (cacheControl !== undefined) response.setHeader('cache-control', cacheControl)
      sendJson(response, { keys: published ?? keys.map((key) => key.publicJwk) }, 'application/jwk-set+json')
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = `${origin}${suffix}`

  function newestKey(): SigningKey {
    const key = keys.at(-1)
    if (key === undefined) throw new Error('the issuer has no key')
    return key
  }

  return {
    issuer,
    origin,
    jwksUrl: `${origin}${KEYS_PATH}`,
    requests,
    keyFetches: () => requests.filter((path) => path === KEYS_PATH).length,
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
