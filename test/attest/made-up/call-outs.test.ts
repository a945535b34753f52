// A made-up call-out, in a process of its own: it is asked last, is told what the others proved, and vouches for nothing
// but attributes of its own.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startIssuer, type TestIssuer } from '../../token/issuer.ts'
import { accountTokenOf, buildTokenOf, SENT, ticketOf } from './agents.ts'
import { type Answer, type GatewayProcess, startGateway } from './gateway-process.ts'
import { type Desk, startDesk } from './webhook-server.ts'

const CLUSTER = 'c-1'
const NODE = 'k8s_token.node.name'

let issuer: TestIssuer
let desk: Desk
let gateway: GatewayProcess
beforeAll(async () => {
  ;[issuer, desk, gateway] = await Promise.all([startIssuer(), startDesk(), startGateway()])
  gateway.putPolicy(CLUSTER, [build(), ask()])
})
afterAll(() => Promise.all([issuer.stop(), desk.stop(), gateway.stop()]))
afterEach(() => {
  desk.asked.length = 0
  desk.answer({ allowed: true })
})

const build = (config: object = {}): object => ({
  type: 'build_token',
  config: { issuerURL: issuer.issuer, repository: 'acme/site', ...config },
})
const ask = (config: object = {}): object => ({
  type: 'webhook',
  config: { desk: 'changes', url: desk.url, ...config },
})

async function logIn(clusterId = CLUSTER, claims: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  return gateway.login(clusterId, ticketOf(), await buildTokenOf(issuer, claims))
}

