// What a change of the document does to sessions that are out: each is used once, the document changes, the bound on the
// age of a copy passes in a warm isolate, and it is used again.
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { CONFIG_REVALIDATE_MILLIS, CONFIG_STALE_MAX_MILLIS } from '../../src/core/limits.ts'
import { createSigningKey, type SigningKey } from '../token/issuer.ts'
import { type Answer, createWorld, type World } from './fixture.ts'
import { askClaims, CLUSTER, NODE, put, putBaseline, resign, sessionOf, WEB } from './mapping-world.ts'

const SERVERS = 'trust-domain/TrustDomainServerAttestation'
const TRUST_DOMAIN = 'trust-domain/TrustDomain'
const CLUSTER_DOCUMENT = `clusters/${CLUSTER}/Cluster`
const AGENTS = `clusters/${CLUSTER}/AgentAttestation`
const OTHER_CLUSTER = 'c-2'
const AUDIENCE = 'spiffe://example.org'
const HOUR_SECONDS = 3600

interface Config {
  issuerURL: string
  [field: string]: unknown
}

interface Policy {
  name: string
  requiredAttestors: { type: string; config: Config }[]
  conditions?: { expression: string; message?: string }[]
  allowedClusters?: string[]
}

interface Spec {
  policies: Policy[]
}

let world: World
/** Signs the tokens wherever keys stand in the document, and is published by the issuer as well. */
let key: SigningKey
let spare: SigningKey
beforeAll(async () => {
  world = await createWorld({ stateless: true })
  key = world.issuer.newestKey()
  spare = await createSigningKey('spare')
})
beforeEach(() => {
  putBaseline(world)
  world.store.readTrouble = 'none'
  world.issuer.publish(undefined)
  // The cluster is there, whatever becomes of the policies of its agents.
  put(world, CLUSTER_DOCUMENT, {})
  world.restart()
  world.ahead = 0
  world.records.length = 0
})
afterAll(() => world.stop())

/** A policy with a pin of every kind, which the token of the tests meets. */
function baseline(): Spec {
  const config: Config = {
    issuerURL: world.issuer.issuer,
    audiences: [AUDIENCE, 'other-audience'],
    serviceAccountNamespace: 'spirl-system',
    allowedServiceAccounts: ['spirl-system:spirl-agent', 'spirl-system:other'],
    allowedNodes: ['ip-10-*', 'ip-11-*'],
    maxTokenLifetime: '2h',
  }
  const conditions = [
    { expression: 'k8s_token.namespace == "spirl-system"', message: 'agents run there' },
    { expression: 'k8s_token.service_account.name != "root"' },
  ]
  return { policies: [{ name: 'p', requiredAttestors: [{ type: 'k8s_token', config }], conditions }] }
}

function firstOf(spec: Spec): Policy {
  const [policy] = spec.policies
  if (policy === undefined) throw new Error('no policy')
  return policy
}

function configOf(spec: Spec): Config {
  const [attestor] = firstOf(spec).requiredAttestors
  if (attestor === undefined) throw new Error('no attestor')
  return attestor.config
}

/** Changes the configuration of the one attestor. */
function config(change: () => Readonly<Record<string, unknown>>): (spec: Spec) => void {
  return (spec) => {
    for (const [field, value] of Object.entries(change())) configOf(spec)[field] = value
  }
}

/** The members in another order, down to the last. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed).reverse()
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  )
}

function later(millis = CONFIG_REVALIDATE_MILLIS + 1000): void {
  world.ahead += millis
}

const inlineKeys = (...keys: readonly SigningKey[]): (() => Readonly<Record<string, unknown>>) => {
  return () => ({ jwks: { keys: keys.map(({ publicJwk }) => publicJwk) } })
}

async function mint(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return world.issuer.mint({ nowSeconds: Math.floor((Date.now() + world.ahead) / 1000), claims, key })
}

async function logIn(path: string, claims?: Readonly<Record<string, unknown>>): Promise<string> {
  const attestations = [{ type: 'k8s_token', evidence: { token: await mint(claims) } }]
  const answer = await world.post(`${path}/login`, JSON.stringify({ attestations }))
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`)
  return (answer.body as unknown as { session: { token: string } }).session.token
}

interface Use {
  readonly name: string
  /** The document that admits to this use. */
  readonly document: string
  readonly logIn: (claims?: Readonly<Record<string, unknown>>) => Promise<string>
  readonly ask: (session: string) => Promise<Answer>
  /** What the answer says of the place of a bad session. */
  readonly where: string | undefined
}

