// The first decision of a fresh process, and of a fresh isolate, by a document of 50 policies. Workers' free plan has 10 ms
// of CPU time for a request.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Hono } from 'hono'
import type { GatewayApp } from '../../../src/gateway/services.ts'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import type { HostName } from '../../conformance/hosts.ts'
import { startIssuer } from '../../token/issuer.ts'
import { type Policy, strangers } from '../documents.ts'
import { createBenchGateway } from '../gateway.ts'
import { startTurnsWorker, startWorkerFloor, startWorkerPostern } from '../login/contenders.ts'
import { readThreadsMillis } from '../login/cpu-time.ts'
import { type InProcessName, turnPath } from '../login/in-process-contenders.ts'
import { evidenceRequest } from '../login/login-request.ts'
import { prepareLogin } from '../login/prepare-login.ts'
import { RUN_COMMANDS } from '../login/run-command.ts'
import type { LoginWork } from '../login/work.ts'
import type { BenchOptions } from '../options.ts'
import { compare, median, type Pair, takePairs } from '../pairs.ts'
import { createFloor } from '../peers/floor.ts'
import type { Row, Table } from '../report.ts'
import { takeWorkPairs } from '../spent.ts'
import type { Cost, FirstLogin } from './first-login.ts'

const POLICIES = 50

export async function measureCold(options: BenchOptions): Promise<Table> {
  const issuer = await startIssuer({ alg: 'RS256' })
  const folder = mkdtempSync(join(tmpdir(), 'bench-cold-'))
  try {
    const jwks = { keys: [issuer.newestKey().publicJwk] }
    const own: Policy = { config: { issuerURL: issuer.issuer, jwks } }
    const work: LoginWork = { ...(await prepareLogin(issuer, [...strangers(POLICIES - 1), own])), jwks }
    const file = join(folder, 'work.json')
    writeFileSync(file, JSON.stringify(work), { mode: 0o600 })
    const rows: Row[] = []
    for (const host of options.hosts)
      rows.push(
        ...(await (host === 'workerd' ? measureIsolates(work, options) : measureProcesses(host, file, options))),
      )
    rows.push(await measureNewGateways(work, options))
    return {
      id: 'cold',
      title: `First decision by a document of ${POLICIES} policies`,
      note: 'A fresh process or isolate each time, to the floor; keys are in the document, so that nothing is fetched. On Node and Deno "first decision" begins after the imports; on workerd the request is the first that its process sees.',
      rows,
    }
  } finally {
    rmSync(folder, { recursive: true })
    await issuer.stop()
  }
}

async function measureProcesses(
  host: Exclude<HostName, 'workerd'>,
  file: string,
  { pairs }: BenchOptions,
): Promise<readonly Row[]> {
  const [command, ...args] = RUN_COMMANDS[host]
  async function run(contender: string): Promise<FirstLogin> {
    const { stdout } = await promisify(execFile)(command, [...args, 'test/bench/cold/first-login.ts', contender, file])
    return JSON.parse(stdout)
  }
  const taken = await takePairs(
    pairs,
    () => run('postern'),
    () => run('floor'),
  )
  const whole = ({ imports, first }: FirstLogin): Cost => ({
    millis: imports.millis + first.millis,
    cpuMillis: imports.cpuMillis + first.cpuMillis,
  })
  return [
    rowOf(`${host}: first decision`, taken, ({ first }) => first),
    rowOf(`${host}: start of the process to first decision`, taken, whole),
  ]
}

async function measureIsolates(work: LoginWork, { pairs }: BenchOptions): Promise<readonly Row[]> {
  const request = { method: 'POST', ...evidenceRequest(work) }
  const taken = await takePairs(
    pairs,
    () => askFirst(startWorkerPostern(work), request),
    () => askFirst(startWorkerFloor(work), request),
  )
  const turn = (name: InProcessName): Promise<Cost> =>
    askFirst(startTurnsWorker(work), { path: turnPath({ name, logins: 1, atOnce: 1 }) })
  const turns = await takePairs(
    pairs,
    () => turn('postern'),
    () => turn('floor'),
  )
  return [
    rowOf('workerd: first login, documents in memory', turns, (cost) => cost),
    rowOf('workerd: first request, documents in the KV of Miniflare', taken, (cost) => cost),
  ]
}

/** The first request that a process of workerd sees, and its last. */
async function askFirst(
  starting: Promise<{ readonly url: string; readonly pid: number; stop(): Promise<void> }>,
  { path, ...init }: { readonly path: string } & RequestInit,
): Promise<Cost> {
  const { url, pid, stop } = await starting
  try {
    const cpuBefore = readThreadsMillis(pid) ?? Number.NaN
    const started = performance.now()
    const response = await fetch(url + path, init)
    const text = await response.text()
    const millis = performance.now() - started
    if (!response.ok) throw new Error(text)
    return { millis, cpuMillis: (readThreadsMillis(pid) ?? Number.NaN) - cpuBefore }
  } finally {
    await stop()
  }
}

/** A new gateway in this process, whose code is warm: settings, document, keys, decision, session. */
async function measureNewGateways(work: LoginWork, options: BenchOptions): Promise<Row> {
  const { environment, documents } = work
  const module = loadPolicyVm()
  const { path, ...init } = { method: 'POST', ...evidenceRequest(work) }
  async function logIn(app: Hono | GatewayApp): Promise<void> {
    const response = await app.request(path, init)
    const text = await response.text()
    if (!response.ok) throw new Error(text)
  }
  const taken = await takeWorkPairs(
    () => logIn(createBenchGateway({ environment, documents, module })),
    async () => logIn(await createFloor(work)),
    options,
  )
  return rowOf('node: first decision of a new gateway, code warm', taken, ({ micros, cpuMicros }) => ({
    millis: micros / 1000,
    cpuMillis: cpuMicros / 1000,
  }))
}

function rowOf<T>(what: string, pairs: readonly Pair<T>[], costOf: (value: T) => Cost): Row {
  const figure = (side: keyof Pair<T>, name: keyof Cost): number =>
    median(pairs.map((pair) => costOf(pair[side])[name]))
  return {
    what,
    ratios: {
      time: compare(pairs, (value) => costOf(value).millis),
      CPU: compare(pairs, (value) => costOf(value).cpuMillis),
    },
    figures: {
      'Postern, ms': figure('first', 'millis'),
      'floor, ms': figure('second', 'millis'),
      'Postern CPU, ms': figure('first', 'cpuMillis'),
      'floor CPU, ms': figure('second', 'cpuMillis'),
    },
  }
}
