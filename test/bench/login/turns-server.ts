// Takes turns on Node and on Deno: `node test/bench/login/turns-server.ts WORK.json` prints where it listens.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import process from 'node:process'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import { createLogins, readTurn, takeTurn } from './in-process-contenders.ts'
import type { LoginWork } from './work.ts'

const work: LoginWork = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const logins = createLogins(work, loadPolicyVm())

const server = createServer((request, response) => {
  takeTurn(logins, readTurn(request.url ?? '')).then(
    () => response.writeHead(204).end(),
    (error: unknown) => response.writeHead(500).end(String(error)),
  )
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`listens on http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`)
})
