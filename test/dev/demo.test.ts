// What the demo prints is what a gateway answers: with other documents it tells another story. The commands that it prints work.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { stripVTControlCharacters } from 'node:util'
import { type ServerType, serve } from '@hono/node-server'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { writeDocuments } from '../../dev/demo/documents.ts'
import { formatRecord } from '../../dev/demo/lines.ts'
import { tellStory } from '../../dev/demo/story.ts'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { formatEnvFile, readDevelopmentSettings } from '../../src/cli/keys/dev-environment.ts'
import { createNodeGateway } from '../../src/entries/node.ts'

let root: string
let cluster: StandInCluster
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'postern-demo-'))
  cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
})
afterAll(async () => {
  await cluster.close()
  rmSync(root, { recursive: true, force: true })
})

/** The examples, and one change. */
const SECTIONS = ['AgentAttestation', 'SVIDIssuancePolicy', 'TrustDomainServerAttestation'] as const
type Change = readonly [section: (typeof SECTIONS)[number], from: string, to: string]

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(root, 'run-'))
})

async function tell(change?: Change): Promise<readonly string[]> {
  const examples = join(folder, 'examples')
  mkdirSync(examples)
  for (const section of SECTIONS) {
    const text = readFileSync(`examples/${section}.yaml`, 'utf8')
    const changed = change?.[0] === section ? text.replace(change[1], change[2]) : text
    if (change?.[0] === section) expect(changed).not.toBe(text)
    writeFileSync(join(examples, `${section}.yaml`), changed)
  }
  const store = join(folder, 'store')
  for (const { key, text } of writeDocuments(examples, folder, cluster.issuer)) {
    const file = join(store, `${key}.yaml`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  const settings = await readDevelopmentSettings(folder, 'http://127.0.0.1:8787')
  const envFile = join(folder, 'dev.env')
  writeFileSync(envFile, formatEnvFile(settings))
  const app = await createNodeGateway({ store, environment: settings, audit: () => true })
  let server: ServerType | undefined
  try {
    const port = await new Promise<number>((ready) => {
      server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, (address) => ready(address.port))
    })
    const lines: string[] = []
    const print = (line: string): void => void lines.push(...stripVTControlCharacters(line).split('\n'))
    await tellStory({
      gateway: `http://127.0.0.1:${port}`,
      cluster,
      folder,
      envFile,
      podFile: 'examples/pod.json',
      print,
    })
    return lines
  } finally {
    server?.close()
  }
}

const under = (lines: readonly string[], heading: string): string => {
  const start = lines.indexOf(`▸ ${heading}`)
  const end = lines.findIndex((line, at) => at > start && line.startsWith('▸'))
  expect(start).toBeGreaterThanOrEqual(0)
  return lines.slice(start + 1, end === -1 ? undefined : end).join('\n')
}
const AGENT = 'An agent logs in with its service account token'
const ISSUER = 'An issuer of SVIDs logs in'
const POD = 'The issuer asks who a pod is'
const STRANGER = 'Another service account is refused'

describe('the demo', () => {
  it('tells what the examples decide', async () => {
    const lines = await tell()
    expect(under(lines, AGENT)).toMatch(
      /200 admitted by the policy k8s_policy\n.*spiffe:\/\/example.org\/postern\/agent\/demo\//,
    )
    expect(under(lines, ISSUER)).toContain('role issuer')
    expect(under(lines, POD)).toContain('SPIFFE ID spiffe://example.org/demo/ns/default/sa/web')
    expect(under(lines, POD)).toContain('1h, {"namespace":"default"}')
    expect(under(lines, POD)).toContain('24h, O=Acme Corp,OU=default')
    expect(under(lines, STRANGER)).toMatch(
      /403 namespace_not_allowed[\s\S]*✗ namespace {2}default[\s\S]*✗ service account/,
    )
    expect(lines.join('\n')).not.toMatch(/eyJ|undefined|\[object/)
  })

  it.each<[string, Change, heading: string, RegExp]>([
    ['another template', ['SVIDIssuancePolicy', '/ns/', '/namespace/'], POD, /demo\/namespace\/default\/sa\/web/],
    ['another TTL', ['SVIDIssuancePolicy', 'ttl: 1h', 'ttl: 15m'], POD, /JWT +15m/],
    [
      'a template that cannot be rendered',
      ['SVIDIssuancePolicy', 'kubernetes.pod.service_account}}', 'kubernetes.pod.label[tier]}}'],
      POD,
      /refused +attribute_missing/,
    ],
    [
      'another policy',
      ['AgentAttestation', 'Namespace: spirl-system', 'Namespace: other'],
      AGENT,
      /403 namespace_not_allowed/,
    ],
    [
      'a policy that admits the stranger',
      [
        'AgentAttestation',
        /.*serviceAccountN[\s\S]*/.exec(readFileSync('examples/AgentAttestation.yaml', 'utf8'))?.[0] ?? '',
        '',
      ],
      STRANGER,
      /200 admitted by the policy k8s_policy[\s\S]*no check failed/,
    ],
    [
      'another policy name',
      ['AgentAttestation', 'name: k8s_policy', 'name: nodes'],
      AGENT,
      /admitted by the policy nodes/,
    ],
    ['an issuer that is not admitted', ['TrustDomainServerAttestation', 'spirl-server', 'other'], POD, /401/],
  ])('tells of %s', async (_name, change, heading, expected) => {
    expect(under(await tell(change), heading)).toMatch(expected)
  })

  it('prints a command that explains the refusal, and documents that are valid', async () => {
    const lines = await tell()
    const command = /npm run -s postern -- (.*)/.exec(under(lines, STRANGER))?.[1] ?? ''
    const run = (args: readonly string[]) =>
      spawnSync(process.execPath, [resolve('src/cli/postern.ts'), ...args], { encoding: 'utf8' })
    const explained = run(command.split(' '))
    expect(explained.status).toBe(1)
    expect(explained.stdout).toContain('namespace_not_allowed')
    const files = SECTIONS.map((section) => join(folder, `${section}.yaml`))
    expect(run(['config', 'validate', '--env-file', join(folder, 'dev.env'), ...files])).toMatchObject({ status: 0 })
  })
})

describe('a record', () => {
  const record = {
    v: 1,
    event: 'login',
    time: '2026-11-27T03:22:23.500Z',
    clusterId: 'demo',
    status: 401,
    code: 'login_refused',
  }
  it.each([
    [
      'a refused login',
      { ...record, refusals: [{ code: 'token_expired' }] },
      '03:22:23  login demo  401 token_expired',
    ],
    ['a login', { ...record, status: 200, code: undefined, policy: 'p' }, '03:22:23  login demo  200 p'],
    [
      'an event',
      { event: 'config_applied', time: record.time, key: 'clusters/demo/Cluster' },
      '03:22:23  config_applied clusters/demo/Cluster',
    ],
  ])('is one line: %s', (_name, value, line) =>
    expect(stripVTControlCharacters(formatRecord(JSON.stringify(value)) ?? '').trim()).toBe(line),
  )

  it.each(['', 'ready on', '{', 'null', '{"level":1}'])('is not %j', (line) =>
    expect(formatRecord(line)).toBeUndefined(),
  )
})
