// `http_dns` from the challenge to the session, against a real host on loopback and through the guarded fetch of Node; each case
// is the valid login with one thing changed.
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createGuardedFetch } from '../../../src/runtime/http/guarded-fetch.ts'
import { askClaims, put, serverPolicy, WEB } from '../../gateway/mapping-world.ts'
import { attributesOf, createProofWorld, type ProofWorld, saidBy } from '../proof-world.ts'
import { type AnsweringHost, startAnsweringHost } from './answering-host.ts'

const guarded = createGuardedFetch({
  ...{ allowLoopback: true, privateOrigins: new Set<string>() },
  listedNetworks: ['127.0.0.0/8'],
})

let host: AnsweringHost
let proof: ProofWorld
beforeAll(async () => {
  host = await startAnsweringHost()
  proof = await createProofWorld('http_dns', place(), {
    fetch: guarded,
    environment: { HTTP_DNS_NETWORKS: '127.0.0.0/8' },
  })
})
afterAll(() => Promise.all([host.stop(), proof.world.stop()]))
beforeEach(() => {
  proof.putPolicy({ allowedHostnames: ['localhost'], allowedPorts: [host.port] })
  proof.world.records.length = 0
  host.asked.length = 0
})
afterEach(() => {
  proof.world.replay.trouble = 'none'
})

const place = (change: object = {}) => ({ hostname: host.hostname, port: host.port, ...change })
/** As a host makes it that has only the documentation. */
const digest = (message: string): string => createHash('sha256').update(message).digest('base64url')

async function ask(clusterId?: string) {
  const asked = await proof.challenge(clusterId)
  const path = asked['path'] ?? ''
  host.serve(path, digest(asked.message))
  return { ...asked, path }
}
/** What callers read, whatever has failed. */
const sentences = new Set<string>()
const failure = () => {
  const [record] = proof.world.records.filter(({ event }) => event === 'login')
  const [refusal] = (record as { refusals?: { failure?: Record<string, unknown>; detail: string }[] }).refusals ?? []
  return refusal
}

