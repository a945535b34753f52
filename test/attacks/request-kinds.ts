// Traffic that is refused before any evidence is read: malformed ids, bodies, sessions, routes.
import { CLAIMS_BODY_MAX_BYTES, LOGIN_BODY_MAX_BYTES } from '../../src/core/limits.ts'
import { type AttackRequest, type Kind, makeBounds } from './kind.ts'
import { JSON_TYPE, makeLogin, makeLoginRequest, makeRandomText } from './tokens.ts'

/** What a cluster that was never seen may cost once: each section of it, and the record of the one that decides. */
const UNKNOWN_CLUSTER_READS = 7

const MALFORMED_IDS = [
  'a.b',
  '..%2f..%2fetc',
  '%00',
  '%',
  '%e0%a4%a',
  'a%2fb',
  '%F0%9F%92%A9',
  '-a',
  '__proto__',
  'a'.repeat(64),
  'b'.repeat(8_000),
  '*',
]

const MALFORMED_BODIES: readonly (string | Uint8Array<ArrayBuffer>)[] = [
  '',
  '{',
  'null',
  '[]',
  '"x"',
  '{"attestations":[]}',
  '{"attestations":[{}]}',
  '{"attestations":{}}',
  '{"a":1,"a":2}',
  '\ufeff{}',
  '{"attestations":[{"type":"__proto__","evidence":{}}]}',
  '{"__proto__":{"attestations":[]}}',
  '{"attestations":[1e400]}',
  '{"x":"\\ud800"}',
  new Uint8Array([0x22, 0xff, 0xfe, 0x22]),
  '\u0000'.repeat(1000),
  `{"attestations":[${'{},'.repeat(20_000)}{}]}`,
]

const NESTED_BODIES = [
  '['.repeat(60_000),
  '{"a":'.repeat(12_000),
  `${'['.repeat(31)}${'0,'.repeat(30_000)}0`,
  `[${'[],'.repeat(20_000)}[]]`,
  `{${Array.from({ length: 6_000 }, (_, at) => `"k${at}":0`).join()}}`,
  `"${'\\u0041'.repeat(10_000)}"`,
  `[${'1'.repeat(60_000)}]`,
]

const OVER_LIMIT = new Uint8Array(LOGIN_BODY_MAX_BYTES + 1).fill(0x20)
const FAR_OVER_LIMIT = new Uint8Array(16 * LOGIN_BODY_MAX_BYTES).fill(0x20)
const LARGEST_CLAIMS = new Uint8Array(CLAIMS_BODY_MAX_BYTES).fill(0x20)

/** A token that no policy will verify, short: what is tested is all that is around it. */
const SHORT = 'eyJ9.eyJ9.eyJ9'

const one = <T>(list: readonly [T, ...T[]] | readonly T[], index: number): T => list[index % list.length] as T
const get = (path: string, headers?: AttackRequest['headers']): AttackRequest => ({
  method: 'GET',
  path,
  ...(headers === undefined ? {} : { headers }),
})
const claims = (cluster: string, headers: Record<string, string>, body: AttackRequest['body'] = '{"workloads":[]}') =>
  ({ method: 'POST', path: `/v1/clusters/${cluster}/claims`, headers: { ...JSON_TYPE, ...headers }, body }) as const

/** A session by its looks. */
const JUNK_SESSION = `${Buffer.from('{"alg":"ES256","kid":"x","typ":"postern-session+jwt"}').toString('base64url')}.${Buffer.from('{"ver":1,"role":"issuer"}').toString('base64url')}`

