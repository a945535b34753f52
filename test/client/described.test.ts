// The client against the description of the interface: what it sends, and what it takes for an answer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../src/client/client.ts'
import { createWorld, type World } from '../gateway/fixture.ts'
import { agentSessionOf, CLUSTER, NODE, put, putBaseline, sessionOf, WEB } from '../gateway/mapping-world.ts'
import { checkValue, findUndescribed, type OpenApi } from '../openapi-answer.ts'

const URL_OF_GATEWAY = 'https://login.example.org'
const ATTESTED = 'c-challenge'
let world: World
let api: OpenApi
let problems: string[]
let client: Client

beforeAll(async () => {
  world = await createWorld()
  putBaseline(world)
  put(world, `clusters/${ATTESTED}/AgentAttestation`, {
    policies: [{ name: 'p', requiredAttestors: [{ type: 'azure_imds' }] }],
  })
  api = (await (await world.app.request('/openapi.json')).json()) as OpenApi
  client = createClient({ url: URL_OF_GATEWAY, fetch: askDescribed })
})
afterAll(() => world.stop())

async function askDescribed(url: string, init: RequestInit): Promise<Response> {
  const path = url.slice(URL_OF_GATEWAY.length)
  const method = init.method ?? 'GET'
  const template = path.replace(/(?<=\/clusters\/)[^/]+/, '{clusterId}')
  const operation = api.paths[template]?.[method.toLowerCase()]
  const { 'Content-Type': type = 'application/x-www-form-urlencoded' } = init.headers as Record<string, string>
  const schema = operation?.requestBody?.content[type]?.schema
  if (operation === undefined) problems.push(`${method} ${path} is not described`)
  else if (init.body !== undefined && schema === undefined) problems.push(`a body of ${type} is not described`)
  else if (schema !== undefined) problems.push(...checkValue(api, schema, readBody(init.body), 'request'))

  const response = await world.app.request(path, init)
  const { status, headers } = response
  const text = await response.clone().text()
  problems.push(...findUndescribed(api, { method, path }, { status, headers, text }))
  return response
}

function readBody(body: RequestInit['body']): never {
  const value: unknown = typeof body === 'string' ? JSON.parse(body) : Object.fromEntries(body as URLSearchParams)
  return value as never
}

type Call = (
  client: Client,
  sessions: { readonly issuer: string; readonly agent: string },
) => Promise<{ readonly ok: boolean }>
const CALLS: readonly (readonly [name: string, call: Call])[] = [
  ['challenge', (own) => own.challenge(ATTESTED, { type: 'azure_imds' })],
  ['login', async (own) => own.login(CLUSTER, [{ type: 'k8s_token', evidence: { token: await world.issuer.mint() } }])],
  [
    'login of an issuer',
    async (own) => own.login(undefined, [{ type: 'k8s_token', evidence: { token: await world.issuer.mint() } }]),
  ],
  [
    'claims',
    (own, { issuer, agent }) =>
      own.claims(
        CLUSTER,
        {
          agentSession: agent,
          workloads: [
            { id: 'w', attributes: { ...WEB, 'kubernetes.pod.node.name': NODE } },
            { id: 'refused', attributes: {} },
          ],
        },
        issuer,
      ),
  ],
  ['status', (own, { issuer }) => own.status(CLUSTER, issuer)],
  ['introspect', (own, { issuer, agent }) => own.introspect(agent, issuer)],
]

describe.each(CALLS)('%s', (_name, call) => {
  it('sends what is described, and takes what is described', async () => {
    problems = []
    const sessions = { issuer: await sessionOf(world), agent: await agentSessionOf(world) }
    expect(await call(client, sessions)).toMatchObject({ ok: true })
    expect(problems).toEqual([])
  })

  it.each([{}, { ok: true }, { session: 'x', results: {}, sections: 1, challenge: 2, active: 'no' }])(
    'takes no %j for an answer',
    async (body) => {
      const elsewhere = createClient({ url: URL_OF_GATEWAY, fetch: async () => Response.json(body) })
      const reply = await call(elsewhere, { issuer: 'x', agent: 'x' })
      expect(reply).toMatchObject({ ok: false, failure: { kind: 'unanswered', status: 200 } })
    },
  )
})
