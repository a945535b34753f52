// What one warm login over HTTP does in `postern serve`, counted: `node test/bench/way/way-over-http.ts` prints the
// counts as JSON. From the bytes of the request to those of the answer, and the record written.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { operate } from '../../conformance/operated.ts'
import { startIssuer } from '../../token/issuer.ts'
import { startLoadClient } from '../login/client.ts'
import { evidenceRequest } from '../login/login-request.ts'
import { prepareLogin } from '../login/prepare-login.ts'
import { leastOf } from '../way-of-a-login.ts'
import type { Counts } from './counters.ts'

const WARM_UP_MILLIS = 500
const COUNTED_LOGINS = 10
/** The client sends one request and, at its answer, sees that its time is over. */
const ONE_REQUEST_MILLIS = 0

export async function countLoginOverHttp(): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-way-'))
  const file = join(folder, 'counts')
  writeFileSync(file, '')
  const issuer = await startIssuer({ alg: 'RS256' })
  const work = await prepareLogin(issuer)
  const client = startLoadClient()
  const preload = fileURLToPath(new URL('./preload.ts', import.meta.url))
  const server = await operate('node', {
    documents: work.documents,
    change: { ...work.environment, NODE_OPTIONS: `--import ${preload}`, WAY_FILE: file },
  })
  const { pid = 0 } = server.child
  const send = (millis: number) => client.send({ url: server.url, ...evidenceRequest(work), connections: 1, millis })
  async function turnCounting(): Promise<Counts> {
    const before = readLines(file).length
    process.kill(pid, 'SIGUSR2')
    for (;;) {
      const lines = readLines(file)
      if (lines.length > before) return JSON.parse(lines.at(-1) ?? '{}')
      await new Promise((next) => setImmediate(next))
    }
  }
  try {
    await send(WARM_UP_MILLIS)
    const taken: Counts[] = []
    for (let login = 0; login < COUNTED_LOGINS; login++) {
      const recorded = server.recorded().length
      await turnCounting()
      await send(ONE_REQUEST_MILLIS)
      while (server.recorded().length === recorded) await new Promise((next) => setImmediate(next))
      taken.push(await turnCounting())
    }
    return leastOf(taken)
  } finally {
    client.stop()
    await server.stop()
    await issuer.stop()
    rmSync(folder, { recursive: true })
  }
}

function readLines(file: string): readonly string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1)
}

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(await countLoginOverHttp(), null, 2))
