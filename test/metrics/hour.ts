// An hour of a gateway in some seconds: good and bad logins, an issuer that goes down and comes back, a document that does not compile,
// evidence that is used twice, workloads, a disk that is full. What it printed and what it measured is all that is kept.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { readDevelopmentSettings } from '../../src/cli/keys/dev-environment.ts'
import { mountSmallDisk } from '../small-disk.ts'
import { startIssuer } from '../token/issuer.ts'

export interface Hour {
  /** Lines of standard output, in order. */
  readonly records: readonly Readonly<Record<string, unknown>>[]
  /** The last scrape. */
  readonly scrape: string
  /**
   * Ids of the requests that were answered 503 because their record was not taken. Where the disk had space for half of a line, the
   * rest of it is written later: such a record is of a request that was refused.
   */
  readonly unrecorded: readonly string[]
}

/** A file system of its own for the stream of records, which can be filled; needs root. */
export const CAN_FILL_A_DISK = process.getuid?.() === 0

export async function runHour(command: readonly string[]): Promise<Hour> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-hour-'))
  const disk = mountSmallDisk(join(folder, 'disk'), 4)
  const stream = join(disk.path, 'records')
  const [cluster, other] = [await startIssuer(), await startIssuer()]
  let child: ChildProcess | undefined
  try {
    const put = (key: string, text: string): void => {
      const path = join(folder, 'store', `${key}.yaml`)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
    const policy = (issuer: string, more = ''): string =>
      `section: AgentAttestation\nschema: v1\nspec:\n  policies:\n    - name: agents\n${more}      requiredAttestors:\n        - type: k8s_token\n          config: { issuerURL: ${issuer}, serviceAccountNamespace: spirl-system, serviceAccountName: spirl-agent }\n`
    put('clusters/eu-1/AgentAttestation', policy(cluster.issuer))
    put('clusters/eu-2/AgentAttestation', policy(other.issuer))
    put('clusters/once/AgentAttestation', policy(cluster.issuer, '      singleUse: true\n'))
    put('clusters/bad/AgentAttestation', policy(cluster.issuer).replace('issuerURL', 'isuerURL'))
    put(
      'trust-domain/TrustDomainServerAttestation',
      policy(cluster.issuer).replace('AgentAttestation', 'TrustDomainServerAttestation'),
    )

    const settings = await readDevelopmentSettings(join(folder, 'secrets'), 'http://127.0.0.1:8787')
    const [program = '', ...args] = command
    const flags = ['serve', '--store', join(folder, 'store'), '--port', '0', '--metrics-port', '0']
    child = spawn(program, [...args, ...flags], {
      env: { ...process.env, ...settings },
      stdio: ['ignore', openSync(stream, 'a'), 'pipe'],
    })
    const { url, metrics } = await readAddresses(child)

    let lastId = ''
    const ask = async (path: string, body: unknown, session?: string): Promise<{ status: number; body: Answer }> => {
      const headers: Record<string, string> = { 'Content-Type': 'application/json' }
      if (session !== undefined) headers['Authorization'] = `Bearer ${session}`
      const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
      lastId = response.headers.get('X-Request-Id') ?? ''
      return { status: response.status, body: (await response.json()) as Answer }
    }
    const login = (id: string, token: string) =>
      ask(`/v1/clusters/${id}/login`, { attestations: [{ type: 'k8s_token', evidence: { token } }] })
    const times = async (count: number, work: () => Promise<unknown>): Promise<void> => {
      for (let done = 0; done < count; done++) await work()
    }

    await times(20, async () => login('eu-1', await cluster.mint()))
    await times(6, async () => login('eu-2', await other.mint()))
    await times(5, async () => login('eu-1', await cluster.mint({ claims: { aud: ['elsewhere'] } })))
    await times(4, async () => login('eu-1', await cluster.mint({ nowSeconds: Math.floor(Date.now() / 1000) - 7200 })))
    await times(3, async () =>
      login(
        'eu-1',
        await cluster.mint({ claims: { 'kubernetes.io': elsewhere, sub: 'system:serviceaccount:hidden:spirl-agent' } }),
      ),
    )
    await times(2, () => login('eu-1', 'x'))
    await times(2, () => login('nowhere', 'x'))
    await times(3, async () => login('bad', await cluster.mint()))
    await times(2, () => ask('/v1/clusters/eu-1/challenge', { type: 'ssh_pop' }))

    const used = await cluster.mint({ claims: { jti: 'used' } })
    await times(4, () => login('once', used))

    const { body } = await ask('/v1/trust-domain/login', {
      attestations: [{ type: 'k8s_token', evidence: { token: await cluster.mint() } }],
    })
    const session = body.session?.token
    const workloads = [
      { id: 'a', attributes: { 'kubernetes.pod.namespace': 'default', 'kubernetes.pod.service_account': 'web' } },
      { id: 'b', attributes: { 'kubernetes.pod.namespace': 'default' } },
    ]
    await times(5, () => ask('/v1/clusters/eu-1/claims', { workloads }, session))

    // Its keys are in hand: only a new key id makes the gateway ask, and fail.
    other.setDown(true)
    const rotated = await other.rotate()
    await times(3, async () => login('eu-2', await other.mint({ key: rotated })))
    other.setDown(false)
    await until(async () => (await login('eu-2', await other.mint({ key: rotated }))).status === 200)

    // The last bytes of the disk are taken, and given back.
    disk.fill()
    const unrecorded: string[] = []
    for (let tries = 0; unrecorded.length < 3 && tries < 500; tries++) {
      const answer = await login('eu-1', await cluster.mint())
      if (answer.status === 503) unrecorded.push(answer.body.requestId ?? '')
    }
    disk.free()
    await until(async () => {
      const answer = await login('eu-1', await cluster.mint())
      if (answer.status === 503) unrecorded.push(answer.body.requestId ?? '')
      return answer.status === 200
    })

    await until(async () => readFileSync(stream, 'utf8').includes('"event":"audit_recovered"'))
    const scrape = await (await fetch(metrics)).text()
    // An answer may be sent before its record, which the gateway holds, is whole in the file.
    let text = ''
    await until(async () => {
      text = readFileSync(stream, 'utf8')
      return text.includes(lastId) && text.endsWith('\n')
    })
    const lines = text.trim().split('\n')
    return { records: lines.map((line) => JSON.parse(line) as Record<string, unknown>), scrape, unrecorded }
  } finally {
    child?.kill('SIGKILL')
    if (child !== undefined)
      await new Promise((ended) =>
        child?.exitCode === null && child.signalCode === null ? child.once('exit', ended) : ended(0),
      )
    disk.unmount()
    rmSync(folder, { recursive: true, force: true })
    await Promise.all([cluster.stop(), other.stop()])
  }
}

const elsewhere = {
  namespace: 'hidden',
  node: { name: 'node-1', uid: 'n' },
  pod: { name: 'x', uid: 'p' },
  serviceaccount: { name: 'spirl-agent', uid: 's' },
}

interface Answer {
  readonly requestId?: string
  readonly session?: { readonly token: string }
}

async function readAddresses(child: ChildProcess): Promise<{ readonly url: string; readonly metrics: string }> {
  let said = ''
  return new Promise((ready, fail) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const [url, metrics] = [/listens on (\S+)/, /Metrics are at (\S+)/].map((pattern) => pattern.exec(said)?.[1])
      if (url !== undefined && metrics !== undefined) ready({ url, metrics })
    })
    child.once('exit', (code) => fail(new Error(`ended with ${code}: ${said}`)))
  })
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it does not come about')
    await new Promise((later) => setTimeout(later, 50))
  }
}