describe('a call-out', () => {
  it('is told what the others proved, and adds what it vouches for', async () => {
    desk.answer({ allowed: true, attributes: [{ name: 'webhook.change', value: 'CHG-7' }] })
    const answer = await logIn()
    expect([answer.status, answer.body['attributes']]).toEqual([
      200,
      [
        { origin: 'build_token', name: 'build_token.issuer', value: issuer.issuer },
        { origin: 'build_token', name: 'build_token.repository', value: 'acme/site' },
        { origin: 'build_token', name: 'build_token.ref', value: 'refs/heads/main' },
        { origin: 'webhook', name: 'webhook.change', value: 'CHG-7' },
      ],
    ])
    expect(desk.asked).toEqual([
      {
        method: 'POST',
        type: 'application/json',
        body: {
          ticket: 'T-1-of-a-ticket',
          proved: {
            'build_token.issuer': issuer.issuer,
            'build_token.repository': 'acme/site',
            'build_token.ref': 'refs/heads/main',
          },
        },
      },
    ])
    expect(await answer.record()).toMatchObject({
      outcome: 'admitted',
      evidence: [{ type: 'webhook', digest: expect.any(String) }, { type: 'build_token' }],
      attributes: answer.body['attributes'],
    })
  })

  it('refuses, and is then what the policy does not accept', async () => {
    desk.answer({ allowed: false })
    const answer = await logIn()
    expect([answer.status, answer.body.code, answer.codes]).toEqual([
      403,
      'login_refused',
      ['condition_failed', 'attestor_missing'],
    ])
    expect(await answer.record()).toMatchObject({
      refusals: [{ type: 'webhook', code: 'condition_failed' }, {}],
      evidence: [{ type: 'webhook', claimed: { issuer: 'changes' } }, {}],
    })
  })

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['another attestor refuses its pins', { repository: 'acme/other' }, 'condition_failed'],
    ['another attestor cannot be verified', { aud: ['elsewhere'] }, 'audience_mismatch'],
  ])('is not asked where %s', async (_what, claims, code) => {
    const answer = await logIn(CLUSTER, claims)
    expect([answer.codes, desk.asked]).toEqual([['evidence_not_required', code], []])
    expect(JSON.stringify(answer.body)).not.toContain('webhook.')
  })

  it('is not asked where a condition does not hold', async () => {
    gateway.putPolicy('condition', [build(), ask()], {
      conditions: [{ expression: 'build_token.ref == "refs/heads/main"', message: 'only the main branch' }],
    })
    const answer = await logIn('condition', { ref: 'refs/heads/x' })
    expect([answer.status, answer.codes, desk.asked]).toEqual([403, ['condition_failed', 'condition_failed'], []])
    expect((await logIn('condition')).status).toBe(200)
  })

  it('is not asked where its evidence, or that of another attestor, is missing', async () => {
    const alone = await gateway.login(CLUSTER, ticketOf())
    expect([alone.status, alone.codes]).toEqual([401, ['evidence_not_required']])
    // With nothing verified nobody learns what the policy requires.
    expect(JSON.stringify(alone.body)).not.toContain('build_token')
    const without = await gateway.login(CLUSTER, await buildTokenOf(issuer))
    expect([without.status, without.codes, desk.asked]).toEqual([403, ['attestor_missing'], []])
  })

  it('is asked for the desk that its policy names, and for no other', async () => {
    gateway.put('clusters/desks/AgentAttestation', {
      policies: [
        { name: 'first', requiredAttestors: [build(), ask({ desk: 'releases', url: `${desk.url}/releases` })] },
        { name: 'second', requiredAttestors: [build(), ask()] },
      ],
    })
    const answer = await logIn('desks')
    expect([answer.status, answer.body['policy'], desk.asked.length]).toEqual([200, 'second', 1])
    const other = await gateway.login('desks', ticketOf('T-1', 'elsewhere'), await buildTokenOf(issuer))
    expect([other.status, other.codes]).toEqual([403, ['issuer_mismatch', 'attestor_missing']])
  })

  it.each<[string, () => void, RegExp]>([
    [
      'answers with a status',
      () => desk.answer((_request, response) => void response.writeHead(500).end()),
      /server_error/,
    ],
    ['answers what is no JSON', () => desk.answer((_request, response) => void response.end('<p>no</p>')), /./],
    [
      'answers more than it may',
      () => desk.answer({ allowed: true, attributes: [{ name: 'webhook.change', value: 'x'.repeat(20_000) }] }),
      /./,
    ],
    ['hangs up', () => desk.answer((request) => void request.socket.destroy()), /./],
    [
      'sends elsewhere',
      () => desk.answer((_request, response) => void response.writeHead(307, { location: desk.url }).end()),
      /redirect/,
    ],
    ['answers something else', () => desk.answer({ allowed: 'yes' }), /no such answer/],
  ])('that %s is waited for', async (_what, set, failure) => {
    set()
    const answer = await logIn()
    expect([answer.status, answer.body.code]).toEqual([503, 'call_out_unavailable'])
    expect(answer.codes[0]).toBe('call_out_unanswered')
    expect(answer.headers.get('Retry-After')).toBe('1')
    // Where it is, and why it did not answer, is the operator's.
    expect(JSON.stringify(answer.body)).not.toContain(new URL(desk.url).port)
    const record = await answer.record()
    expect(record).toMatchObject({
      code: 'call_out_unavailable',
      refusals: [{ type: 'webhook', code: 'call_out_unanswered', failure: { callOutFailure: expect.any(String) } }, {}],
    })
    expect(JSON.stringify(record)).toMatch(failure)
    expect(JSON.stringify(record)).toContain(new URL(desk.url).host)
  })

  it.each<[string, readonly object[]]>([
    ['of another origin', [{ origin: 'build_token', name: 'webhook.change', value: 'x' }]],
    ['that another attestor has proved', [{ name: 'build_token.repository', value: 'acme/other' }]],
    // The policy has no such attestor, and a node of whoever is asked would be the node of the agent at the mapping.
    ['that another attestor could prove', [{ name: NODE, value: 'node-1' }]],
    ['of a workload', [{ name: 'kubernetes.pod.namespace', value: 'default' }]],
    ['that there is not', [{ name: 'webhook.nothing', value: 'x' }]],
    [
      'twice',
      [
        { name: 'webhook.change', value: 'x' },
        { name: 'webhook.change', value: 'y' },
      ],
    ],
  ])('that answers an attribute %s is a fault, and yields no session', async (_what, attributes) => {
    desk.answer({ allowed: true, attributes })
    const answer = await logIn()
    expect([answer.status, answer.body.code, answer.body['session']]).toEqual([500, 'internal_error', undefined])
    expect(await answer.record()).toMatchObject({ event: 'fault' })
  })

  it('can be asked beside an attestor that ships, whose attributes it does not touch', async () => {
    const account = {
      type: 'k8s_token',
      config: { issuerURL: issuer.issuer, serviceAccountNamespace: 'spirl-system', serviceAccountName: 'spirl-agent' },
    }
    gateway.putPolicy('account', [account, ask()])
    const evidence = [await accountTokenOf(issuer), ticketOf()]
    desk.answer({ allowed: true, attributes: [{ name: 'webhook.approver', value: 'Ann' }] })
    const answer = await gateway.login('account', ...evidence)
    expect([answer.status, (answer.body['attributes'] as readonly unknown[]).at(-1)]).toEqual([
      200,
      { origin: 'webhook', name: 'webhook.approver', value: 'Ann' },
    ])
    desk.answer({ allowed: true, attributes: [{ name: NODE, value: 'node-1' }] })
    expect((await gateway.login('account', ...evidence)).status).toBe(500)
  })
})

describe('what the gateway has written', () => {
  it('holds no ticket and no token', () => {
    expect(SENT.length).toBeGreaterThan(20)
    const output = gateway.output()
    expect(SENT.filter((text) => output.includes(text))).toEqual([])
  })
})
