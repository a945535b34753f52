// Traffic that makes the gateway fetch: unsigned tokens of configured issuers that misbehave, or of very many of them;
// and documents that are large.

import { FIRST_LOADS_BUCKET } from '../../src/core/limits.ts'
import { clusters, makeLargeDocument, makePolicies, repeat } from './documents.ts'
import { LARGE_KEY } from './issuers.ts'
import { type Kind, makeBounds } from './kind.ts'
import { forgeToken, makeLogin } from './tokens.ts'

const FIRST_READS = 5
const LOAD_FETCHES = 2
const MANY_ISSUERS = { full: 3_000, small: 1_500 } as const
const LARGE_CLUSTERS = { full: 60, small: 4 } as const

/** `count` clusters, each with an issuer of its own that behaves so: each is loaded, then backs off. */
function misbehaving(behaviour: string, what: string, count = 20, more: Partial<Kind> = {}): Kind {
  const issuerAt = (index: number): string => `${behaviour}/${index % count}`
  return {
    name: `issuer-${behaviour}`,
    what: `unsigned tokens of issuers that ${what}`,
    documents: (issuers) => clusters(behaviour, count, (n) => `${issuers}/${issuerAt(n)}`),
    request: (index, site) => makeLogin(`${behaviour}-${index % count}`, forgeToken(site, { issuer: issuerAt(index) })),
    statuses: [503],
    count,
    bounds: makeBounds({ reads: FIRST_READS, writes: 1, fetches: LOAD_FETCHES, bodyBytes: 4096 }),
    ...more,
  }
}

/** Issuers named by the status that they answer with. */
function statuses(behaviour: string, what: string, list: readonly number[]): Kind {
  const codeAt = (index: number): number => list[index % list.length] ?? 0
  return misbehaving(behaviour, what, list.length, {
    documents: (issuers) =>
      Object.fromEntries(
        list.map((code) => [
          `clusters/${behaviour}-${code}/AgentAttestation`,
          makePolicies([{ issuer: `${issuers}/${behaviour}/${code}` }]),
        ]),
      ),
    request: (index, site) =>
      makeLogin(`${behaviour}-${codeAt(index)}`, forgeToken(site, { issuer: `${behaviour}/${codeAt(index)}` })),
  })
}

/** Short and different every time; what is in it does not matter. */
const tiny = (index: number): string => `e30.e30.${index.toString(36).padStart(4, 'A')}`

export const ISSUER_KINDS: readonly Kind[] = [
  statuses('status', 'answer with a status from 600 to 999', [600, 601, 666, 700, 799, 800, 899, 998, 999]),
  statuses('bodiless', 'answer with a status that has no body', [204, 205, 304, 407, 421, 511, 599]),
  misbehaving('hang', 'accept a connection and never answer', 3, { stalls: true }),
  misbehaving('drip', 'send a byte now and then', 3, { stalls: true }),
  misbehaving('reset', 'reset the connection in their body'),
  misbehaving('huge', 'send a body without end'),
  misbehaving('huge-keys', 'publish a key set without end'),
  misbehaving('redirect', 'redirect'),
  misbehaving('garbage', 'answer with HTML'),
  misbehaving('nested', 'answer with 60,000 brackets'),
  misbehaving('large-keys', 'publish the largest key that is accepted', 2, {
    request: (index, site) =>
      makeLogin(
        `large-keys-${index % 2}`,
        forgeToken(site, { issuer: `large-keys/${index % 2}`, kid: LARGE_KEY.kid, signatureBytes: 1024 }),
      ),
    statuses: [401],
  }),
  {
    name: 'many-issuers',
    what: 'unsigned tokens of thousands of configured issuers in rotation',
    documents: (issuers, scale) => ({
      'clusters/rotation/AgentAttestation': makePolicies(
        repeat(MANY_ISSUERS[scale], (n) => ({ issuer: `${issuers}/good/${n}` })),
      ),
    }),
    request: (index, site) =>
      makeLogin('rotation', forgeToken(site, { issuer: `good/${index % MANY_ISSUERS[site.scale]}` })),
    statuses: [401, 503],
    count: 2 * MANY_ISSUERS.small,
    // While the clock does not advance, the bucket of first loads limits the loads; each issuer is loaded once.
    bounds: makeBounds(
      { reads: FIRST_READS, writes: 1, fetches: LOAD_FETCHES, bodyBytes: 4096 },
      { fetches: LOAD_FETCHES * FIRST_LOADS_BUCKET },
    ),
  },
  {
    name: 'large-documents',
    what: 'requests of 100 bytes to clusters with documents of over 1 MB in rotation',
    documents: (_issuers, scale) =>
      Object.fromEntries(
        repeat(LARGE_CLUSTERS[scale], (n) => [`clusters/large-${n}/AgentAttestation`, makeLargeDocument(n)]),
      ),
    request: (index, { scale }) => makeLogin(`large-${index % LARGE_CLUSTERS[scale]}`, tiny(index)),
    statuses: [401, 503],
    count: 2 * LARGE_CLUSTERS.small,
    bounds: {
      ...makeBounds({ reads: FIRST_READS, writes: 1, bodyBytes: 1024 }, { writes: LARGE_CLUSTERS.small }),
      // Documents that were evicted from memory are read again, but a record is still written once per version.
      again: makeBounds({ reads: FIRST_READS, bodyBytes: 1024 }).each,
    },
  },
]