describe('a login by http_dns', () => {
  it('is admitted, and proves the name and the port', async () => {
    const { challenge, path } = await ask()
    expect(path).toMatch(/^\/\.well-known\/postern\/http-dns\/[0-9a-f-]{36}$/)
    expect(await attributesOf(proof.logIn(place(), challenge))).toEqual({
      'http_dns.hostname': 'localhost',
      'http_dns.port': host.port,
    })
    expect(host.asked).toEqual([`GET ${path}`])
  })

  it('is admitted with a line end after the answer', async () => {
    for (const end of ['\n', '\r\n']) {
      const { challenge, path, message } = await ask()
      host.serve(path, `${digest(message)}${end}`)
      expect(await saidBy(proof.logIn(place(), challenge))).toBe('admitted')
    }
  })

  it.each<[string, (message: string, challenge: string) => string]>([
    ['nothing', () => ''],
    ['the challenge', (_message, challenge) => challenge.slice(0, 64)],
    ['the answer for another gateway', (message) => digest(message.replace('127.0.0.1:8787', 'evil.example'))],
    ['the answer for another cluster', (message) => digest(message.replace('\nc-1\n', '\nc-2\n'))],
    ['the answer for an issuer', (message) => digest(message.replace('\nagent\n', '\nissuer\n'))],
    ['the answer for another challenge', (message) => digest(`${message}x`)],
    ['the answer twice', (message) => digest(message) + digest(message).slice(0, 21)],
    ['the answer with a blank', (message) => ` ${digest(message)}`],
    ['the answer with two line ends', (message) => `${digest(message)}\n\n`],
    ['the answer in another case', (message) => digest(message).toUpperCase()],
  ])('is refused where the host serves %s', async (_what, body) => {
    const { challenge, path, message } = await ask()
    host.serve(path, body(message, challenge))
    expect(await saidBy(proof.logIn(place(), challenge))).toBe('401 http_dns_unproved')
    expect(failure()?.failure).toMatchObject({ httpDnsCause: 'body_other' })
  })

  it.each<[string, Parameters<AnsweringHost['answer']>[0], string]>([
    ['is not there', (_request, response) => void response.writeHead(404).end(), 'not_found'],
    ['is a fault', (_request, response) => void response.writeHead(500).end(), 'server_error'],
    ['is longer than it may be', (_request, response) => void response.end('x'.repeat(65)), 'too_large'],
    ['never ends', (_request, response) => void response.write('x'.repeat(1000)), 'too_large'],
    ['is cut off', (request) => void request.socket.destroy(), 'connection_reset'],
    ['is no HTTP', (request) => void request.socket.end('SSH-2.0-OpenSSH\r\n'), 'not_http'],
  ])('says one sentence to the caller, and the cause to the operator: it %s', async (_what, respond, cause) => {
    const { challenge } = await ask()
    host.answer(respond)
    const answer = await proof.logIn(place(), challenge)
    expect([answer.status, answer.body.refusals?.map(({ code }) => code)]).toEqual([401, ['http_dns_unproved']])
    expect(failure()?.failure).toMatchObject({ httpDnsCause: cause, httpDnsFailure: expect.any(String) })
    expect(answer.text).not.toContain(cause)
    expect(host.asked).toHaveLength(1)
    sentences.add(answer.body.refusals?.[0]?.detail ?? '')
    expect(sentences.size).toBe(1)
  })

  it('follows no redirect', async () => {
    const { challenge, path, message } = await ask()
    host.answer((request, response) => {
      if (request.url === path) response.writeHead(302, { location: '/elsewhere' }).end()
      else response.end(digest(message))
    })
    expect(await saidBy(proof.logIn(place(), challenge))).toBe('401 http_dns_unproved')
    expect([failure()?.failure?.['httpDnsCause'], host.asked]).toEqual(['redirected', [`GET ${path}`]])
  })

  it('is refused for another place than that of the challenge, and asks neither', async () => {
    const { challenge } = await ask()
    expect(await saidBy(proof.logIn(place({ port: 3470 }), challenge))).toBe('401 challenge_mismatch')
    expect(await saidBy(proof.logIn(place({ hostname: 'web.lan' }), challenge))).toBe('401 challenge_mismatch')
    expect(await saidBy(proof.logIn(place(), challenge, 'c-2'))).toBe('401 challenge_mismatch')
    expect(host.asked).toEqual([])
  })

  it('is refused for a challenge that has expired, and asks nobody', async () => {
    const { challenge } = await ask()
    proof.world.ahead = 61_000
    expect(await saidBy(proof.logIn(place(), challenge))).toBe('401 challenge_expired')
    proof.world.ahead = 0
    expect(host.asked).toEqual([])
  })
})

