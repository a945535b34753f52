// The instructions of docs/relying-parties.md work, and its statements about libraries are true.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { Hono } from 'hono'
import { jwk } from 'hono/jwk'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { app as honoParty } from '../examples/relying-party-hono.ts'
import { verifyAgentSession } from '../examples/relying-party-jose.ts'
import { createWorld, type World } from './gateway/fixture.ts'
import { agentSessionOf, sessionOf } from './gateway/mapping-world.ts'
import { PYTHON_WITH_JWT } from './installed.ts'

const ISSUER = 'https://login.example.org'
const KEYS = `${ISSUER}/.well-known/jwks.json`
const PAGE = readFileSync('docs/relying-parties.md', 'utf8')

let world: World
// Python cannot be handed a `fetch`.
let keysOnLoopback: Server
beforeAll(async () => {
  world = await createWorld({ issuerUrl: ISSUER })
  keysOnLoopback = createServer(async (request, response) => {
    response.end(await (await world.app.request(request.url ?? '/')).text())
  })
  await new Promise<void>((listening) => keysOnLoopback.listen(0, '127.0.0.1', listening))
  // The gateway is where its sessions say that it is.
  vi.stubGlobal('fetch', async (input: string | URL) => {
    const { origin, pathname } = new URL(input)
    if (origin !== ISSUER) throw new Error(`nothing is at ${origin}`)
    return world.app.request(pathname)
  })
})
afterAll(async () => {
  vi.unstubAllGlobals()
  await new Promise((closed) => keysOnLoopback.close(closed))
  await world.stop()
})

const onHono = async (app: { request: Hono['request'] }, token: string): Promise<boolean> =>
  (await app.request('/api/whoami', { headers: { Authorization: `Bearer ${token}` } })).ok
const verdict = (verifying: Promise<unknown>): Promise<boolean> =>
  verifying.then(
    () => true,
    () => false,
  )

/** The page's own lines; but the keys are taken from loopback. A refusal of the library is an answer, any other failure is not. */
const PYTHON = `import sys, jwt
ISSUER = "${ISSUER}"
${/```python\n(.*?)```/s.exec(PAGE)?.[1]}
keys.uri = keys.uri.replace(ISSUER, sys.argv[1])
try:
    verify_agent_session(sys.argv[2])
    print("accepted")
except jwt.PyJWTError as refusal:
    print("refused")
`
async function onPython(token: string): Promise<boolean> {
  const { port } = keysOnLoopback.address() as AddressInfo
  const { stdout } = await promisify(execFile)(PYTHON_WITH_JWT ?? '', ['-c', PYTHON, `http://127.0.0.1:${port}`, token])
  expect(['accepted\n', 'refused\n']).toContain(stdout)
  return stdout === 'accepted\n'
}

const PARTIES: readonly [name: string, accepts: (token: string) => Promise<boolean>, isInstalled: boolean][] = [
  ['jose', (token) => verdict(verifyAgentSession(token)), true],
  ['hono/jwk', (token) => onHono(honoParty, token), true],
  ['PyJWT', onPython, PYTHON_WITH_JWT !== undefined],
]

/** An agent's session, signed again by the gateway's key with one thing changed. */
async function changed(claims: object, header: object = {}): Promise<string> {
  const session = await agentSessionOf(world)
  const { signer } = world.settings.sessionKeys
  return new SignJWT({ ...decodeJwt(session), ...claims })
    .setProtectedHeader({ ...decodeProtectedHeader(session), alg: signer.alg, ...header })
    .sign(await signer.key())
}

describe.each(PARTIES)('a relying party with %s, as the page shows it', (_name, accepts, isInstalled) => {
  beforeEach((context) => context.skip(!isInstalled))
  it('accepts the session of an agent', async () => expect(await accepts(await agentSessionOf(world))).toBe(true))
  it('accepts one that was signed again', async () => expect(await accepts(await changed({}))).toBe(true))

  it.each([
    ['the session of an issuer', () => sessionOf(world)],
    ['an expired session', () => agentSessionOf(world, { ageSeconds: 7200 })],
    ['a session of another issuer', () => changed({ iss: 'https://other.example.org' })],
    ['a session of another trust domain', () => changed({ aud: 'spiffe://other.example.org' })],
    ['a token of another type', () => changed({}, { typ: 'JWT' })],
    ['a token without a type', () => changed({}, { typ: undefined })],
    ['a token of another key', async () => (await agentSessionOf(world)).replace(/[^.]{10}$/, 'AAAAAAAAAA')],
  ])('refuses %s', async (_what, mint) => expect(await accepts(await mint())).toBe(false))
})

describe('by default, as the page says,', () => {
  it('hono/jwk refuses sessions', async () => {
    const app = new Hono()
    app.use('/api/*', jwk({ jwks_uri: KEYS, alg: ['ES256'] }))
    app.get('/api/whoami', (c) => c.text('in'))
    expect(await onHono(app, await agentSessionOf(world))).toBe(false)
    expect(await onHono(app, await changed({}, { typ: 'JWT' }))).toBe(true)
  })

  it('jose accepts every type', async () => {
    const keys = createRemoteJWKSet(new URL(KEYS))
    expect(await verdict(jwtVerify(await agentSessionOf(world), keys))).toBe(true)
    expect(await verdict(jwtVerify(await changed({}, { typ: 'other+jwt' }), keys))).toBe(true)
  })
})

describe('the page', () => {
  it.each(['relying-party-jose.ts', 'relying-party-hono.ts'])('shows %s as it is run', (file) => {
    const [, ...code] = readFileSync(`examples/${file}`, 'utf8').split('\n')
    expect(PAGE).toContain(`\`\`\`ts\n${code.join('\n')}\`\`\``)
  })

  it('names the type, the audiences and the algorithms that sessions have', async () => {
    const [agent, issuer] = [await agentSessionOf(world), await sessionOf(world)]
    const { typ, alg } = decodeProtectedHeader(agent)
    for (const said of [typ, alg, decodeJwt(agent).aud, 'ISSUER_URL']) expect(PAGE).toContain(`\`${said}\``)
    expect(decodeJwt(issuer).aud).toBe(world.settings.issuerUrl)
  })
})
