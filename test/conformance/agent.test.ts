// `postern agent` as a process of its own, on Node and Deno, against a gateway on Node: it keeps a session while its token is rotated and
// the gateway is restarted, says why it is refused, is ready when it should be, and ends by a signal.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSshHosts, type SshHosts } from '../attest/ssh-pop/ssh-hosts.ts'
import { policyText } from '../gateway/fixture.ts'
import { SSH_KEYGEN } from '../installed.ts'
import { findFreePort } from '../runtime/replay/redis-server.ts'
import { startIssuer, type TestIssuer } from '../token/issuer.ts'
import { type Host, startHost } from './hosts.ts'

const DENO = join('node_modules', '@deno', `linux-${process.arch}-glibc`, 'deno')
const PROGRAM = 'src/cli/postern.ts'

let issuer: TestIssuer
let ssh: SshHosts
let host: Host
let folder: string
let answerPort: number
beforeAll(async () => {
  issuer = await startIssuer()
  folder = mkdtempSync(join(tmpdir(), 'postern-agents-'))
  const documents: Record<string, string> = {
    'clusters/c-1/AgentAttestation': policyText(issuer.issuer),
    'clusters/once/AgentAttestation': `${policyText(issuer.issuer)}      singleUse: true\n`,
  }
  answerPort = await findFreePort()
  documents['clusters/host/AgentAttestation'] = policies({
    type: 'http_dns',
    config: { allowedHostnames: ['localhost'], allowedPorts: [answerPort] },
  })
  if (SSH_KEYGEN) {
    ssh = openSshHosts()
    for (const name of ['ca', 'host']) ssh.key(name)
    ssh.certify('host', 'ca')
    documents['clusters/ssh/AgentAttestation'] = policies({
      type: 'ssh_pop',
      config: { certAuthorities: [ssh.key('ca')] },
    })
  }
  // A session of a minute is renewed after 40 s: too long for a test, so that one waits for no renewal, but starts again.
  host = await startHost('node', documents, {
    change: { SESSION_TTL_SECONDS: '60', HTTP_DNS_NETWORKS: '127.0.0.0/8' },
  })
})
afterAll(async () => {
  await host?.stop()
  await issuer?.stop()
  ssh?.tool.remove()
  rmSync(folder, { recursive: true, force: true })
})

function policies(...requiredAttestors: readonly object[]): string {
  return JSON.stringify({
    section: 'AgentAttestation',
    schema: 'v1',
    spec: { policies: [{ name: 'p', requiredAttestors }] },
  })
}

interface Running {
  readonly child: ChildProcess
  said(): string
  end(): Promise<number | null>
}
function start(name: 'node' | 'deno', ...args: readonly string[]): Running {
  const all = [PROGRAM, 'agent', '--gateway', host.url, ...args]
  const [command, words] =
    name === 'node'
      ? [process.execPath, all]
      : [DENO, ['run', '--allow-net', '--allow-env', '--allow-read', '--allow-write', '--allow-run', ...all]]
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<number | null>((exited) => child.once('exit', (code) => exited(code)))
  return {
    child,
    said: () => said,
    end() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** As the kubelet does: a new file, and a rename. */
async function rotate(path: string, jti: string): Promise<void> {
  writeFileSync(`${path}.new`, await issuer.mint({ claims: { jti } }))
  renameSync(`${path}.new`, path)
}
const idOf = (path: string): string | undefined =>
  existsSync(path)
    ? JSON.parse(Buffer.from(readFileSync(path, 'utf8').split('.')[1] ?? '', 'base64url').toString()).jti
    : undefined

describe.each(['node', 'deno'] as const)('the agent on %s', (name) => {
  it('keeps a session, is ready, outlives its gateway, and ends by a signal', async () => {
    const [token, out] = [join(folder, `token-${name}`), join(folder, `session-${name}`)]
    await rotate(token, `${name}-1`)
    const agent = start(name, '--cluster', 'c-1', '--token-file', token, '--out', out, '--health-port', '0')
    await expect.poll(() => idOf(out), { timeout: 20_000 }).toBeDefined()
    const url = /health at (\S+)/.exec(agent.said())?.[1] ?? ''
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    expect(agent.said()).toContain('admitted by the policy k8s_policy')
    expect(await agent.end()).toBe(0)
  })

  it('waits for new evidence where a policy accepts it once, and logs in when the token is rotated', async () => {
    const [token, out] = [join(folder, `once-${name}`), join(folder, `session-once-${name}`)]
    await rotate(token, `${name}-once-1`)
    const first = start(name, '--once', '--cluster', 'once', '--token-file', token, '--out', out)
    await expect.poll(() => idOf(out), { timeout: 20_000 }).toBeDefined()
    const before = idOf(out)
    await first.end()
    const agent = start(name, '--cluster', 'once', '--token-file', token, '--out', out)
    await expect.poll(agent.said, { timeout: 20_000 }).toContain('waiting for new evidence')
    expect(agent.said()).toContain('evidence_replayed')
    await rotate(token, `${name}-once-2`)
    await expect.poll(() => idOf(out), { timeout: 20_000 }).not.toBe(before)
    expect(await agent.end()).toBe(0)
  })

  it('comes back when its gateway does', async () => {
    const [token, out] = [join(folder, `down-${name}`), join(folder, `session-down-${name}`)]
    await rotate(token, `${name}-down`)
    // Nothing listens there until the gateway has been started again.
    const restarting = host.restart()
    const agent = start(name, '--cluster', 'c-1', '--token-file', token, '--out', out)
    await restarting
    await expect.poll(() => idOf(out), { timeout: 30_000 }).toBeDefined()
    expect(await agent.end()).toBe(0)
  })

  it('serves the answer to its challenge at the name of its host', async () => {
    const out = join(folder, `session-host-${name}`)
    const flags = ['--attestors', 'http_dns', '--http-dns-hostname', 'localhost', '--http-dns-port', `${answerPort}`]
    const agent = start(name, '--once', '--cluster', 'host', ...flags, '--out', out)
    await expect.poll(() => idOf(out), { timeout: 20_000 }).toBeDefined()
    expect(agent.said()).toBe('')
  })

  it.skipIf(!SSH_KEYGEN)('signs with the key of its host', async () => {
    const out = join(folder, `session-ssh-${name}`)
    const key = join(ssh.tool.folder, 'host-cert.pub')
    const flags = ['--attestors', 'ssh_pop', '--ssh-key', key, '--trust-domain', 'example.org']
    const agent = start(name, '--once', '--cluster', 'ssh', ...flags, '--out', out)
    await expect.poll(() => idOf(out), { timeout: 20_000 }).toBeDefined()
    expect(agent.said()).toBe('')
  })
})
