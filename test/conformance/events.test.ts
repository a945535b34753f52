// Each host reports its start, the documents it reads and its end in the stream of audit records.
import { expect, it } from 'vitest'
import { startHost } from './hosts.ts'

const KEY = 'clusters/seed/AgentAttestation'

it.each([
  ['workerd', /^workers$/],
  ['node', /^node 2/],
  ['deno', /^deno 2/],
] as const)('%s reports its start and its end', async (name, version) => {
  const host = await startHost(name, { [KEY]: 'section: AgentAttestation\nschema: v1\nspec: { policies: [] }\n' })
  try {
    const status = `${host.url}/v1/clusters/seed/login`
    const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: 'x' } }] })
    await fetch(status, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    await expect.poll(() => host.output()).toContain('config_applied')
  } finally {
    await host.stop()
  }
  const lines = host.output().split('\n')
  const events = lines.flatMap((line) => (line.startsWith('{"v":1,') ? [JSON.parse(line)] : []))
  const [started] = events.filter(({ event }) => event === 'started')
  expect(started).toMatchObject({
    host: expect.stringMatching(version),
    issuerUrl: host.url,
    keepsRecords: true,
    sessionKeyIds: [expect.any(String)],
  })
  expect(Math.abs(Date.parse(started.time) - Date.now())).toBeLessThan(600_000)
  expect(events.filter(({ event }) => event === 'config_applied')).toMatchObject([{ key: KEY }])
  const ends = events.filter(({ event }) => event === 'stopping')
  expect(ends).toMatchObject(name === 'workerd' ? [] : [{ signal: expect.stringMatching(/^SIG/) }])
})
