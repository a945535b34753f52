// The tarball in an empty folder: the examples serve and admit on every host, and the command runs.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { NODE_22 } from '../installed.ts'
import { addExample, DENO, logIn, prepareWorker, samplePolicy, startApp } from './larger-app.ts'
import { installPacked, run } from './packed.ts'

let cluster: StandInCluster
let folder: string
beforeAll(async () => {
  cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
  folder = await installPacked()
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: { postern: '*', hono: '*' } }),
  )
  addExample(folder, 'on-node', cluster)
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await cluster.close()
})

const DENO_RUN = [
  DENO,
  'run',
  '--node-modules-dir=manual',
  '--allow-net',
  '--allow-env',
  '--allow-read',
  '--allow-write',
]

/** By host: the example, its command, and whether what it needs is there. */
const HOSTS: readonly (readonly [name: string, example: string, command: readonly string[], isThere: boolean])[] = [
  ['node', 'on-node', [process.execPath, 'app.ts'], true],
  ['node 22', 'on-node', [NODE_22 ?? '', 'app.ts'], NODE_22 !== undefined],
  ['deno', 'on-deno', [...DENO_RUN, 'app.ts'], true],
  ['workerd', 'on-workers', [], true],
]

describe.each(HOSTS)('a larger app on %s', (name, example, command, isThere) => {
  it.skipIf(!isThere)('mounts the gateway of the package, and logs in', async () => {
    // The examples have one name for their module, so that each is put in place before it runs.
    addExample(folder, example, cluster)
    const makeCommand = name === 'workerd' ? await prepareWorker(folder, cluster, ['wrangler.toml']) : () => command
    const app = await startApp(folder, makeCommand)
    try {
      expect(await (await fetch(app.url)).text()).toBe('the larger app')

      const admitted = await logIn(`${app.url}/attest`, await cluster.mint())
      expect([admitted.status, await admitted.json()]).toMatchObject([200, { clusterId: 'c-1' }])
      const refused = await logIn(`${app.url}/attest`, await cluster.mint({ namespace: 'elsewhere' }))
      expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'login_refused' }])

      const unknown = await fetch(`${app.url}/attest/nothing`)
      expect([unknown.status, unknown.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
      expect(await unknown.json()).toMatchObject({ code: 'route_unknown' })

      const events = app.output().matchAll(/"event":"(started|login)"/g)
      expect(Array.from(events, ([, event]) => event)).toEqual(['started', 'login', 'login'])
    } finally {
      await app.stop()
    }
  })
})

describe('a service binding', () => {
  it('logs in without HTTP, by the same policies', async () => {
    addExample(folder, 'on-workers', cluster)
    const command = await prepareWorker(folder, cluster, ['caller.toml', 'wrangler.toml'])
    const caller = await startApp(folder, command, { ready: '/' })
    try {
      const ask = async (token: string) => {
        const response = await fetch(caller.url, { method: 'POST', body: token })
        return [response.status, await response.json()]
      }
      expect(await ask(await cluster.mint())).toMatchObject([
        200,
        { clusterId: 'c-1', session: { tokenType: 'Bearer' } },
      ])
      expect(await ask(await cluster.mint({ namespace: 'elsewhere' }))).toMatchObject([
        403,
        { kind: 'refused', status: 403, problem: { code: 'login_refused' } },
      ])
    } finally {
      await caller.stop()
    }
  })
})

describe('the command of the package', () => {
  const bin = () => join(folder, 'node_modules/postern/dist/cli/postern.js')

  it.each([
    ['node', () => [process.execPath, bin()]],
    ['deno', () => [...DENO_RUN, bin()]],
  ])('serves on %s', async (_name, program) => {
    const app = await startApp(
      folder,
      (port) => [...program(), 'serve', '--store', 'policies', '--port', String(port)],
      { mount: '' },
    )
    try {
      expect((await logIn(app.url, await cluster.mint())).status).toBe(200)
    } finally {
      await app.stop()
    }
  })

  it('is an executable that says what it is called', async () => {
    const { stdout } = await run(bin(), ['--help'], {
      env: { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env['PATH']}` },
    })
    expect(stdout).toContain('Usage: postern ')
  })

  it('validates, beside a project that has no configuration of wrangler', async () => {
    writeFileSync(join(folder, 'AgentAttestation.yaml'), samplePolicy(cluster))
    const env = {
      ...process.env,
      TRUST_DOMAIN: 'example.org',
      ALLOW_LOOPBACK_ISSUERS: 'true',
      ISSUER_URL: 'http://127.0.0.1',
    }
    const { stdout } = await run(process.execPath, [bin(), 'config', 'validate', 'AgentAttestation.yaml'], {
      cwd: folder,
      env,
    })
    expect(stdout).toContain('valid')
  })
})
