// A gateway with one deliberate fault, for the test that a soak finds it: the pins of policies are not checked, so that every account of
// an issuer is admitted. It takes the words that `postern serve` takes.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { serve } from '@hono/node-server'
import type { Attestor } from '../../src/attest/attestor.ts'
import { ATTESTORS } from '../../src/attest/table.ts'
import { createNodeGateway } from '../../src/entries/node.ts'

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    store: { type: 'string', default: '' },
    state: { type: 'string' },
    port: { type: 'string', default: '0' },
  },
})
const attestors = ATTESTORS.map((row): Attestor => (row.type === 'k8s_token' ? { ...row, *checks() {} } : row))
const gateway = await createNodeGateway({
  store: values.store,
  attestors,
  ...(values.state === undefined ? {} : { state: values.state }),
})
serve({ fetch: gateway.fetch, hostname: '127.0.0.1', port: Number(values.port) })
