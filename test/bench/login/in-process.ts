// Logins without a server: `fetch` functions called in turn, in one process of their host. Time is measured from outside,
// by how long the process takes for a turn of many logins.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HostName } from '../../conformance/hosts.ts'
import type { BenchOptions } from '../options.ts'
import { compare, median, type Pair, takePairs } from '../pairs.ts'
import type { Row, Table } from '../report.ts'
import { startTurnsWorker } from './contenders.ts'
import { readThreadsMillis } from './cpu-time.ts'
import { type InProcessName, type Turn, turnPath } from './in-process-contenders.ts'
import { RUN_COMMANDS, readAddress } from './run-command.ts'
import type { LoginWork } from './work.ts'

const AT_ONCE = [1, 32] as const

/** A turn is a third of a round over HTTP, and there are three times as many. */
const SHORTER = 3

const COMPARISONS: readonly (readonly [what: string, first: InProcessName, second: InProcessName])[] = [
  ['Postern to the floor', 'postern', 'floor'],
  ['Postern to hono/jwk', 'postern', 'hono-jwk'],
  ['Postern without the line of its record to the floor', 'postern-unrecorded', 'floor'],
]

interface Host {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

interface Measured {
  readonly microsPerLogin: number
  readonly cpuMicrosPerLogin: number | undefined
}

export async function measureInProcess(name: HostName, work: LoginWork, options: BenchOptions): Promise<Table> {
  const host = await startHost(name, work)
  try {
    const rows: Row[] = []
    for (const atOnce of AT_ONCE)
      for (const [what, first, second] of COMPARISONS) {
        const turns = [
          await sizeTurn(host, first, atOnce, options),
          await sizeTurn(host, second, atOnce, options),
        ] as const
        const pairs = await takePairs(
          options.pairs * SHORTER,
          () => measureTurn(host, turns[0]),
          () => measureTurn(host, turns[1]),
        )
        rows.push(rowOf(`${what}, ${atOnce} at once`, pairs))
      }
    return {
      id: `login-in-process-${name}`,
      title: `Login in process on ${name}`,
      note: 'Time and CPU time per login, without a server: the same `Request` in, the whole answer read.',
      rows,
    }
  } finally {
    await host.stop()
  }
}

function rowOf(what: string, pairs: readonly Pair<Measured>[]): Row {
  const cpuOf = ({ cpuMicrosPerLogin = Number.NaN }: Measured): number => cpuMicrosPerLogin
  const hasCpu = pairs.every(({ first, second }) => cpuOf(first) > 0 && cpuOf(second) > 0)
  return {
    what,
    ratios: { time: compare(pairs, (turn) => turn.microsPerLogin), ...(hasCpu ? { CPU: compare(pairs, cpuOf) } : {}) },
    figures: {
      'first, µs': median(pairs.map(({ first }) => first.microsPerLogin)),
      'second, µs': median(pairs.map(({ second }) => second.microsPerLogin)),
    },
  }
}

/** As many logins as take about one round, found while it warms up: a turn is short, and there are many. */
async function sizeTurn(host: Host, name: InProcessName, atOnce: number, options: BenchOptions): Promise<Turn> {
  const { roundMillis, warmUpMillis } = options
  let logins = atOnce
  let spentMillis = 0
  for (;;) {
    const { microsPerLogin, cpuMicrosPerLogin = microsPerLogin } = await measureTurn(host, { name, logins, atOnce })
    spentMillis += (cpuMicrosPerLogin * logins) / 1000
    if (spentMillis < warmUpMillis) logins *= 2
    else
      return { name, logins: Math.max(atOnce, Math.round((roundMillis * 1000) / SHORTER / cpuMicrosPerLogin)), atOnce }
  }
}

async function measureTurn({ url, pid }: Host, turn: Turn): Promise<Measured> {
  const cpuBefore = readThreadsMillis(pid)
  const started = performance.now()
  const response = await fetch(url + turnPath(turn))
  const millis = performance.now() - started
  const cpuAfter = readThreadsMillis(pid)
  if (response.status !== 204) throw new Error(`${turn.name}: ${await response.text()}`)
  const cpuMillis = cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore
  return {
    microsPerLogin: (millis * 1000) / turn.logins,
    cpuMicrosPerLogin: cpuMillis === undefined ? undefined : (cpuMillis * 1000) / turn.logins,
  }
}

async function startHost(name: HostName, work: LoginWork): Promise<Host> {
  if (name === 'workerd') return startTurnsWorker(work)
  const folder = mkdtempSync(join(tmpdir(), 'bench-turns-'))
  const file = join(folder, 'work.json')
  writeFileSync(file, JSON.stringify(work), { mode: 0o600 })
  const [command, ...args] = RUN_COMMANDS[name]
  const child = spawn(command, [...args, 'test/bench/login/turns-server.ts', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return {
    url: await readAddress(child),
    pid: child.pid ?? 0,
    async stop() {
      const ended = new Promise((end) => child.once('exit', end))
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
