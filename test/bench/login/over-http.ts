// Logins over HTTP: the gateway against each peer in turn, on one and on 32 kept connections.
import type { HostName } from '../../conformance/hosts.ts'
import type { BenchOptions } from '../options.ts'
import { compare, median, type Pair, takePairs } from '../pairs.ts'
import type { Peer } from '../peers/session.ts'
import type { Row, Table } from '../report.ts'
import { type LoadClient, startLoadClient } from './client.ts'
import { type Contender, startPeer, startPostern, startWorkerFloor, startWorkerPostern } from './contenders.ts'
import { readThreadsMillis } from './cpu-time.ts'
import type { LoadResult } from './load-client.ts'
import { checkSameAnswer } from './same-answer.ts'
import type { LoginWork } from './work.ts'

const CONNECTIONS = [32, 1] as const

/** The three made for Node are compared on Node alone. */
const PEERS: Readonly<Record<HostName, readonly Peer[]>> = {
  node: ['floor', 'express', 'fastify', 'hono-jwk'],
  deno: ['floor'],
  workerd: ['floor'],
}

const PEER_TITLES: Readonly<Record<string, string>> = {
  floor: 'bare Hono with jose (the floor)',
  express: 'express with express-oauth2-jwt-bearer',
  fastify: 'fastify with @fastify/jwt and get-jwks',
  'hono-jwk': 'hono/jwk',
}

/** One round of load on one server. */
interface Round extends LoadResult {
  readonly cpuMillis: number | undefined
}

export async function measureOverHttp(host: HostName, work: LoginWork, options: BenchOptions): Promise<Table> {
  const client = startLoadClient()
  const contenders: Contender[] = []
  try {
    for await (const contender of startContenders(host, work)) contenders.push(contender)
    const [postern, ...peers] = contenders
    if (postern === undefined) throw new Error('the gateway has not started')
    return await compareContenders(host, postern, peers, { client, work, options })
  } finally {
    client.stop()
    for (const contender of contenders) await contender.stop()
  }
}

/** The gateway first. */
async function* startContenders(host: HostName, work: LoginWork): AsyncGenerator<Contender> {
  yield host === 'workerd' ? startWorkerPostern(work) : startPostern(host, work)
  for (const peer of PEERS[host]) yield host === 'workerd' ? startWorkerFloor(work) : startPeer(host, peer, work)
}

interface Measuring {
  readonly client: LoadClient
  readonly work: LoginWork
  readonly options: BenchOptions
}

async function compareContenders(
  host: string,
  postern: Contender,
  peers: readonly Contender[],
  { client, work, options }: Measuring,
): Promise<Table> {
  const { pairs, roundMillis, warmUpMillis } = options
  for (const contender of [postern, ...peers]) {
    await checkSameAnswer(contender, work)
    await measureRound(client, contender, 32, warmUpMillis)
  }
  const rows: Row[] = []
  for (const connections of CONNECTIONS) {
    for (const peer of peers) {
      const taken = await takePairs(
        pairs,
        () => measureRound(client, postern, connections, roundMillis),
        () => measureRound(client, peer, connections, roundMillis),
      )
      rows.push(
        rowOf(
          `${PEER_TITLES[peer.name] ?? peer.name}, ${connections} ${connections === 1 ? 'connection' : 'connections'}`,
          taken,
        ),
      )
    }
  }
  return {
    id: `login-http-${host}`,
    title: `Login over HTTP on ${host}`,
    note: 'Postern to each peer: time per login (below 1: Postern answers more logins per second) and CPU time of the server process per login. "Per core": logins per second of CPU time.',
    rows,
  }
}

async function measureRound(
  client: LoadClient,
  { url, pid, request }: Contender,
  connections: number,
  millis: number,
): Promise<Round> {
  const before = readThreadsMillis(pid)
  const result = await client.send({ url, ...request, connections, millis })
  const after = readThreadsMillis(pid)
  return { ...result, cpuMillis: before === undefined || after === undefined ? undefined : after - before }
}

function rowOf(what: string, pairs: readonly Pair<Round>[]): Row {
  const hasCpu = pairs.every(({ first, second }) => first.cpuMillis !== undefined && second.cpuMillis !== undefined)
  const figure = (side: keyof Pair<Round>, of: (round: Round) => number): number =>
    median(pairs.map((pair) => of(pair[side])))
  const perSecond = ({ requests, millis }: Round): number => (requests * 1000) / millis
  const perCore = ({ requests, cpuMillis = Number.NaN }: Round): number => (requests * 1000) / cpuMillis
  return {
    what,
    ratios: {
      time: compare(pairs, ({ requests, millis }) => millis / requests),
      ...(hasCpu ? { CPU: compare(pairs, ({ requests, cpuMillis = Number.NaN }) => cpuMillis / requests) } : {}),
    },
    figures: {
      'Postern, logins/s': figure('first', perSecond),
      'peer, logins/s': figure('second', perSecond),
      ...(hasCpu ? { 'Postern, per core': figure('first', perCore), 'peer, per core': figure('second', perCore) } : {}),
      'Postern p50, ms': figure('first', ({ p50 }) => p50),
      'peer p50, ms': figure('second', ({ p50 }) => p50),
      'Postern p99, ms': figure('first', ({ p99 }) => p99),
      'peer p99, ms': figure('second', ({ p99 }) => p99),
    },
  }
}
