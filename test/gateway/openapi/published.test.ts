// What relying parties, browsers and editors read: cached by its ETag, readable by a page of any origin.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWorld, type World } from '../fixture.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

const PUBLISHED = [
  '/.well-known/openid-configuration',
  '/.well-known/jwks.json',
  '/openapi.json',
  '/schemas/Cluster.json',
] as const

const ask = async (path: string, init: RequestInit = {}): Promise<Response> => world.app.request(path, init)
const corsOf = ({ headers }: Response): string | null => headers.get('Access-Control-Allow-Origin')

describe.each(PUBLISHED)('%s', (path) => {
  it('has an ETag that names its bytes, in every isolate alike', async () => {
    const [first, second] = [await ask(path), await ask(path)]
    const tag = first.headers.get('ETag') ?? ''
    expect(tag).toMatch(/^"[A-Za-z0-9_-]{43}"$/)
    expect(second.headers.get('ETag')).toBe(tag)
    world.restart()
    const cold = await ask(path)
    expect([cold.headers.get('ETag'), await cold.text()]).toEqual([tag, await first.text()])
  })

  it('answers 304 to a request that names its ETag, with the headers that a cache updates', async () => {
    const whole = await ask(path)
    const tag = whole.headers.get('ETag') ?? ''
    const answer = await ask(path, { headers: { 'If-None-Match': tag } })
    expect([answer.status, await answer.text()]).toEqual([304, ''])
    // RFC 9110 section 15.4.5
    for (const name of ['ETag', 'Cache-Control', 'Access-Control-Allow-Origin'])
      expect([name, answer.headers.get(name)]).toEqual([name, whole.headers.get(name)])
    expect(answer.headers.get('Content-Type')).toBeNull()
    expect((await ask(path, { headers: { 'If-None-Match': '"another"' } })).status).toBe(200)
  })

  it('is kept for some minutes', async () => {
    expect((await ask(path)).headers.get('Cache-Control')).toBe('public, max-age=300')
  })

  it('may be read by a page of any origin, and only read', async () => {
    const answer = await ask(path, { headers: { Origin: 'https://page.example' } })
    expect(corsOf(answer)).toBe('*')
    expect(answer.headers.get('Access-Control-Expose-Headers')).toBe('ETag')
    const preflight = await ask(path, {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://page.example',
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'if-none-match',
      },
    })
    expect([preflight.status, corsOf(preflight), await preflight.text()]).toEqual([204, '*', ''])
    expect(preflight.headers.get('Access-Control-Allow-Methods')?.split(/, */)).toEqual(['GET', 'HEAD'])
    expect(preflight.headers.get('Access-Control-Allow-Headers')).toBe('If-None-Match')
    expect(preflight.headers.get('Access-Control-Allow-Credentials')).toBeNull()
  })

  it('lets a page read why another method is refused', async () => {
    const answer = await ask(path, { method: 'POST' })
    expect([answer.status, answer.headers.get('Allow'), corsOf(answer)]).toEqual([405, 'GET, HEAD, OPTIONS', '*'])
  })

  it('has headers and no body for HEAD', async () => {
    const answer = await ask(path, { method: 'HEAD' })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
    expect(answer.headers.get('ETag')).toBe((await ask(path)).headers.get('ETag'))
  })
})

describe('documents of one host', () => {
  it('have an ETag each', async () => {
    const tags = await Promise.all(PUBLISHED.map(async (path) => (await ask(path)).headers.get('ETag')))
    expect(new Set(tags).size).toBe(PUBLISHED.length)
  })
})

describe('what is not published', () => {
  it.each([
    ['GET', '/healthz'],
    ['GET', '/readyz'],
    ['GET', '/v1/clusters/c-1/status'],
    ['POST', '/v1/clusters/c-1/login'],
    ['POST', '/v1/trust-domain/login'],
    ['POST', '/v1/clusters/c-1/claims'],
    ['OPTIONS', '/v1/clusters/c-1/login'],
    ['OPTIONS', '/v1/clusters/c-1/claims'],
  ])('no page of another origin may read: %s %s', async (method, path) => {
    const answer = await ask(path, { method, headers: { Origin: 'https://page.example' } })
    expect(Array.from(answer.headers.keys()).filter((name) => name.startsWith('access-control-'))).toEqual([])
  })
})

// RFC 9110 section 13.1.2, with the weak comparison of section 8.8.3.2
describe('If-None-Match', () => {
  const path = '/.well-known/jwks.json'

  it.each<[string, (tag: string) => string, boolean]>([
    ['the tag', (tag) => `"${tag}"`, true],
    ['a weak form of it, as proxies that compress make it', (tag) => `W/"${tag}"`, true],
    ['any', () => '*', true],
    ['one of a list', (tag) => `"x", W/"${tag}" ,"y"`, true],
    ['a list with empty elements', (tag) => `,, "${tag}",`, true],
    ['one that holds a comma', (tag) => `"x,y", "${tag}"`, true],
    ['another', (tag) => `"${tag.slice(0, -1)}~"`, false],
    ['a longer one', (tag) => `"${tag}d"`, false],
    ['one without quotes', (tag) => tag, false],
    ['the tag inside another', (tag) => `"x"${tag}"`, false],
    ['another case', (tag) => `"${tag.toUpperCase()}"`, false],
    ['nothing', () => '', false],
  ])('%s', async (_what, header, isMatch) => {
    const tag = (await ask(path)).headers.get('ETag')?.slice(1, -1) ?? ''
    const answer = await ask(path, { headers: { 'If-None-Match': header(tag) } })
    expect(answer.status).toBe(isMatch ? 304 : 200)
    // What every answer has, an empty one too.
    expect(answer.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff')
  })

  it('is of no use to a request that is refused', async () => {
    const answer = await ask('/schemas/Nothing.json', { headers: { 'If-None-Match': '*' } })
    expect([answer.status, answer.headers.get('ETag'), corsOf(answer)]).toEqual([404, null, '*'])
  })
})
