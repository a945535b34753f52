// What the first login of a new gateway does, counted: `node test/bench/cold/count-first-login.ts POLICIES` prints the
// counts as JSON. Settings, policy VM, document, key set of the issuer, decision, session, record.
import process from 'node:process'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import { startIssuer } from '../../token/issuer.ts'
import { strangers } from '../documents.ts'
import { createBenchGateway } from '../gateway.ts'
import { evidenceRequest } from '../login/login-request.ts'
import { prepareLogin } from '../login/prepare-login.ts'
import { type Counts, installCounters } from '../way/counters.ts'

export interface FirstLoginCounts {
  /** Keys of the documents that were read, in order. */
  readonly reads: readonly string[]
  /** Paths that the issuer was asked for, in order. */
  readonly fetches: readonly string[]
  readonly documentBytes: number
  readonly counts: Counts
}

/** @param policies in the document; the last of them admits */
async function countFirstLogin(policies: number): Promise<FirstLoginCounts> {
  const issuer = await startIssuer({ alg: 'RS256' })
  const own = { config: { issuerURL: issuer.issuer } }
  const work = await prepareLogin(issuer, [...strangers(policies - 1), own])
  const { environment, documents } = work
  const { path, headers, body } = evidenceRequest(work)
  const request = new Request(`http://127.0.0.1:8787${path}`, {
    method: 'POST',
    headers: { ...headers, 'Content-Length': String(body.length) },
    body,
  })
  const module = loadPolicyVm()
  const reads: string[] = []
  const asked = issuer.requests.length
  const counters = installCounters()
  counters.start()
  const app = createBenchGateway({ environment, documents, module, onRead: (key) => reads.push(key) })
  const response = await app.fetch(request)
  const text = await response.text()
  const counts = counters.stop()
  if (response.status !== 200) throw new Error(text)
  await issuer.stop()
  const documentBytes = Object.values(documents).reduce((sum, { length }) => sum + length, 0)
  return { reads, fetches: issuer.requests.slice(asked), documentBytes, counts }
}

if (process.argv[1] === import.meta.filename) {
  const policies = Number(process.argv[2] ?? 50)
  console.log(JSON.stringify(await countFirstLogin(policies), null, 2))
}