describe('a place that no policy allows', () => {
  it.each<[string, () => object]>([
    ['another name', () => ({ allowedHostnames: ['web.lan'], allowedPorts: [host.port] })],
    ['a wildcard for one label more', () => ({ allowedHostnames: ['*.localhost'], allowedPorts: [host.port] })],
    ['another port', () => ({ allowedHostnames: ['localhost'], allowedPorts: [80] })],
  ])('is not asked: %s', async (_what, config) => {
    proof.putPolicy(config())
    const { challenge } = await ask()
    const answer = await proof.logIn(place(), challenge)
    expect([answer.status, answer.body.refusals?.map(({ code }) => code)]).toEqual([401, ['http_dns_unproved']])
    expect([failure()?.failure?.['httpDnsCause'], host.asked]).toEqual(['not_allowed', []])
    expect(proof.world.records).toMatchObject([
      { evidence: [{ claimed: { hostname: 'localhost', port: String(host.port) } }] },
    ])
    // Nothing was asked, so the challenge is not spent.
    proof.putPolicy({ allowedHostnames: ['localhost'] })
    expect(await saidBy(proof.logIn(place(), challenge))).toBe('admitted')
  })

  it('is refused by each policy for its own reason, and asked once for all', async () => {
    const policy = (name: string, config: object) => ({ name, requiredAttestors: [{ type: 'http_dns', config }] })
    put(proof.world, 'clusters/c-1/AgentAttestation', {
      policies: [
        policy('name', { allowedHostnames: ['web.lan'], allowedPorts: [host.port] }),
        policy('port', { allowedHostnames: ['localhost'], allowedPorts: [80] }),
        policy('both', { allowedHostnames: ['*.lan', 'localhost'], allowedPorts: [80, host.port] }),
      ],
    })
    proof.world.restart()
    const { challenge } = await ask()
    const answer = await proof.logIn(place(), challenge)
    expect([answer.status, answer.body['policy'], host.asked.length]).toEqual([200, 'both', 1])
    expect(proof.world.records).toMatchObject([
      {
        policies: [
          {
            policy: 'name',
            refusals: [{ code: 'host_name_not_allowed', expected: { allowedHostnames: ['web.lan'] } }],
          },
          { policy: 'port', refusals: [{ code: 'port_not_allowed', expected: { allowedPorts: ['80'] } }] },
        ],
      },
    ])
  })

  it('is not allowed by the name of one policy and the port of another', async () => {
    const policy = (name: string, config: object) => ({ name, requiredAttestors: [{ type: 'http_dns', config }] })
    put(proof.world, 'clusters/c-1/AgentAttestation', {
      policies: [
        policy('a', { allowedHostnames: ['localhost'], allowedPorts: [80] }),
        policy('b', { allowedHostnames: ['web.lan'], allowedPorts: [host.port] }),
      ],
    })
    proof.world.restart()
    const { challenge } = await ask()
    expect(await saidBy(proof.logIn(place(), challenge))).toBe('401 http_dns_unproved')
    expect(host.asked).toEqual([])
  })
})

