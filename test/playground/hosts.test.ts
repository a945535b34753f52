// The playground as each host serves it: every file with every header, and nothing where the setting is off.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { relative, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPlayground } from '../../dev/build-playground.ts'
import { prepareDemoWorker } from '../../dev/demo-worker.ts'
import { formatEnvFile, readDevelopmentSettings } from '../../src/cli/keys/dev-environment.ts'
import { startWorker, stopGroup, waitUntilReady } from '../../src/cli/store/wrangler.ts'
import { isPlaygroundFile, PLAYGROUND_FILES, PLAYGROUND_HEADERS } from '../../src/gateway/playground-files.ts'
import { startHost } from '../conformance/hosts.ts'

interface Served {
  readonly url: string
  readonly stop: () => Promise<void>
}

beforeAll(() => buildPlayground(resolve('dist/playground')))

/** A Worker with the configuration of `npm start`. */
async function startDemoWorker(settings: Readonly<Record<string, string>>): Promise<Served> {
  mkdirSync('.postern', { recursive: true })
  // Below this folder, since wrangler resolves what the Worker imports from where its configuration is.
  const folder = relative('.', mkdtempSync(resolve('.postern', 'playground-')))
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const envFile = resolve(folder, 'dev.env')
  writeFileSync(envFile, formatEnvFile({ ...(await readDevelopmentSettings(folder, url)), ...settings }))
  let output = ''
  const config = await prepareDemoWorker(folder)
  const worker = startWorker({ port, envFile, persistTo: resolve(folder, 'state'), config }, (text) => {
    output += text
  })
  async function stop(): Promise<void> {
    await stopGroup(worker)
    rmSync(folder, { recursive: true, force: true })
  }
  await waitUntilReady(`${url}/healthz`, worker, 60_000).catch(async (error: unknown) => {
    await stop()
    throw new Error(`${String(error)}\n${output}`)
  })
  return { url, stop }
}

async function findFreePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((listening) => probe.listen(0, '127.0.0.1', listening))
  const { port } = probe.address() as AddressInfo
  await new Promise((closed) => probe.close(closed))
  return port
}

const HOSTS = {
  node: (settings: Readonly<Record<string, string>>) => startHost('node', {}, { change: settings }),
  deno: (settings: Readonly<Record<string, string>>) => startHost('deno', {}, { change: settings }),
  workerd: startDemoWorker,
} as const satisfies Readonly<Record<string, (settings: Readonly<Record<string, string>>) => Promise<Served>>>

describe.each(Object.entries(HOSTS))('on %s', (_name, start) => {
  describe('with PLAYGROUND=true', () => {
    let host: Served
    beforeAll(async () => {
      host = await start({ PLAYGROUND: 'true' })
    })
    afterAll(() => host?.stop())

    it.each(Object.entries(PLAYGROUND_FILES))('serves %s', async (name, type) => {
      const answer = await fetch(`${host.url}/playground/${name}`)
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, type])
      for (const [header, value] of Object.entries(PLAYGROUND_HEADERS)) expect(answer.headers.get(header)).toBe(value)
      expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(0)
    })

    it('serves the page at its address, and no file beside it', async () => {
      const page = await fetch(`${host.url}/playground`)
      expect([page.status, page.url]).toEqual([200, `${host.url}/playground/`])
      expect(await page.text()).toContain('<title>Postern playground</title>')
      for (const path of ['/playground/_headers', '/index.html', '/worker.js', '/playground/../worker.js'])
        expect((await fetch(host.url + path)).status).toBe(404)
    })
  })

  it('has no such route without the setting', async () => {
    const host = await start({})
    try {
      for (const name of ['', ...Object.keys(PLAYGROUND_FILES).filter(isPlaygroundFile)])
        expect((await fetch(`${host.url}/playground/${name}`)).status).toBe(404)
    } finally {
      await host.stop()
    }
  })
})

describe('a Worker without its assets', () => {
  it('does not start with PLAYGROUND=true, and says what is missing', async () => {
    await expect(startHost('workerd', {}, { change: { PLAYGROUND: 'true' } })).rejects.toThrow('PLAYGROUND_PAGE')
  })
})