const workloads = [{ id: 'w1', attributes: { ...WEB, 'kubernetes.pod.node.name': NODE } }]

async function readStatus(session: string, clusterId = CLUSTER): Promise<Answer> {
  const headers = { Authorization: `Bearer ${session}` }
  const response = await world.app.request(`/v1/clusters/${clusterId}/status`, { headers })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) }
}

const USES: readonly Use[] = [
  {
    name: "an issuer's, at the claims",
    document: SERVERS,
    logIn: (claims) => logIn('/v1/trust-domain', claims),
    ask: (session) => askClaims(world, { workloads }, { session }),
    where: undefined,
  },
  {
    name: "an issuer's, at the status",
    document: SERVERS,
    logIn: (claims) => logIn('/v1/trust-domain', claims),
    ask: (session) => readStatus(session),
    where: undefined,
  },
  {
    name: "an agent's, at the claims",
    document: AGENTS,
    logIn: (claims) => logIn(`/v1/clusters/${CLUSTER}`, claims),
    ask: (agentSession) => askClaims(world, { workloads, agentSession }),
    where: 'agentSession',
  },
]

type Change = (spec: Spec) => unknown

/** `start` is what the document differs in from the baseline, before and after the change. */
const row = (what: string, change: Change, start?: Change) => ({ what, change, start })

/** Nothing of these is revoked: who logged in before the change could log in after it, by the same evidence. */
const KEPT = [
  row('nothing changes', () => undefined),
  row('a comment is added', (spec) => `# why\n${JSON.stringify(spec)}`),
  row('a message changes', (spec) => Object.assign(firstOf(spec).conditions?.[0] ?? {}, { message: 'new' })),
  row('another policy is put before it', (spec) => spec.policies.unshift(withName('q', baseline()))),
  row(
    'policies change places',
    (spec) => spec.policies.reverse(),
    (spec) => spec.policies.push(withName('q', { policies: [pinnedElsewhere()] })),
  ),
  row('every list and map is written in another order', (spec) => JSON.stringify(reversed(spec))),
  row(
    'a pin is widened',
    config(() => ({ allowedNodes: ['ip-1*', 'ip-11-*'] })),
  ),
  row(
    'an account is added',
    config(() => ({ allowedServiceAccounts: ['spirl-system:spirl-agent', 'a:b', 'c:d'] })),
  ),
  row(
    'a pin is narrowed to what the evidence said',
    config(() => ({ serviceAccountName: 'spirl-agent' })),
  ),
  row(
    'an audience is added',
    config(() => ({ audiences: ['third', AUDIENCE] })),
  ),
  row('the only audience is left to the default', (spec) => delete configOf(spec)['audiences']),
  row(
    'the lifetime is narrowed to just that of the token',
    config(() => ({ maxTokenLifetime: '1h' })),
  ),
  row(
    'a pod is demanded of a token that had one',
    config(() => ({ requireBoundPod: true })),
  ),
  row('a condition is added that holds', (spec) =>
    firstOf(spec).conditions?.push({ expression: 'k8s_token.node.name.startsWith("ip-10-")' }),
  ),
  row('the conditions are taken out', (spec) => delete firstOf(spec).conditions),
  row(
    'a key is added to the inline set',
    config(() => inlineKeys(spare, key)()),
    config(() => inlineKeys(key)()),
  ),
  row(
    'the signing key of the inline set gets another kid',
    config(() => ({ jwks: { keys: [{ ...key.publicJwk, kid: 'renamed' }] } })),
    config(() => inlineKeys(key)()),
  ),
  row(
    'a key of the inline set that did not sign is taken out',
    config(() => inlineKeys(key)()),
    config(() => inlineKeys(key, spare)()),
  ),
  row(
    'another pin changes besides the place of the keys',
    config(() => ({ jwksURI: world.issuer.jwksUrl, allowedNodes: ['ip-10-0-*'] })),
    config(() => ({ jwksURI: world.issuer.jwksUrl })),
  ),
]

