// One server on loopback that plays every issuer: `<origin>/<behaviour>/<n>` names one. Good ones publish keys; the
// others do what an issuer that is broken, or an attacker who controls one, can do to the gateway that fetches from it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MEDIA_TYPES, refuseAsApiServer } from '../../dev/api-server.ts'
import { createSigningKey, DISCOVERY_PATH, KEYS_PATH, serviceAccountClaims, signClaims } from '../token/issuer.ts'

export interface Issuers {
  readonly origin: string
  /** HTTP requests so far. */
  readonly requests: () => number
  /** A token of the issuer `good/0`, good for an hour. */
  mint(): Promise<string>
  close(): Promise<void>
}

interface Asked {
  readonly issuer: string
  /** The last segment of the issuer's path. */
  readonly n: number
  readonly wants: 'discovery' | 'keys'
  readonly keys: readonly unknown[]
}

const { [DISCOVERY_PATH]: DISCOVERY_TYPE = '', [KEYS_PATH]: KEY_SET_TYPE = '' } = MEDIA_TYPES

type Behaviour = (asked: Asked, response: ServerResponse) => void

const FLOOD = Buffer.alloc(64 * 1024, ' ')

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  good: publish,
  /** No status from 600 on is one that `new Response` takes; HTTP parsers let all of three digits through. */
  status: ({ n }, response) => void response.writeHead(n).end(),
  /** Statuses with which a response has no body, or is not the final one. */
  bodiless: ({ n }, response) => void response.writeHead(n).end(),
  hang: () => undefined,
  reset(_asked, response) {
    response.writeHead(200, { 'Content-Length': 1000 })
    response.write('{"issuer":', () => response.socket?.resetAndDestroy())
  },
  huge: (_asked, response) => flood(response),
  'huge-keys': (asked, response) => (asked.wants === 'discovery' ? publish(asked, response) : flood(response)),
  drip(_asked, response) {
    const timer = setInterval(() => response.write(' '), 500)
    response.once('close', () => clearInterval(timer))
  },
  redirect: ({ issuer }, response) => void response.writeHead(302, { Location: `${issuer}${DISCOVERY_PATH}` }).end(),
  garbage: (_asked, response) => void response.end('<!doctype html>'),
  nested: (_asked, response) => void response.end('['.repeat(60_000)),
  'large-keys': (asked, response) =>
    asked.wants === 'discovery' ? publish(asked, response) : send(response, { keys: [LARGE_KEY] }, KEY_SET_TYPE),
}

/** A modulus of 8,192 bits, the largest that is accepted: a signature is refused only after the slowest verification. */
export const LARGE_KEY = {
  kty: 'RSA',
  alg: 'RS256',
  use: 'sig',
  kid: 'large',
  e: 'AQAB',
  n: Buffer.from(Array.from({ length: 1024 }, (_, at) => (at === 0 ? 0xff : ((at * 151) ^ 0x5b) | 1))).toString(
    'base64url',
  ),
}

export async function startIssuers(): Promise<Issuers> {
  const key = await createSigningKey('key-1', 'RS256')
  let requests = 0
  const server = createServer(answer)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function answer(request: IncomingMessage, response: ServerResponse): void {
    requests++
    const [, path = '', document] = /^(.*?)(\/\.well-known\/openid-configuration|\/keys)$/.exec(request.url ?? '') ?? []
    const [, behaviour = '', n = ''] = path.split('/')
    const behave = BEHAVIOURS[behaviour]
    if (behave === undefined) return void response.writeHead(404).end()
    const refused = refuseAsApiServer(request, document === '/keys' ? KEY_SET_TYPE : DISCOVERY_TYPE)
    if (refused !== undefined) return void response.writeHead(refused.status, refused.headers).end(refused.body)
    behave(
      {
        issuer: `${origin}${path}`,
        n: Number(n),
        wants: document === '/keys' ? 'keys' : 'discovery',
        keys: [key.publicJwk],
      },
      response,
    )
  }

  return {
    origin,
    requests: () => requests,
    mint: () => signClaims(key, serviceAccountClaims(Math.floor(Date.now() / 1000), { iss: `${origin}/good/0` })),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

function publish({ issuer, wants, keys }: Asked, response: ServerResponse): void {
  send(
    response,
    wants === 'keys'
      ? { keys }
      : {
          issuer,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ['id_token'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
        },
    wants === 'keys' ? KEY_SET_TYPE : DISCOVERY_TYPE,
  )
}

function send(response: ServerResponse, value: unknown, type: string): void {
  response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'max-age=3600' })
  response.end(JSON.stringify(value))
}

/** A body without end, as fast as it is read. */
function flood(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' })
  const more = (): void => {
    while (!response.destroyed && response.write(FLOOD));
  }
  response.on('drain', more)
  more()
}
