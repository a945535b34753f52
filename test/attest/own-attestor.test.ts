// The example of an attestor of one's own does what it says.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { deployToken } from '../../examples/own-attestor.ts'
import { ATTESTORS } from '../../src/attest/table.ts'
import { createWorld, type World } from '../gateway/fixture.ts'
import { put } from '../gateway/mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ attestors: [...ATTESTORS, deployToken] })
  const config = { issuerURL: world.issuer.issuer, services: ['shop'] }
  const policy = { name: 'p', requiredAttestors: [{ type: 'deploy_token', config }] }
  put(world, 'clusters/c-1/AgentAttestation', { policies: [policy] })
})
afterAll(() => world.stop())

it.each<[string | undefined, number, string | undefined]>([
  ['shop', 200, undefined],
  ['other', 403, 'condition_failed'],
  [undefined, 401, 'claim_missing'],
])('answers a token of the service %j', async (service, status, code) => {
  const token = await world.issuer.mint({ claims: { service } })
  const body = JSON.stringify({ attestations: [{ type: 'deploy_token', evidence: { token } }] })
  const answer = await world.post('/v1/clusters/c-1/login', body)
  expect([answer.status, answer.body.refusals?.[0]?.code]).toEqual([status, code])
  const proved = [{ origin: 'deploy_token', name: 'deploy_token.service', value: service }]
  if (status === 200) expect(answer.body['attributes']).toEqual(proved)
})