/** Who logged in before the change could not log in after it, or not by what the session shows. */
const LOST = [
  row('the policy is taken out', (spec) => spec.policies.splice(0, 1, withName('q', baseline()))),
  row('every policy is taken out', (spec) => spec.policies.splice(0)),
  row('the document is deleted', () => null),
  row(
    'the policy is given to another account',
    config(() => ({ allowedServiceAccounts: ['spirl-system:other'] })),
  ),
  row(
    'the policy is given to another namespace',
    config(() => ({ serviceAccountNamespace: 'other', allowedServiceAccounts: ['other:spirl-agent'] })),
  ),
  row(
    'the account is pinned by name',
    config(() => ({ serviceAccountName: 'other' })),
  ),
  row(
    'the nodes are narrowed',
    config(() => ({ allowedNodes: ['ip-11-*'] })),
  ),
  row(
    'an audience is taken out',
    config(() => ({ audiences: ['other-audience'] })),
  ),
  row(
    'the lifetime is narrowed by a second',
    config(() => ({ maxTokenLifetime: '3599s' })),
  ),
  row('a condition is added that does not hold', (spec) =>
    firstOf(spec).conditions?.push({ expression: 'k8s_token.pod.name == "x"' }),
  ),
  row('a condition is added that reads what the evidence did not say', (spec) =>
    firstOf(spec).conditions?.push({ expression: 'k8s_token.node.uid == "x" || k8s_token.node.uid == "y"' }),
  ),
  row(
    'the issuer is another one',
    config(() => ({ issuerURL: 'https://oidc.example.com/id/2' })),
  ),
  row(
    'the keys come from a URL instead of discovery',
    config(() => ({ jwksURI: world.issuer.jwksUrl })),
  ),
  row(
    'the keys stand in the document instead of discovery',
    config(() => inlineKeys(key)()),
  ),
  row(
    'the keys come from another URL',
    config(() => ({ jwksURI: `${world.issuer.origin}/other` })),
    config(() => ({ jwksURI: world.issuer.jwksUrl })),
  ),
  row(
    'the issuer is another one, with keys of the same URL',
    config(() => ({ issuerURL: 'https://oidc.example.com/id/2' })),
    config(() => ({ jwksURI: world.issuer.jwksUrl })),
  ),
  row(
    'the signing key is taken out of the inline set',
    config(() => inlineKeys(spare)()),
    config(() => inlineKeys(key, spare)()),
  ),
  row(
    'the signing key is replaced by another one of its kid',
    config(() => ({ jwks: { keys: [{ ...spare.publicJwk, kid: key.kid }] } })),
    config(() => inlineKeys(key)()),
  ),
  row(
    'the issuer is another one, with the same inline keys',
    config(() => ({ issuerURL: 'https://oidc.example.com/id/2' })),
    config(() => inlineKeys(key)()),
  ),
]

function withName(name: string, spec: Spec): Policy {
  return { ...firstOf(spec), name }
}

function pinnedElsewhere(): Policy {
  const spec = baseline()
  configOf(spec)['allowedServiceAccounts'] = ['spirl-system:nobody']
  return firstOf(spec)
}

/** Stores what `change` makes of the document that `start` makes of the baseline. A change may yield text, or `null` to delete. */
function store(document: string, ...changes: readonly (Change | undefined)[]): void {
  const spec = baseline()
  let made: unknown
  for (const change of changes) made = change?.(spec)
  if (made === null) {
    world.store.values.delete(document)
    return
  }
  const section = document.split('/').at(-1)
  if (typeof made !== 'string') put(world, document, spec)
  else if (made.startsWith('#')) {
    const [comment, text] = made.split('\n')
    world.store.put(document, `${comment}\n{"section": "${section}", "schema": "v1", "spec": ${text}}`)
  } else put(world, document, JSON.parse(made))
}

