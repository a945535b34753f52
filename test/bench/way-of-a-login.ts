// What one warm login does, counted: `node test/bench/way-of-a-login.ts` prints the counts as JSON. A process of its
// own, since the counters see whatever else runs in it.
import process from 'node:process'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { startIssuer } from '../token/issuer.ts'
import { createBenchGateway } from './gateway.ts'
import { evidenceRequest } from './login/login-request.ts'
import { prepareLogin } from './login/prepare-login.ts'
import { type Counts, installCounters } from './way/counters.ts'

/** Enough that keys and documents are held, and that lazy things have been made. */
const WARM_UP_LOGINS = 20
const COUNTED_LOGINS = 5

/**
 * Counts of a login in process, from the call of `fetch` to the end of the answer's body; of several, the least of each,
 * since a timer of the platform may run in between. Puts counters into this process.
 */
export async function countLogin(): Promise<Counts> {
  const issuer = await startIssuer({ alg: 'RS256' })
  const work = await prepareLogin(issuer)
  const { environment, documents } = work
  const app = createBenchGateway({ environment, documents, module: loadPolicyVm() })
  const { path, headers, body } = evidenceRequest(work)
  const counters = installCounters()
  const makeRequest = (): Request =>
    new Request(`http://127.0.0.1:8787${path}`, {
      method: 'POST',
      headers: { ...headers, 'Content-Length': String(body.length) },
      body,
    })

  const taken: Counts[] = []
  for (let login = 0; login < WARM_UP_LOGINS + COUNTED_LOGINS; login++) {
    const request = makeRequest()
    counters.start()
    const response = await app.fetch(request)
    await response.arrayBuffer()
    const counts = counters.stop()
    if (response.status !== 200) throw new Error(`the login is refused with ${response.status}`)
    if (login >= WARM_UP_LOGINS) taken.push(counts)
  }
  await issuer.stop()
  return leastOf(taken)
}

/** Of each count. */
export function leastOf([first = {}, ...others]: readonly Counts[]): Counts {
  return Object.fromEntries(
    Object.entries(first)
      .map(([name, count]) => [name, Math.min(count, ...others.map((counts) => counts[name] ?? 0))] as const)
      .filter(([, count]) => count > 0),
  )
}

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(await countLogin(), null, 2))
