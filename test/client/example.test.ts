// The example of docs/agent.md: as the page shows it, and against a gateway.
import { readFileSync } from 'node:fs'
import { type ServerType, serve } from '@hono/node-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { logIn } from '../../examples/client.ts'
import { createWorld, type World } from '../gateway/fixture.ts'

let world: World
let server: ServerType
let url: string
beforeAll(async () => {
  world = await createWorld()
  world.putPolicy('c-123')
  const port = await new Promise<number>((ready) => {
    server = serve({ fetch: world.app.fetch, hostname: '127.0.0.1', port: 0 }, (address) => ready(address.port))
  })
  url = `http://127.0.0.1:${port}`
})
afterAll(async () => {
  server.close()
  await world.stop()
})

it('is shown by docs/agent.md', () => {
  const [, ...code] = readFileSync('examples/client.ts', 'utf8').split('\n')
  const shown = code.join('\n').replace("'../src/entries/client.ts'", "'postern/client'")
  expect(readFileSync('docs/agent.md', 'utf8')).toContain(`\`\`\`ts\n${shown}\`\`\``)
})

it('logs in, and rejects with what the gateway says', async () => {
  expect((await logIn(url, await world.issuer.mint())).session).toMatch(/^eyJ/)
  await expect(logIn(url, 'x')).rejects.toThrow(/login_refused|token_malformed/)
})