describe.each(USES)('a session that is out, $name', ({ document, ask, where, ...use }) => {
  const verdictOf = async (session: string): Promise<string> => {
    const { status, body } = await ask(session)
    if (status !== 200) expect(body['where']).toBe(where)
    return status === 200 ? 'good' : `${status} ${body.code}`
  }

  it.each(KEPT)('stays good when $what', async ({ change, start }) => {
    store(document, start)
    const session = await use.logIn()
    expect(await verdictOf(session)).toBe('good')
    store(document, start, change)
    later()
    expect([await verdictOf(session), await verdictOf(session)]).toEqual(['good', 'good'])
  })

  it.each(LOST)('is revoked when $what', async ({ change, start }) => {
    store(document, start)
    // What only some tokens hold is left out of this one, so that a condition over it can be told from one that is false.
    const session = await use.logIn(withoutNodeUid())
    expect(await verdictOf(session)).toBe('good')
    store(document, start, change)
    later()
    expect([await verdictOf(session), await verdictOf(session)]).toEqual(['401 session_revoked', '401 session_revoked'])
  })

  it('is revoked when a pod is demanded of a token that had none', async () => {
    store(document)
    const session = await use.logIn({ 'kubernetes.io': { ...binding(), pod: undefined } })
    expect(await verdictOf(session)).toBe('good')
    store(
      document,
      config(() => ({ requireBoundPod: true })),
    )
    later()
    expect(await verdictOf(session)).toBe('401 session_revoked')
  })

  it('is revoked when the audience that it was accepted for is taken out, and not for another one of its token', async () => {
    store(document)
    const claims = { aud: [AUDIENCE, 'third'] }
    const session = await use.logIn(claims)
    store(
      document,
      config(() => ({ audiences: ['third'] })),
    )
    later()
    expect(await verdictOf(session)).toBe('401 session_revoked')
    expect(await verdictOf(await use.logIn(claims))).toBe('good')
  })

  it('comes back with the very policy that admitted it, and with no other of its name', async () => {
    store(document)
    const session = await use.logIn()
    world.store.values.delete(document)
    later()
    expect(await verdictOf(session)).toBe('401 session_revoked')
    store(
      document,
      config(() => ({ allowedServiceAccounts: ['spirl-system:other'] })),
    )
    later()
    expect(await verdictOf(session)).toBe('401 session_revoked')
    store(document)
    later()
    expect(await verdictOf(session)).toBe('good')
  })

  it('does not depend on the document version that admitted it, in a cold isolate either', async () => {
    store(document)
    const session = await use.logIn()
    store(document, (spec) => spec.policies.push(withName('q', { policies: [pinnedElsewhere()] })))
    world.restart()
    expect(await verdictOf(session)).toBe('good')
    store(
      document,
      config(() => ({ allowedNodes: ['x'] })),
    )
    world.restart()
    expect(await verdictOf(session)).toBe('401 session_revoked')
  })

  it('is as good as the last document that compiled, and cannot be judged before one has', async () => {
    store(document)
    const session = await use.logIn()
    world.store.put(document, 'section: typo')
    later()
    expect(await verdictOf(session)).toBe('good')
    world.restart()
    const { status, body } = await ask(session)
    expect([status, body.code]).toEqual([503, 'configuration_invalid'])
  })

  it('is as good as a copy while the store is out, and is neither good nor revoked after that', async () => {
    store(document)
    const session = await use.logIn()
    // Evidence and session outlive the copy.
    expect(await verdictOf(session)).toBe('good')
    world.store.readTrouble = 'error'
    later(CONFIG_STALE_MAX_MILLIS - 60_000)
    expect(await verdictOf(session)).toBe('good')
    world.ahead = CONFIG_STALE_MAX_MILLIS + 1000
    const { status, body } = await ask(await freshSessionFor(document))
    expect([status, body.code]).toEqual([503, 'store_unavailable'])
  })

  it('cannot be judged without the document of its policies, and is not called revoked', async () => {
    store(document)
    const session = await use.logIn()
    world.restart()
    // Every other document can be read.
    const { read } = world.store
    const failing = vi.spyOn(world.store, 'read').mockImplementation((key) => {
      return key === document ? Promise.reject(new Error('the store is down')) : read(key)
    })
    const verdict = await verdictOf(session)
    failing.mockRestore()
    expect(verdict).toBe('503 store_unavailable')
  })

  it.each(where === undefined ? [TRUST_DOMAIN] : [TRUST_DOMAIN, CLUSTER_DOCUMENT])(
    'is good from the very second of sessionsNotBefore of %s, and revoked before it',
    async (key) => {
      store(document)
      const session = await use.logIn()
      const issuedAtSeconds = Number(decodeJwt(session).iat)
      // The session of the issuer that an agent's comes along with is younger.
      later(10_000)
      const notBefore = (seconds: number): void => {
        put(world, key, { sessionsNotBefore: new Date(seconds * 1000).toISOString().replace('.000Z', 'Z') })
        world.restart()
      }
      notBefore(issuedAtSeconds)
      expect(await verdictOf(session)).toBe('good')
      notBefore(issuedAtSeconds + 1)
      expect(await verdictOf(session)).toBe('401 session_revoked')
    },
  )

  it('is kept by keys that the issuer has rotated away, for they still come from the same place', async () => {
    store(document)
    const session = await use.logIn()
    world.issuer.publish([spare.publicJwk])
    world.restart()
    expect(await verdictOf(session)).toBe('good')
  })

  it('is revoked without a record of what decided', async () => {
    store(document)
    const session = await use.logIn()
    expect(await verdictOf(session)).toBe('good')
    expect(await verdictOf(await resign(world, session, { decision: undefined }))).toBe('401 session_revoked')
  })

  it('shows the operator, and not the caller, which check of the policy in force failed', async () => {
    store(document)
    const session = await use.logIn()
    store(
      document,
      config(() => ({ allowedNodes: ['hidden-*'] })),
    )
    later()
    const { text } = await ask(session)
    expect(text).not.toContain('hidden')
    if (use.name.includes('status')) return
    expect(world.records.at(-1)).toMatchObject({
      code: 'session_revoked',
      expected: { policy: 'p', failed: 'node_not_allowed', allowedNodes: ['hidden-*'] },
    })
  })
})

