// A gateway of one's own: `createGateway` with attestors of one's own, behind the server of Node, over the directory of the
// first argument. Says on standard error where it listens. Its clock is ahead by what its parent sends, in milliseconds.
import { join } from 'node:path'
import process from 'node:process'
import { createUrlPolicy } from '../../../src/config/compile/compile-context.ts'
import { createGateway } from '../../../src/gateway/gateway.ts'
import { createDirectorySource } from '../../../src/runtime/directory-source.ts'
import { createGuardedFetch } from '../../../src/runtime/http/guarded-fetch.ts'
import { listen, SERVER_BOUNDS } from '../../../src/runtime/http/http-server.ts'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import { openSqliteReplay } from '../../../src/runtime/replay/sqlite-replay.ts'
import { openServerOutputs } from '../../../src/runtime/server-outputs.ts'
import { describeProblems, readServingSettings } from '../../../src/runtime/settings.ts'
import { sleep } from '../../../src/runtime/sleep.ts'
import { keyProof } from './key-proof.ts'
import { WITH_MADE_UP } from './made-up.ts'

/** Of the kind of `key_proof`, for challenges that are taken to the wrong attestor, or that an attestor does not give. */
const anotherProof: typeof keyProof = {
  ...keyProof,
  type: 'another_proof',
  attributeRows: [],
  async challenge({ purpose }, context) {
    const answered = await context.fetchJson(`http://127.0.0.1:9/${purpose}`)
    return answered.ok ? { ok: true, value: { published: {}, secret: '' } } : answered
  },
}

const [store = ''] = process.argv.slice(2)
const { audit, say } = openServerOutputs()
const settings = await readServingSettings(process.env, { canResolve: true })
if (!settings.ok) throw new Error(describeProblems(settings.problems))

let aheadMillis = 0
// Without a state directory of its own there is no store of used evidence.
const replay = await openSqliteReplay(process.env['STATE'] ?? join(store, 'none'), { clock: Date.now, sleep })
const gateway = createGateway({
  settings: settings.value,
  source: createDirectorySource(store),
  state: createDirectorySource(store),
  ...(typeof replay === 'string' ? {} : { replay }),
  module: loadPolicyVm(),
  fetch: createGuardedFetch(createUrlPolicy(settings.value)),
  attestors: [...WITH_MADE_UP, anotherProof],
  clock: () => Date.now() + aheadMillis,
  sleep,
  audit,
})
const server = await listen(gateway.fetch, { hostname: '127.0.0.1', port: 0, say }, SERVER_BOUNDS)
process.on('message', (millis) => {
  aheadMillis = Number(millis)
  process.send?.(millis)
})
// It does not outlive whoever started it, however that ends.
process.once('disconnect', () => process.exit(0))
say(`listening on ${server.url}`)
