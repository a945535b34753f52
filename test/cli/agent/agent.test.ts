// `postern agent --once` against a gateway over HTTP: the file that it writes, what it says when it is refused, and its flags.
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { writeSession } from '../../../src/cli/agent/write-session.ts'
import { type HttpServer, listen, SERVER_BOUNDS } from '../../../src/runtime/http/http-server.ts'
import { createWorld, type World } from '../../gateway/fixture.ts'
import { put, putBaseline, serverPolicy } from '../../gateway/mapping-world.ts'
import { type Bench, bench } from '../call.ts'

let world: World
let server: HttpServer
beforeAll(async () => {
  world = await createWorld()
  const say = (): void => undefined
  server = await listen((request) => world.app.fetch(request), { hostname: '127.0.0.1', port: 0, say }, SERVER_BOUNDS)
})
beforeEach(() => {
  putBaseline(world)
  world.restart()
})
afterAll(async () => {
  await server.close()
  await world.stop()
})

async function agent(tool: Bench, ...args: readonly string[]) {
  const token = tool.file('token', `${await world.issuer.mint()}\n`)
  return tool.call('agent', '--once', '--gateway', server.url, '--token-file', token, ...args)
}
const setUp = () => bench({ clock: Date.now })
const TOKEN = /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/

describe('agent --once', () => {
  it('writes the session of an agent, for its owner alone, and nothing beside it', async () => {
    const tool = setUp()
    const { exitCode, out, err } = await agent(tool, '--cluster', 'c-1', '--out', 'session')
    expect([exitCode, out, err]).toEqual([0, '', ''])
    const path = join(tool.folder, 'session')
    expect(readFileSync(path, 'utf8')).toMatch(TOKEN)
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(tool.folder).sort()).toEqual(['session', 'store', 'token'])
  })

  it('logs in an issuer, where no cluster is named', async () => {
    put(world, 'trust-domain/TrustDomainServerAttestation', { policies: [serverPolicy(world, 'issuer')] })
    expect((await agent(setUp(), '--out', 'session')).exitCode).toBe(0)
  })

  it('takes the cluster and the attestors from the values of a chart, and the gateway from the environment', async () => {
    const tool = bench({ clock: Date.now, environment: { POSTERN_URL: server.url } })
    const values = tool.file(
      'values.yaml',
      'agent:\n  auth:\n    clusterId: c-1\n    attestors:\n      - type: k8s_token\n',
    )
    const token = tool.file('token', await world.issuer.mint())
    const called = await tool.call('agent', '--once', '--values', values, '--token-file', token, '--out', 'session')
    expect([called.exitCode, called.err]).toEqual([0, ''])
  })

  it('replaces a session, with the mode and the group that it is told', async () => {
    const tool = setUp()
    const path = join(tool.folder, 'session')
    writeFileSync(path, 'old', { mode: 0o600 })
    const group = String(process.getgid?.() ?? 0)
    expect((await agent(tool, '--cluster', 'c-1', '--out', 'session', '--group', group)).exitCode).toBe(0)
    expect([readFileSync(path, 'utf8') !== 'old', lstatSync(path).mode & 0o777]).toEqual([true, 0o640])
  })

  it('says why it is refused, and writes nothing', async () => {
    const tool = setUp()
    world.putPolicy('c-1', ['serviceAccountName: other'])
    world.restart()
    const { exitCode, err } = await agent(tool, '--cluster', 'c-1', '--out', 'session')
    expect(exitCode).toBe(1)
    expect(err).toMatch(
      /^403 login_refused: .*requestId [\w-]+.*k8s_token: service_account_not_allowed: .*audit record of/,
    )
    expect(readdirSync(tool.folder)).not.toContain('session')
  })

  it('explains: what the evidence claims, and what was said to it', async () => {
    const tool = setUp()
    const good = await agent(tool, '--cluster', 'c-1', '--explain')
    expect(good.exitCode).toBe(0)
    expect(good.out).toMatch(/^✓ k8s_token\n {4}issuer +http:/)
    expect(good.out).toMatch(/✓ admitted by the policy k8s_policy, until .*\n {4}k8s_token.issuer/)
    world.putPolicy('c-1', ['audiences: [other]'])
    world.restart()
    const bad = await agent(tool, '--cluster', 'c-1', '--explain')
    expect(bad.exitCode).toBe(1)
    expect(bad.out).toMatch(/^✗ k8s_token {2}audience_mismatch: /)
    for (const { out } of [good, bad])
      expect(out).not.toContain(readFileSync(join(tool.folder, 'token'), 'utf8').split('.')[2])
  })

  it('exits with 4 where nobody answers', async () => {
    const tool = setUp()
    const token = tool.file('token', 'x')
    const { exitCode, err } = await tool.call(
      'agent',
      '--once',
      '--gateway',
      'http://127.0.0.1:9',
      '--cluster',
      'c-1',
      '--token-file',
      token,
      '--out',
      'session',
    )
    expect([exitCode, /the gateway did not answer: .*ECONNREFUSED/.test(err)]).toEqual([4, true])
  })

  it('exits with 2 where there is no evidence', async () => {
    const tool = setUp()
    const { exitCode, err } = await tool.call(
      'agent',
      '--once',
      '--gateway',
      server.url,
      '--cluster',
      'c-1',
      '--token-file',
      'none',
      '--out',
      'session',
    )
    expect([exitCode, /no evidence: cannot read the file of --token-file/.test(err)]).toEqual([2, true])
  })

  it.each<[string, readonly string[], RegExp]>([
    ['no gateway', ['--out', 's'], /--gateway, or set POSTERN_URL/],
    ['http to elsewhere', ['--gateway', 'http://login.example.org', '--out', 's'], /https, or http to loopback/],
    ['no file', ['--gateway', 'https://x.example'], /Missing --out/],
    [
      'a type that nobody knows',
      ['--gateway', 'https://x.example', '--out', 's', '--attestors', 'k8s_tokn'],
      /did you mean|k8s_token/,
    ],
    ['a type twice', ['--gateway', 'https://x.example', '--out', 's', '--attestors', 'github,github'], /twice/],
    ['a mode for everybody', ['--gateway', 'https://x.example', '--out', 's', '--mode', '0644'], /not one of a secret/],
    ['a mode that is none', ['--gateway', 'https://x.example', '--out', 's', '--mode', 'rw'], /not one of a secret/],
    [
      'values without agent.auth',
      ['--gateway', 'https://x.example', '--out', 's', '--values', 'v.yaml'],
      /no agent\.auth/,
    ],
    [
      'authorities that are not there',
      ['--gateway', 'https://x.example', '--out', 's', '--ca-file', 'none'],
      /--ca-file/,
    ],
  ])('is told of %s', async (_what, args, said) => {
    const tool = setUp()
    tool.file('v.yaml', 'a: b\n')
    const { exitCode, err } = await tool.call('agent', '--once', ...args)
    expect([exitCode, said.test(err)], err).toEqual([2, true])
  })

  it('explains only once', async () => {
    const { exitCode, err } = await setUp().call('agent', '--explain', '--gateway', 'https://x.example')
    expect([exitCode, err.includes('--explain needs --once')]).toEqual([2, true])
  })
})

describe('writeSession()', () => {
  const secret = { mode: 0o600, group: undefined }
  it('never writes through a symbolic link, nor in the place of a directory', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-write-'))
    const [target, link] = [join(folder, 'target'), join(folder, 'link')]
    writeFileSync(target, 'keep')
    symlinkSync(target, link)
    await expect(writeSession(link, 'x', secret)).rejects.toThrow(/symbolic link/)
    await expect(writeSession(folder, 'x', secret)).rejects.toThrow(/no file/)
    expect([readFileSync(target, 'utf8'), readdirSync(folder).sort()]).toEqual(['keep', ['link', 'target']])
    rmSync(folder, { recursive: true })
  })

  it('leaves nothing where it cannot be written', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-write-'))
    await expect(writeSession(join(folder, 'none', 'session'), 'x', secret)).rejects.toThrow(/ENOENT/)
    await expect(writeSession(join(folder, 's'), 'x', { mode: 0o640, group: 4_294_967_294 + 10 })).rejects.toThrow()
    expect(readdirSync(folder)).toEqual([])
    rmSync(folder, { recursive: true })
  })
})
