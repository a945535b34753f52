// Traffic with forged evidence against one cluster whose issuer works.

import { makePolicies, repeat } from './documents.ts'
import { type Kind, makeBounds } from './kind.ts'
import { forgeToken, makeLogin, makeLoginRequest, makeRandomText } from './tokens.ts'

const LOGIN_BODY_BYTES = 64 * 1024
/** Discovery, key set. */
const LOAD_FETCHES = 2
/**
 * A cluster that is met for the first time: its policies, the record of their last version, and the look before that is
 * written; and the two lists of what is revoked.
 */
const FIRST_READS = 5

const GOOD = 'good/0'

/** Audiences that fill a token, in the spellings that cost most once they are quoted again. */
const WIDE_AUDIENCES: readonly (readonly string[])[] = [
  repeat(3000, (at) => `a${at % 10}`),
  repeat(1500, () => '"\\'),
  ['"'.repeat(5_500)],
  ['\u2028'.repeat(3_000)],
  ['\u0001'.repeat(1_800)],
  ['a'.repeat(11_000)],
]

const JUNK_TOKENS: readonly (() => string)[] = [
  () => '',
  () => '.',
  () => '..',
  () => '.'.repeat(16_000),
  () => makeRandomText(12_000),
  () => `${makeRandomText(60)}.${makeRandomText(600)}.${makeRandomText(256)}`,
  () => 'x'.repeat(16 * 1024 + 1),
  () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`,
  () => `${Buffer.from(`{"alg":"RS256","x":${'['.repeat(5_000)}}`).toString('base64url')}.e30.AAAA`,
  () =>
    `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from('['.repeat(9_000)).toString('base64url')}.AAAA`,
]

export const TOKEN_KINDS: readonly Kind[] = [
  {
    name: 'junk-tokens',
    what: 'evidence that is not a token',
    request: (index) => makeLogin('base', (JUNK_TOKENS[index % JUNK_TOKENS.length] ?? makeRandomText)(0 as never)),
    statuses: [400, 401],
    bounds: makeBounds({ bodyBytes: LOGIN_BODY_BYTES }),
  },
  {
    name: 'random-kids',
    what: 'unsigned tokens of the configured issuer, each naming another key',
    request: (_index, site) => makeLogin('base', forgeToken(site, { issuer: GOOD, kid: makeRandomText(12) })),
    statuses: [401, 503],
    count: 10_000,
    // The bucket of refetches is the bound, however many ask.
    bounds: makeBounds({ fetches: LOAD_FETCHES, bodyBytes: 4096 }, { fetches: 2 * LOAD_FETCHES }),
  },
  {
    name: 'random-kids-of-a-key-set',
    what: 'the same for a policy that names its key set, which is one fetch',
    documents: (issuers) => ({
      'clusters/direct/AgentAttestation': makePolicies([
        { issuer: `${issuers}/${GOOD}`, jwksURI: `${issuers}/${GOOD}/keys` },
      ]),
    }),
    request: (index, site) =>
      makeLogin('direct', index === 0 ? site.goodToken : forgeToken(site, { issuer: GOOD, kid: makeRandomText(12) })),
    statuses: [200, 401, 503],
    count: 2_000,
    // The first load, which is the good login's, and the bucket.
    bounds: makeBounds({ reads: FIRST_READS, writes: 1, fetches: 1, bodyBytes: 4096 }, { fetches: 3 }),
  },
  {
    name: 'unsigned-tokens',
    what: 'unsigned tokens of the configured issuer that name its key',
    request: (_index, site) => makeLogin('base', forgeToken(site, { issuer: GOOD })),
    statuses: [401],
    bounds: makeBounds({ bodyBytes: 4096 }),
  },
  {
    name: 'wide-audiences',
    what: 'tokens with thousands of audiences, or with audiences that are longer once quoted',
    documents: (issuers) => ({
      'clusters/wide/AgentAttestation': makePolicies(repeat(30, () => ({ issuer: `${issuers}/${GOOD}` }))),
    }),
    request: (index, site) => {
      const aud = WIDE_AUDIENCES[index % WIDE_AUDIENCES.length] ?? []
      return makeLogin('wide', forgeToken(site, { issuer: GOOD, claims: { aud } }))
    },
    statuses: [401],
    bounds: makeBounds({ reads: FIRST_READS, writes: 1, fetches: LOAD_FETCHES, bodyBytes: LOGIN_BODY_BYTES }),
  },
  {
    name: 'wide-claims',
    what: 'tokens whose other claims are as long as a token can be: issuer, subject, names, key id',
    documents: (issuers) => ({
      'clusters/wide/AgentAttestation': makePolicies(repeat(30, () => ({ issuer: `${issuers}/${GOOD}` }))),
    }),
    request: (index, site) => {
      const long = '"\u0001'.repeat(900)
      const changes = [
        { iss: `https://${'a'.repeat(2000)}` },
        { sub: long },
        { jti: long },
        { 'kubernetes.io': { namespace: long } },
      ]
      const claims = changes[index % changes.length] ?? {}
      return makeLogin('wide', forgeToken(site, { issuer: GOOD, claims, kid: 'k'.repeat(256) }))
    },
    statuses: [401],
    bounds: makeBounds({ reads: FIRST_READS, writes: 1, fetches: LOAD_FETCHES, bodyBytes: LOGIN_BODY_BYTES }),
  },
  {
    name: 'eight-attestations',
    what: 'eight pieces of evidence in 60 KiB, seven of them of types that no policy requires',
    request: (_index, site) => {
      const others = repeat(7, (at) => ({
        type: `${'t'.repeat(39)}${at}`,
        evidence: { token: 'y'.repeat(6_000), at: repeat(400, (n) => n) },
      }))
      const token = forgeToken(site, { issuer: GOOD })
      return makeLoginRequest(
        'base',
        JSON.stringify({ attestations: [...others, { type: 'k8s_token', evidence: { token } }] }),
      )
    },
    statuses: [400, 401],
    bounds: makeBounds({ bodyBytes: LOGIN_BODY_BYTES }),
  },
  {
    name: 'one-issuer-policies',
    what: 'an unsigned token against a document with thousands of policies of its issuer',
    documents: (issuers) => ({
      'clusters/many/AgentAttestation': makePolicies(repeat(5_000, () => ({ issuer: `${issuers}/${GOOD}` }))),
    }),
    request: (index, site) =>
      makeLogin(
        'many',
        forgeToken(site, { issuer: GOOD, ...(index % 2 === 0 ? {} : { claims: { aud: ['elsewhere'] } }) }),
      ),
    statuses: [401],
    bounds: makeBounds({ reads: FIRST_READS, writes: 1, fetches: LOAD_FETCHES, bodyBytes: 4096 }),
  },
]