/** A session of this moment, signed by hand: the store does not let anybody log in. */
function freshSessionFor(document: string): Promise<string> {
  return document === AGENTS
    ? sessionOf(world, { role: 'agent', clusterId: CLUSTER, policy: 'p' })
    : sessionOf(world, { policy: 'p' })
}

function binding(): Readonly<Record<string, unknown>> {
  return {
    namespace: 'spirl-system',
    node: { name: NODE, uid: 'n' },
    pod: { name: 'spirl-agent-jv9gn', uid: 'p' },
    serviceaccount: { name: 'spirl-agent', uid: 'a' },
  }
}

function withoutNodeUid(): Readonly<Record<string, unknown>> {
  return { 'kubernetes.io': { ...binding(), node: { name: NODE } } }
}

describe('the lone policy of requiredAttestors', () => {
  it('is always called default, and another account under it revokes', async () => {
    const lone = (name: string) => {
      const { requiredAttestors } = firstOf(baseline())
      const [attestor] = requiredAttestors
      const accounts = [`spirl-system:${name}`]
      return { requiredAttestors: [{ ...attestor, config: { ...attestor?.config, allowedServiceAccounts: accounts } }] }
    }
    put(world, SERVERS, lone('spirl-agent'))
    const session = await logIn('/v1/trust-domain')
    expect((await readStatus(session)).status).toBe(200)
    put(world, SERVERS, lone('other'))
    later()
    expect(await readStatus(session)).toMatchObject({ status: 401, body: { code: 'session_revoked' } })
  })
})

describe('the clusters of an issuer', () => {
  const allowed = (...clusters: readonly string[]) => {
    return (spec: Spec): void => {
      firstOf(spec).allowedClusters = [...clusters]
    }
  }
  beforeEach(() => world.putPolicy(OTHER_CLUSTER))

  it.each<[string, Change | undefined, Change | undefined, readonly [number, number]]>([
    ['one is taken out', allowed(CLUSTER, OTHER_CLUSTER), allowed(CLUSTER), [200, 403]],
    ['some are named where all were allowed', undefined, allowed(CLUSTER), [200, 403]],
    ['one is added', allowed(CLUSTER), allowed(CLUSTER, OTHER_CLUSTER), [200, 403]],
    ['all are allowed where some were named', allowed(CLUSTER), undefined, [200, 403]],
    ['others take their place', allowed(CLUSTER), allowed(OTHER_CLUSTER), [403, 403]],
    ['they change places', allowed(CLUSTER, OTHER_CLUSTER), allowed(OTHER_CLUSTER, CLUSTER), [200, 200]],
  ])('are those that its session and the document both name: %s', async (_what, before, after, expected) => {
    store(SERVERS, before)
    const session = await logIn('/v1/trust-domain')
    store(SERVERS, after)
    later()
    const answers = [await readStatus(session), await readStatus(session, OTHER_CLUSTER)]
    expect(answers.map(({ status }) => status)).toEqual(expected)
    for (const { status, body } of answers) if (status === 403) expect(body.code).toBe('session_cluster_forbidden')
  })
})

describe('the size of a session', () => {
  it('grows by little', async () => {
    store(SERVERS)
    const session = await logIn('/v1/trust-domain')
    const claims = JSON.parse(Buffer.from(session.split('.')[1] ?? '', 'base64url').toString())
    expect(JSON.stringify(claims['decision']).length).toBeLessThan(360)
    expect(claims['exp'] - claims['iat']).toBeLessThanOrEqual(HOUR_SECONDS)
  })
})
