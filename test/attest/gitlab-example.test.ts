// A sixth row of tokens is one folder and one line: the example of ARCHITECTURE.md, run, and held to the table that it changes.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gitlab } from '../../examples/gitlab/gitlab.ts'
import { ATTESTORS } from '../../src/attest/table.ts'
import { createWorld, type World } from '../gateway/fixture.ts'
import { askClaims, put, serverPolicy, WEB } from '../gateway/mapping-world.ts'

const AUDIENCE = 'https://postern.example'
const policy = (config: object): object => ({
  policies: [
    { name: 'p', requiredAttestors: [{ type: 'gitlab', config: { issuerURL: world.issuer.issuer, ...config } }] },
  ],
})
const PINS = { allowedAudiences: [AUDIENCE], projectIDs: ['20'], refs: ['release-*'], environments: ['production'] }

/** Shaped as GitLab's documentation shows it; ids and booleans are strings. */
const CLAIMS = {
  'kubernetes.io': undefined,
  sub: 'project_path:my-group/my-project:ref_type:branch:ref:release-1',
  aud: AUDIENCE,
  namespace_id: '72',
  namespace_path: 'my-group',
  project_id: '20',
  project_path: 'my-group/my-project',
  user_id: '1',
  user_login: 'sample-user',
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'release-1',
  ref_type: 'branch',
  ref_path: 'refs/heads/release-1',
  ref_protected: 'true',
  environment: 'production',
  runner_environment: 'gitlab-hosted',
}

let world: World
beforeAll(async () => {
  world = await createWorld({ attestors: [...ATTESTORS, gitlab] })
  put(world, 'clusters/c-1/AgentAttestation', policy(PINS))
})
afterAll(() => world.stop())

async function logIn(change: object) {
  const token = await world.issuer.mint({ claims: { ...CLAIMS, ...change } })
  const attestations = [{ type: 'gitlab', evidence: { token } }]
  return world.post('/v1/clusters/c-1/login', JSON.stringify({ attestations }))
}

describe('the row of GitLab', () => {
  it.each<[string, object, number, string | undefined]>([
    ['the token of a job', {}, 200, undefined],
    ['another project', { project_id: '21' }, 403, 'repository_id_not_allowed'],
    ['a project id that is a number', { project_id: 20 }, 401, 'claim_malformed'],
    ['another branch', { ref: 'main' }, 403, 'ref_not_allowed'],
    ['a tag of the same name', { ref_type: 'tag' }, 403, 'ref_not_allowed'],
    ['another environment', { environment: 'staging' }, 403, 'environment_not_allowed'],
    ['no environment', { environment: undefined }, 403, 'environment_not_allowed'],
    ['another audience', { aud: 'https://gitlab.com' }, 401, 'audience_mismatch'],
    ['no project', { project_id: undefined }, 401, 'claim_missing'],
  ])('answers %s', async (_what, change, status, code) => {
    const answer = await logIn(change)
    expect([answer.status, answer.body.refusals?.[0]?.code]).toEqual([status, code])
  })

  it('its session outlives a change of the policy that it still meets, and no other', async () => {
    const { body } = await logIn({})
    const { token } = (body as unknown as { session: { token: string } }).session
    const workloads = [{ id: 'w', attributes: WEB }]
    const use = async () => (await askClaims(world, { agentSession: token, workloads })).status
    put(world, 'trust-domain/TrustDomainServerAttestation', { policies: [serverPolicy(world, 'issuer')] })
    const said: unknown[] = []
    for (const pins of [PINS, { ...PINS, projectIDs: ['20', '21'] }, { ...PINS, projectIDs: ['21'] }]) {
      put(world, 'clusters/c-1/AgentAttestation', policy(pins))
      world.restart()
      said.push(await use())
    }
    expect(said).toEqual([200, 200, 401])
  })
})

describe('ARCHITECTURE.md', () => {
  const [, diff = ''] = /```diff\n([\s\S]*?)```/.exec(readFileSync('ARCHITECTURE.md', 'utf8')) ?? []
  const lines = (sign: string): readonly string[] =>
    diff
      .split('\n')
      .flatMap((line) => (line.startsWith(sign) && !line.startsWith(sign.repeat(3)) ? [line.slice(1)] : []))

  it('shows what changes in the table: one import, and one line', () => {
    expect(lines('-')).toEqual([])
    expect(lines('+')).toEqual(["import { gitlab } from './gitlab/gitlab.ts'", '  gitlab,'])
    // Each row of the table is such a pair.
    const table = readFileSync('src/attest/table.ts', 'utf8')
    for (const [, name] of table.matchAll(/^import \{ (\w+) \} from '\.\/[\w-]+\/[\w-]+\.ts'$/gm))
      expect(table).toContain(`\n  ${name},\n`)
  })
})