export const REQUEST_KINDS: readonly Kind[] = [
  {
    name: 'made-up-clusters',
    what: 'logins to clusters that do not exist, each to another one',
    request: (index) => makeLogin(`x${index}-${Date.now() % 1e6}`, SHORT),
    // 503 once the budget for unknown ids is spent.
    statuses: [404, 503],
    bounds: makeBounds({ reads: UNKNOWN_CLUSTER_READS, bodyBytes: 1024 }),
  },
  {
    name: 'malformed-clusters',
    what: 'ids that no cluster can have',
    request: (index) => makeLogin(one(MALFORMED_IDS, index), SHORT),
    // The host's own HTTP parser may refuse one as well.
    statuses: [400, 404, 414],
    bounds: makeBounds({}),
  },
  {
    name: 'body-over-limit',
    what: 'a body one byte over the limit, its length declared',
    request: () => makeLoginRequest('base', OVER_LIMIT),
    statuses: [413],
    mayCut: true,
    bounds: makeBounds({}),
  },
  {
    name: 'chunked-body-over-limit',
    what: 'a body of sixteen times the limit, its length not declared',
    request: () => ({ ...makeLoginRequest('base', FAR_OVER_LIMIT), chunked: true }),
    statuses: [413],
    perSecondMax: 50,
    mayCut: true,
    // Up to one chunk beyond the limit.
    bounds: makeBounds({ bodyBytes: 2 * LOGIN_BODY_MAX_BYTES }),
  },
  {
    name: 'malformed-json',
    what: 'bodies that are not JSON, or not a login',
    request: (index) => makeLoginRequest('base', one(MALFORMED_BODIES, index)),
    // Evidence of an unknown type is a login, of evidence that no policy asks for.
    statuses: [400, 401],
    count: MALFORMED_BODIES.length,
    bounds: makeBounds({ bodyBytes: LOGIN_BODY_MAX_BYTES }),
  },
  {
    name: 'nested-json',
    what: '60 KiB of brackets, members, escapes, digits',
    request: (index) => makeLoginRequest('base', one(NESTED_BODIES, index)),
    statuses: [400],
    count: NESTED_BODIES.length,
    bounds: makeBounds({ bodyBytes: LOGIN_BODY_MAX_BYTES }),
  },
  {
    name: 'content-types',
    what: 'bodies of other content types',
    request: (index) => ({
      ...makeLogin('base', SHORT),
      headers: { 'Content-Type': `text/${'x'.repeat(index % 4000)}` },
    }),
    statuses: [415],
    bounds: makeBounds({}),
  },
  {
    name: 'hang-ups',
    what: 'clients that close their connection after half of their body',
    request: () => ({ ...makeLoginRequest('base', OVER_LIMIT.subarray(0, 32 * 1024)), hangsUp: true }),
    // No client reads the answer, but it must not be a fault of the gateway (500).
    statuses: [400, 408, 499],
    mayCut: true,
    bounds: makeBounds({ bodyBytes: LOGIN_BODY_MAX_BYTES }),
  },
  {
    name: 'claims-without-session',
    what: 'claims without a session, for clusters that exist and that do not',
    request: (index) => claims(index % 2 === 0 ? 'base' : `y${index}`, {}),
    statuses: [401],
    bounds: makeBounds({}),
  },
  {
    name: 'claims-junk-session',
    what: 'claims with a forged session',
    request: (index) =>
      claims(index % 2 === 0 ? 'base' : `z${index}`, { Authorization: `Bearer ${JUNK_SESSION}.${makeRandomText(64)}` }),
    statuses: [401],
    bounds: makeBounds({}),
  },
  {
    name: 'claims-largest-body',
    what: '8 MiB of claims without a session',
    request: (index) =>
      claims('base', index % 2 === 0 ? {} : { Authorization: `Bearer ${makeRandomText(3000)}` }, LARGEST_CLAIMS),
    statuses: [401],
    perSecondMax: 10,
    mayCut: true,
    isDrainedByWrangler: true,
    bounds: makeBounds({}),
  },
  {
    name: 'large-headers',
    what: 'a bearer of 14 KB',
    request: () => claims('base', { Authorization: `Bearer ${makeRandomText(10_500)}` }),
    statuses: [401, 403, 431],
    bounds: makeBounds({}),
  },
  {
    name: 'status-without-session',
    what: 'the status of a cluster without a session, or with junk',
    request: (index) =>
      get(
        `/v1/clusters/s${index}/status`,
        index % 2 === 0 ? {} : { Authorization: `Bearer ${JUNK_SESSION}.${makeRandomText(64)}` },
      ),
    statuses: [401],
    bounds: makeBounds({}),
  },
  {
    name: 'trust-domain-logins',
    what: 'logins of issuers where none are configured',
    request: () => ({ ...makeLogin('', SHORT), path: '/v1/trust-domain/login' }),
    statuses: [401, 403],
    // Two sections and a record, once.
    bounds: makeBounds({ reads: 3, bodyBytes: 1024 }),
  },
  {
    name: 'well-known',
    what: 'discovery and the published key set',
    request: (index) => get(one(['/.well-known/openid-configuration', '/.well-known/jwks.json'], index)),
    statuses: [200],
    bounds: makeBounds({ auditBytes: 0 }),
  },
  {
    name: 'readyz',
    what: 'readiness, which asks the store',
    request: () => get('/readyz'),
    statuses: [200],
    bounds: makeBounds({ reads: 2, auditBytes: 0 }),
  },
  {
    name: 'openapi',
    what: 'the description of the interface',
    request: () => get('/openapi.json'),
    statuses: [200],
    bounds: makeBounds({ auditBytes: 0, answerBytes: 96 * 1024 }),
  },
  {
    name: 'schemas',
    what: 'the schemas of sections, and of sections that do not exist',
    request: (index) =>
      get(
        `/schemas/${one(['AgentAttestation', 'SVIDIssuancePolicy', 'TrustDomain', 'Nothing', '__proto__'], index)}.json`,
      ),
    statuses: [200, 404],
    bounds: makeBounds({ auditBytes: 0, answerBytes: 64 * 1024 }),
  },
  {
    name: 'unknown-routes',
    what: 'routes and methods that do not exist, long paths among them',
    request: (index) =>
      one<AttackRequest>(
        [
          get(`/${makeRandomText(3000)}`),
          get('/v1/clusters/base/login'),
          { method: 'POST', path: '/healthz' },
          get('/v1/clusters//login'),
          get(`/healthz?${'a=b&'.repeat(1000)}`),
        ],
        index,
      ),
    statuses: [200, 404, 405],
    bounds: makeBounds({ auditBytes: 0 }),
  },
]
