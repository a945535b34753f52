// README and docs/start.md as a new user follows them: every block is run here as it stands, or by the test that its row names. A block
// without a row fails.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { askAgain } from '../../dev/newcomer/ask-again.ts'
import { readDemoOutput } from '../../dev/newcomer/demo-output.ts'
import { admittedBy, openPage } from '../../dev/newcomer/open-page.ts'
import { stopGroup, waitUntilReady } from '../../src/cli/store/wrangler.ts'
import { CHROMIUM } from '../installed.ts'

interface Block {
  readonly language: string
  readonly text: string
}
const BLOCKS: readonly Block[] = ['README.md', 'docs/start.md'].flatMap((page) =>
  Array.from(readFileSync(page, 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm), ([, language = '', text = '']) => ({
    language,
    text,
  })),
)
const block = (start: string): string => {
  const found = BLOCKS.find(({ text }) => text.startsWith(start))
  if (found === undefined) throw new Error(`README and docs/start.md have no block that starts with ${start}`)
  return found.text
}

/** By how a block starts: the test that runs it, or why none can. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'export URL=': 'test/conformance/proof-rows.test.ts',
  'npm pack && cd': 'test/package/installed.test.ts',
  'import process from': 'test/package/installed.test.ts',
  'npx wrangler secret put': 'test/deploy/wrangler.test.ts runs its dry run; the rest needs an account',
}
const HERE = [
  'npm ci && npm start',
  'curl -s http://127.0.0.1:8787/v1/clusters/demo/login',
  '{ "type": "urn:postern:login_refused"',
  '{ "session": { "token": "eyJ..."',
  'section: AgentAttestation\nschema: v1\nspec:\n  policies:\n    - name: eks_cluster_policy',
  'section: AgentAttestation\nschema: v1\nspec:\n  policies:\n    - name: fleet',
  'section: SVIDIssuancePolicy',
  'npm run -s postern -- config validate policy.yaml',
  'npm run -s postern -- agent --once',
  'kubectl get pod web-1',
  'npm run -s postern -- revoke add',
  'npm run -s postern -- keys new',
  'mkdir -p DIR;',
  'deno run ',
] as const

it('has no block that is not run', () => {
  const known = [...HERE, ...Object.keys(ELSEWHERE)]
  expect(BLOCKS.filter(({ text }) => known.filter((start) => text.startsWith(start)).length !== 1)).toEqual([])
  expect(Object.values(ELSEWHERE).filter((test) => !existsSync(test.split(' ')[0] ?? ''))).toEqual([])
})

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-readme-'))
  mkdirSync(join(folder, 'DIR/clusters/c-123'), { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** As in the folder of the repository, but for the files that are made. */
const SHELL = `REPO=${JSON.stringify(resolve('.'))}
npm() { command npm --prefix "$REPO" "$@"; }
node() { local script=$1; shift; exec "${process.execPath}" "$REPO/$script" "$@"; }
deno() { local args=(); for one in "$@"; do case $one in src/*) one=$REPO/$one ;; esac; args+=("$one"); done; exec "$REPO/node_modules/.bin/deno" "\${args[@]}"; }
kubectl() { cat pod.json; }
`
function sh(script: string, env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', SHELL + script], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, TRUST_DOMAIN: 'example.org', ISSUER_URL: 'https://login.example.org', ...env },
  })
  return { status, said: stdout + stderr, out: stdout }
}
const linesOf = (text: string): readonly string[] => text.trim().split('\n')