describe('a challenge', () => {
  it('makes one request and one login, where there is a store of used evidence', async () => {
    const { challenge } = await ask()
    expect(await saidBy(proof.logIn(place(), challenge))).toBe('admitted')
    expect(await saidBy(proof.logIn(place(), challenge))).toBe('401 evidence_replayed')
    expect(host.asked).toHaveLength(1)
  })

  it('makes one request also where many logins use it at once', async () => {
    const { challenge } = await ask()
    const said = await Promise.all(Array.from({ length: 4 }, () => saidBy(proof.logIn(place(), challenge))))
    expect(said.toSorted()).toEqual([...Array(3).fill('401 evidence_replayed'), 'admitted'])
    expect(host.asked).toHaveLength(1)
  })

  it('is spent by a request that fails', async () => {
    const { challenge, path, message } = await ask()
    host.serve(path, 'x')
    expect(await saidBy(proof.logIn(place(), challenge))).toBe('401 http_dns_unproved')
    host.serve(path, digest(message))
    expect(await saidBy(proof.logIn(place(), challenge))).toBe('401 evidence_replayed')
    expect(host.asked).toHaveLength(1)
  })

  it('makes no request while the store of used evidence does not answer', async () => {
    const { challenge } = await ask()
    proof.world.replay.trouble = 'error'
    expect(await saidBy(proof.logIn(place(), challenge))).toBe('503 replay_unanswered')
    expect(host.asked).toEqual([])
  })

  it('makes a request for each login until it expires, where there is no such store', async () => {
    const options = { fetch: guarded, environment: { HTTP_DNS_NETWORKS: '127.0.0.0/8' }, hasNoReplay: true } as const
    const other = await createProofWorld('http_dns', place(), options)
    try {
      other.putPolicy({ allowedHostnames: ['localhost'], allowedPorts: [host.port] })
      const { challenge, message, path = '', once } = await other.challenge()
      host.serve(path, digest(message))
      expect(once).toBe(false)
      for (const times of [1, 2]) {
        expect(await saidBy(other.logIn(place(), challenge))).toBe('admitted')
        expect(host.asked).toHaveLength(times)
      }
    } finally {
      await other.world.stop()
    }
  })

  it.each<[string, object | undefined]>([
    ['nothing', undefined],
    ['no port', { hostname: 'web.lan' }],
    ['another field', { hostname: 'web.lan', port: 80, path: '/' }],
    ['a port as a string', { hostname: 'web.lan', port: '80' }],
    ...[0, -1, 1, 22, 79, 81, 443, 1023, 65_536, 80.5, 1e9].map((port): [string, object] => [
      `the port ${port}`,
      { hostname: 'web.lan', port },
    ]),
    ...[
      ...['', '.', 'web.lan.', '.web.lan', 'web..lan', 'WEB.lan', 'wéb.lan', 'web_1.lan', '-web.lan', 'web-.lan'],
      ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1', '017700000001', '10.0.0.1'],
      ...['[::1]', '::1', '::ffff:127.0.0.1', '1.2.3.4.', '1.2.3.0x4', 'web.lan:80', 'user@web.lan', 'web.lan/x'],
      ...['web.lan?x', 'web.lan#x', 'web.lan\\@evil.example', 'web lan', 'web.lan\n', '%77eb.lan', '１２７.０.０.１'],
      ...['xn--.lan', 'ＷＥＢ.lan', 'ⓦeb.lan', '*.lan', `${'a'.repeat(64)}.lan`, `${'a.'.repeat(126)}lan`],
    ].map((hostname): [string, object] => [`the host name ${JSON.stringify(hostname)}`, { hostname, port: 80 }]),
  ])('is not given for %s', async (_what, request) => {
    const body = JSON.stringify({ type: 'http_dns', ...(request === undefined ? {} : { request }) })
    const answer = await proof.world.post('/v1/clusters/c-1/challenge', body)
    expect([answer.status, answer.body.code]).toEqual([400, 'request_malformed'])
  })

  it.each([
    ...[80, 1024, 65_535].map((port) => ({ hostname: 'web.lan', port })),
    ...['web', 'a.b.c', '1and1.example', 'xn--bcher-kva.example', `${'a'.repeat(63)}.lan`, 'x1.2y'].map((hostname) => ({
      ...{ hostname, port: 3470 },
    })),
  ])('is given for $hostname at $port', async (request) => {
    expect((await proof.challenge('c-1', request))['path']).toContain('/http-dns/')
  })

  it('is known to the agent that asked for it alone: two have nothing in common', async () => {
    const [one, two] = [await ask(), await ask()]
    expect(one.path).not.toBe(two.path)
    expect(digest(one.message)).not.toBe(digest(two.message))
    expect(one.challenge.includes(one.path.slice(-36))).toBe(false)
  })
})

it('keeps its session while its policy still allows its place', async () => {
  const { challenge } = await ask()
  const { body } = await proof.logIn(place(), challenge)
  const { token } = (body as unknown as { session: { token: string } }).session
  put(proof.world, 'trust-domain/TrustDomainServerAttestation', { policies: [serverPolicy(proof.world, 'issuer')] })
  const use = async (config: object): Promise<number> => {
    proof.putPolicy(config)
    return (await askClaims(proof.world, { agentSession: token, workloads: [{ id: 'w', attributes: WEB }] })).status
  }
  expect([
    await use({ allowedHostnames: ['localhost'], allowedPorts: [host.port] }),
    await use({ allowedHostnames: ['web.lan', 'localhost'] }),
    await use({ allowedHostnames: ['localhost'], allowedPorts: [80] }),
    await use({ allowedHostnames: ['*.localhost'] }),
  ]).toEqual([200, 200, 401, 401])
})
