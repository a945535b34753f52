// ARCHITECTURE.md draws the way of a login. The drawing, the counts and the functions it names are held to a login that is run.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { beforeAll, describe, expect, it } from 'vitest'
import { readBlock } from '../../dev/block.ts'
import { describeLoginWay, type LoginWay } from '../../dev/way/measure.ts'
import { findUnrun, readNamedFunctions } from '../../dev/way/named-functions.ts'
import { createTokenSpotter } from '../../dev/way/token-spotter.ts'
import { createSigningKey, serviceAccountClaims, signClaims } from '../token/issuer.ts'

const page = readFileSync('ARCHITECTURE.md', 'utf8')
const tenLines = /^## One login in ten lines\n([\s\S]*?)^###? /m.exec(page)?.[1] ?? ''

describe('the way of a login', () => {
  let way: LoginWay
  // A process of its own: in this one the code is transformed and watched by others.
  beforeAll(() => {
    const { stdout, stderr } = spawnSync(process.execPath, ['dev/login-way.ts', '--json'], { encoding: 'utf8' })
    expect(stderr).toBe('')
    way = JSON.parse(stdout) as LoginWay
  })

  it('is drawn in ARCHITECTURE.md; npm run docs draws it anew', () => {
    expect(readBlock(page, 'login-way')).toBe(describeLoginWay(way))
  })

  it('runs the functions that ARCHITECTURE.md names, in the files that it names', () => {
    expect(readNamedFunctions(tenLines).length).toBeGreaterThan(10)
    expect(findUnrun(tenLines, way.names)).toEqual([])
  })

  it('hands the token from the body to the signature', () => {
    const names = ['readAttestations', 'evaluateLogin', 'parseToken', 'verifySignature']
    for (const name of names) expect(way.drawing).toMatch(new RegExp(`^ *${name} `, 'm'))
    expect(way.drawing).not.toContain('issueSession')
  })

  it('would not take a name that did not run, or ran in another file', () => {
    const text =
      '`parseToken` (`src/token/parse.ts`), `parseToken` (`src/token/verify.ts`) and `gone`\n(`src/core/gone.ts`)'
    expect(findUnrun(text, way.names)).toEqual(['parseToken in src/token/verify.ts', 'gone in src/core/gone.ts'])
  })
})

describe('the search for the token', async () => {
  const key = await createSigningKey('key-1')
  const claims = serviceAccountClaims(1_700_000_000)
  const token = await signClaims(key, claims)
  const [header = '', payload = '', signature = ''] = token.split('.')
  const isToken = createTokenSpotter(token)
  const another = createTokenSpotter(await signClaims(key, { ...claims, jti: 'another' }))

  it.each<[string, unknown]>([
    ['its text', token],
    ['a body that holds it', JSON.stringify({ evidence: { token } })],
    ['the bytes of such a body', new TextEncoder().encode(`{"token":"${token}"}`)],
    ['what is signed', `${header}.${payload}`],
    ['the bytes of the signature', new Uint8Array(Buffer.from(signature, 'base64url'))],
    ['its claims as JSON', Buffer.from(payload, 'base64url').toString()],
    ['its claims', { ...claims }],
    ['its claims in another order', Object.fromEntries(Object.entries(claims).reverse())],
    ['its header', { kid: 'key-1', alg: 'ES256' }],
    ['a list with an object that holds it', [{ type: 'k8s_token', evidence: { token } }]],
    ['a map that holds it', new Map([['evidence', { token }]])],
  ])('finds %s', (_what, value) => {
    expect(isToken(value)).toBe(true)
  })

  it.each<[string, unknown]>([
    ['a fact that was read from it', { name: 'k8s_token.namespace', value: 'spirl-system' }],
    ['the key that it names', key.publicJwk],
    ['a function around it', () => token],
    ['nothing', undefined],
  ])('does not find %s', (_what, value) => {
    expect(isToken(value)).toBe(false)
  })

  it('does not take another token for it', () => {
    expect(another(payload)).toBe(false)
    expect(another(claims)).toBe(false)
  })

  it('ends on a circle', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    expect(isToken(circle)).toBe(false)
  })
})
