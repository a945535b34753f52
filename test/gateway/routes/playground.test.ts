// The route of the playground: files of a closed list, each with the headers that keep the page's promise.
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { isPlaygroundFile, PLAYGROUND_FILES, PLAYGROUND_HEADERS } from '../../../src/gateway/playground-files.ts'
import { addPlaygroundRoutes } from '../../../src/gateway/routes/playground.ts'
import type { GatewayEnv } from '../../../src/gateway/services.ts'
import { createWorld } from '../fixture.ts'

function createApp(files: readonly string[] = Object.keys(PLAYGROUND_FILES)) {
  const asked: string[] = []
  const app = new Hono<GatewayEnv>({ strict: true })
  addPlaygroundRoutes(app, async (name) => {
    asked.push(name)
    return files.includes(name) ? new TextEncoder().encode(name) : undefined
  })
  return { app, asked }
}

const NAMES = Object.keys(PLAYGROUND_FILES).filter(isPlaygroundFile)

describe('GET /playground/', () => {
  it.each(NAMES)('serves %s with its type and every header', async (name) => {
    const { app } = createApp()
    const answer = await app.request(`/playground/${name}`)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe(name)
    expect(answer.headers.get('Content-Type')).toBe(PLAYGROUND_FILES[name])
    for (const [header, value] of Object.entries(PLAYGROUND_HEADERS)) expect(answer.headers.get(header)).toBe(value)
  })

  it.each(["connect-src 'none'", "default-src 'none'", "require-trusted-types-for 'script'", "form-action 'none'"])(
    'has %s in its policy',
    (directive) => expect(PLAYGROUND_HEADERS['Content-Security-Policy']?.split('; ')).toContain(directive),
  )

  it('is index.html, and is found without its slash', async () => {
    const { app } = createApp()
    expect(await (await app.request('/playground/')).text()).toBe('index.html')
    const redirected = await app.request('/playground')
    expect([redirected.status, redirected.headers.get('Location')]).toEqual([308, 'playground/'])
  })

  it('answers HEAD', async () => {
    const answer = await createApp().app.request('/playground/page.js', { method: 'HEAD' })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  })

  it.each(['_headers', 'constructor', 'package.json', '..%2Fpackage.json', 'page.js.map'])(
    'has no %s, and does not look for it',
    async (name) => {
      const { app, asked } = createApp()
      const answer = await app.request(`/playground/${name}`)
      expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'route_unknown' }])
      expect(asked).toEqual([])
    },
  )

  it('is 404 for a file that the host does not have, and 405 for another method', async () => {
    expect((await createApp([]).app.request('/playground/page.js')).status).toBe(404)
    expect((await createApp().app.request('/playground/', { method: 'POST' })).status).toBe(405)
  })

  it('is not there unless the host hands in its files', async () => {
    const world = await createWorld()
    expect(await world.get('/playground/')).toMatchObject({ status: 404, body: { code: 'route_unknown' } })
    await world.stop()
  })
})