interface Demo {
  readonly process: ChildProcess
  readonly gateway: string
  readonly issuer: string
  readonly said: string
}
/** Runs the second half of the first block, and waits until it has told its story. */
async function startDemo(): Promise<Demo> {
  const [, start = ''] = block('npm ci && npm start').trim().split(' && ')
  const demo = spawn('bash', ['-c', `exec ${start}`], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [demo.stdout, demo.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  await vi.waitFor(() => expect(said).toContain('Serving until'), { timeout: 60_000, interval: 100 })
  const { gateway = '', issuer = '' } = readDemoOutput(said)
  return { process: demo, gateway, issuer, said }
}

describe('Start and First login', () => {
  let demo: Demo
  let gateway: string
  let issuer: string
  beforeAll(async () => {
    demo = await startDemo()
    gateway = demo.gateway
    issuer = demo.issuer
  })
  afterAll(() => stopGroup(demo.process))

  const ask = (query: string): Record<string, unknown> => {
    const command = block('curl -s http://127.0.0.1:8787')
      .replace('http://127.0.0.1:8787', gateway)
      .replace('http://127.0.0.1:8788', issuer)
      .replace('?ageSeconds=4200', query)
    return JSON.parse(sh(command).out)
  }
  /** The members of what README shows, as a type has them. */
  const shape = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.slice(0, 1).map(shape)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shape(member)]))
        : typeof value
  const shown = (start: string): unknown => JSON.parse(block(start).replace(', ... ]', ' ]'))

  it('tells its story', () => {
    expect(demo.said).toMatch(/answer +200 admitted by the policy k8s_policy/)
    expect(demo.said).toContain('spiffe://example.org/demo/ns/default/sa/web')
  })

  it('shows what `npm run newcomer` looks for, when it is asked again', async () => {
    const { cluster = '', spiffeId } = readDemoOutput(demo.said)
    expect(spiffeId).toBe('spiffe://example.org/demo/ns/default/sa/web')
    expect(await askAgain('.', { gateway, issuer, cluster })).toBe(spiffeId)
  })

  it.skipIf(CHROMIUM === undefined)('links to a page that shows the same', async () => {
    const { page = '', policy, spiffeId } = readDemoOutput(demo.said)
    expect(await openPage(page, 50_000)).toEqual({ verdict: admittedBy(policy ?? ''), spiffeId })
  })

  it('starts beside another one, and ends when its terminal is closed', async () => {
    const second = await startDemo()
    expect(second.gateway).not.toBe(gateway)
    expect(second.said).toMatch(/answer +200 admitted by the policy k8s_policy/)
    process.kill(-(second.process.pid ?? 0), 'SIGHUP')
    await vi.waitFor(() => expect(second.process.exitCode ?? second.process.signalCode).not.toBeNull(), {
      timeout: 15_000,
      interval: 50,
    })
    await expect(fetch(`${second.gateway}/healthz`)).rejects.toThrow()
    expect(ask('')).toMatchObject({ policy: 'k8s_policy' })
  })

  it('refuses as the page shows', () => {
    const answer = ask('?ageSeconds=4200')
    const page = shown('{ "type": "urn:postern:login_refused"') as typeof answer
    expect(shape(answer)).toEqual(shape(page))
    expect(answer).toMatchObject({ code: page['code'], reason: page['reason'], detail: page['detail'] })
  })

  it('admits as the page shows', () => {
    const { session, ...answer } = ask('')
    const { session: ofPage, ...page } = shown('{ "session": { "token": "eyJ..."') as typeof answer
    expect([shape(session), shape(answer)]).toEqual([shape(ofPage), shape(page)])
  })

  it('keeps a session', () => {
    const token = sh(`curl -s ${issuer}/token`).out
    writeFileSync(join(folder, 'token'), token)
    const command = block('npm run -s postern -- agent --once')
      .replace('https://login.example.org', gateway)
      .replace('c-123', 'demo')
      .replace('/run/postern/session', 'session --token-file token')
    expect(sh(command)).toMatchObject({ status: 0 })
    expect(readFileSync(join(folder, 'session'), 'utf8')).toMatch(/^eyJ/)
  })
})

describe('policies', () => {
  it('the first one compiles, is stored, and explains a login', () => {
    writeFileSync(
      join(folder, 'policy.yaml'),
      block('section: AgentAttestation\nschema: v1\nspec:\n  policies:\n    - name: eks_cluster_policy'),
    )
    writeFileSync(join(folder, 'BODY.json'), '{"attestations":[{"type":"k8s_token","evidence":{"token":"a.b.c"}}]}')
    const cases = [{ name: 'nobody', login: { token: 'a.b.c' }, expect: { refuse: 'token_malformed' } }]
    const tests = { trustDomain: 'example.org', now: '2026-01-01T00:00:00Z', documents: ['policy.yaml'], cases }
    writeFileSync(join(folder, 'policy-tests.yaml'), JSON.stringify(tests))
    const runs = linesOf(block('npm run -s postern -- config validate')).map((line) => sh(line))
    expect(runs.map(({ status }) => status)).toEqual([0, 0, 1, 0, 1])
    expect(runs[2]?.said).toContain('token_malformed')
    expect(runs[3]?.out).toContain('1 passed, 0 failed')
    expect(runs[4]?.out).toContain('0 clusters')
  })

  it('that of hosts compiles once it has a key', () => {
    const text = block('section: AgentAttestation\nschema: v1\nspec:\n  policies:\n    - name: fleet')
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJOXj0P1VNa5lF0VEqCvo8PzRyN0TaLLp3Xz0WcZL4Lt'
    writeFileSync(join(folder, 'fleet.yaml'), text.replace('ssh-ed25519 AAAA... of the authority', key))
    expect(sh('npm run -s postern -- config validate fleet.yaml')).toMatchObject({ status: 0 })
  })

  it('that of workloads maps a pod', () => {
    writeFileSync(join(folder, 'DIR/clusters/c-123/SVIDIssuancePolicy.yaml'), block('section: SVIDIssuancePolicy'))
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-1', namespace: 'default', uid: '316ea285-b878-4d20-a9fe-2e1c79b0f083' },
      spec: { nodeName: 'node-1', serviceAccountName: 'web', containers: [{ name: 'app', image: 'web:1' }] },
    }
    writeFileSync(join(folder, 'pod.json'), JSON.stringify(pod))
    const { said } = sh(block('kubectl get pod web-1'))
    expect(said).toContain('spiffe://example.org/c-123/ns/default/sa/web')
  })

  it('are revoked and locked', () => {
    const runs = linesOf(block('npm run -s postern -- revoke add')).map((line) => sh(line))
    expect(runs).toMatchObject([{ status: 0 }, { status: 0 }])
  })
})

describe('Deploy', () => {
  it.each(['mkdir -p DIR;', 'deno run '])('%s serves', async (start) => {
    if (!existsSync(join(folder, 'postern.env')))
      expect(sh(block('npm run -s postern -- keys new'))).toMatchObject({ status: 0 })
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const settings = linesOf(block('mkdir -p DIR;'))[0] ?? ''
    const command = `${settings}\n${linesOf(block(start)).at(-1)?.replace('8787', String(port))}`
    const server = spawn('bash', ['-c', SHELL + command], { cwd: folder, detached: true, stdio: 'ignore' })
    try {
      await waitUntilReady(`http://127.0.0.1:${port}/readyz`, server, 30_000)
    } finally {
      await stopGroup(server)
    }
  })
})
