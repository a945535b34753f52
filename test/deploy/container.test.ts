// The image without a container engine: its entry point, user, paths and signals, in a root laid out as the Dockerfile says.
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeProductionFolder } from '../../dev/production-folder.ts'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { readDevelopmentSettings } from '../../src/cli/keys/dev-environment.ts'
import { SHUTDOWN_NOTICE_MILLIS } from '../../src/core/limits.ts'
import { logIn, samplePolicy } from '../package/larger-app.ts'
import { CAN_CHANGE_ROOT, type ImageRoot, makeImageRoot } from './image-root.ts'

const DOCKERFILE = readFileSync('deploy/Dockerfile', 'utf8')
/** Of the last stage. */
const instruction = (name: string): string =>
  new RegExp(`^${name} (.*)$`, 'm').exec(DOCKERFILE.slice(DOCKERFILE.lastIndexOf('\nFROM ')))?.[1] ?? ''
const list = (name: string): readonly string[] => JSON.parse(instruction(name)) as readonly string[]
const STATE = '/var/lib/postern'

it('starts the server with nothing before it, as a user that is not root', () => {
  expect(list('ENTRYPOINT')).toEqual(['node', '/app/dist/cli/postern.js'])
  expect(instruction('USER')).toMatch(/^[1-9]\d+:[1-9]\d+$/)
  expect(instruction('RUN')).toBe(`install -d -o 10001 -g 10001 -m 0700 ${STATE}`)
  expect(DOCKERFILE).toContain('RUN node dev/production-folder.ts /app\n')
})

describe.skipIf(!CAN_CHANGE_ROOT)('in its root', () => {
  const secrets = mkdtempSync(join(tmpdir(), 'postern-secrets-'))
  let root: ImageRoot
  let cluster: StandInCluster
  beforeAll(async () => {
    cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
    root = makeImageRoot()
    makeProductionFolder(join(root.folder, 'app'))
    root.write('/etc/postern/documents/clusters/c-1/AgentAttestation.yaml', samplePolicy(cluster))
  })
  afterAll(async () => {
    root?.remove()
    rmSync(secrets, { recursive: true })
    await cluster?.close()
  })

  async function serve(flags: readonly string[], writable: readonly string[] = [STATE]) {
    const settings = await readDevelopmentSettings(secrets, 'http://127.0.0.1:8787')
    const argv = [...list('ENTRYPOINT'), ...list('CMD'), ...flags]
    const child = root.start(argv, { user: instruction('USER'), environment: settings, writable })
    let said = ''
    const url = await new Promise<string>((ready, fail) => {
      child.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        const [, port] = /^Postern listens on http:\/\/0\.0\.0\.0:(\d+)$/m.exec(said) ?? []
        if (port !== undefined) ready(`http://127.0.0.1:${port}`)
      })
      child.once('exit', (code) => fail(new Error(`ended with ${code}: ${said}`)))
    })
    return { child, url, ended: new Promise<number | null>((end) => child.once('exit', (code) => end(code))) }
  }
  // A later flag wins over that of CMD.
  const PORT = ['--port', '0']

  it('serves as its user, and admits', async () => {
    const { child, url, ended } = await serve(PORT)
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    expect([/^Uid:\s+(\d+)/m.exec(status)?.[1], /^NoNewPrivs:\s+(\d)/m.exec(status)?.[1]]).toEqual(['10001', '1'])
    expect(/^CapEff:\s+(\w+)/m.exec(status)?.[1]).toMatch(/^0+$/)
    expect(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')).toMatch(/^node\0\/app\/dist\/cli\/postern\.js\0serve\0/)
    expect((await logIn(url, await cluster.mint())).status).toBe(200)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('tells a balancer on SIGTERM, and goes on meanwhile', async () => {
    const { child, url, ended } = await serve(PORT)
    const before = Date.now()
    child.kill('SIGTERM')
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(503)
    expect((await logIn(url, await cluster.mint())).status).toBe(200)
    expect(await ended).toBe(0)
    expect(Date.now() - before).toBeGreaterThanOrEqual(SHUTDOWN_NOTICE_MILLIS)
  })

  it('writes nowhere but to its state: its root is read-only', async () => {
    const attempt = (path: string): Promise<number | null> => {
      const argv = ['node', '-e', `require('node:fs').writeFileSync(${JSON.stringify(path)}, 'x')`]
      const child: ChildProcess = root.start(argv, { user: instruction('USER'), environment: {}, writable: [STATE] })
      return new Promise((end) => child.once('exit', (code) => end(code)))
    }
    expect([await attempt('/app/x'), await attempt('/tmp/x'), await attempt(`${STATE}/x`)]).toEqual([1, 1, 0])
  })
})
