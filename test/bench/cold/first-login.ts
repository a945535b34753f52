// The first login of a fresh process: `node test/bench/cold/first-login.ts postern WORK.json` prints what it took.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { evidenceRequest } from '../login/login-request.ts'
import type { LoginWork } from '../login/work.ts'

/** Milliseconds. */
export interface FirstLogin {
  /** From the start of the process to the end of its imports. */
  readonly imports: Cost
  /** From there to the end of the first answer: settings, document, keys, decision, session. */
  readonly first: Cost
}

export interface Cost {
  readonly millis: number
  /** Of all threads. */
  readonly cpuMillis: number
}

interface App {
  fetch(request: Request): Response | Promise<Response>
}

const [contender, file = ''] = process.argv.slice(2)
const work: LoginWork = JSON.parse(readFileSync(file, 'utf8'))
const { path, headers, body } = evidenceRequest(work)
const start = contender === 'postern' ? await importPostern() : await importFloor()

const imports = now()
const app = await start()
const response = await app.fetch(new Request(`http://127.0.0.1:8787${path}`, { method: 'POST', headers, body }))
const text = await response.text()
const end = now()
if (response.status !== 200) throw new Error(text)
const first = { millis: end.millis - imports.millis, cpuMillis: end.cpuMillis - imports.cpuMillis }
console.log(JSON.stringify({ imports, first } satisfies FirstLogin))
process.exit(0)

async function importPostern(): Promise<() => App> {
  const { createBenchGateway } = await import('../gateway.ts')
  const { loadPolicyVm } = await import('../../../src/runtime/load-policy-vm.ts')
  const { environment, documents } = work
  return () => createBenchGateway({ environment, documents, module: loadPolicyVm() })
}

async function importFloor(): Promise<() => Promise<App>> {
  const { createFloor } = await import('../peers/floor.ts')
  return () => createFloor(work)
}

function now(): Cost {
  const { user, system } = process.cpuUsage()
  return { millis: performance.now(), cpuMillis: (user + system) / 1000 }
}
