// `postern status --all`: every cluster, in the order in which an operator must look at them.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ClusterSummary } from '../../../src/config/live/section-status.ts'
import { STATUS_PAGE_TRIES_MAX, STATUS_PAGE_WAIT_MAX_SECONDS, STATUS_PAGES_MAX } from '../../../src/core/limits.ts'
import { attestation, bench } from '../call.ts'

const SESSION = { POSTERN_SESSION: 'ey.session.token' }
const DIGEST = `sha256:${'a'.repeat(64)}`

type Section = ClusterSummary['sections'][number]

function section(change: Partial<Section> = {}): Section {
  const versions = { desiredDigest: DIGEST, appliedDigest: DIGEST }
  const base = { section: 'AgentAttestation', health: 'HEALTHY', stored: 'present', stale: false } as const
  return { ...base, ...versions, errors: 0, warnings: 0, ...change }
}
const bad = (change: Partial<Section> = {}): Section => section({ health: 'UNHEALTHY', errors: 1, ...change })
const withoutVersion = ({ appliedDigest: _, ...rest }: Section): Section => rest

function cluster(clusterId: string, ...sections: readonly Section[]): ClusterSummary {
  const isHealthy = sections.every(({ health }) => health === 'HEALTHY')
  return { clusterId, health: isHealthy ? 'HEALTHY' : 'UNHEALTHY', sections }
}

interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** A gateway that gives these answers, one after the other, and the last one for ever. */
async function gateway(...answers: readonly Answer[]) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { status = 200, headers = {}, body } = answers[Math.min(asked.length, answers.length - 1)] ?? { body: {} }
    asked.push(request.url ?? '')
    response.writeHead(status, headers).end(JSON.stringify(body))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function callWith(answers: readonly Answer[], ...more: readonly string[]) {
  const { url, asked } = await gateway(...answers)
  const called = await bench({ environment: SESSION, fetch }).call('status', '--all', '--gateway', url, ...more)
  return { ...called, asked, counts: () => JSON.parse(called.out).counts, ids: () => idsOf(called.out) }
}
const idsOf = (out: string): readonly string[] =>
  JSON.parse(out).clusters.map(({ clusterId }: ClusterSummary) => clusterId)

describe('status --all, of a gateway', () => {
  it('goes through all pages, with the cursor of each', async () => {
    const { exitCode, asked, counts } = await callWith(
      [
        { body: { clusters: [cluster('c-1', section())], cursor: 'c-1/x=+&y' } },
        { body: { clusters: [], cursor: 'c-2' } },
        { body: { clusters: [cluster('c-3', section()), cluster('c-1', section())] } },
      ],
      '--json',
    )
    expect(exitCode).toBe(0)
    expect(asked).toEqual(['/v1/status', '/v1/status?cursor=c-1%2Fx%3D%2B%26y', '/v1/status?cursor=c-2'])
    expect(counts()).toEqual({ clusters: 2, unhealthy: 0, warned: 0, healthy: 2 })
  })

  it('lists the worst first, and counts', async () => {
    const page = [
      cluster('fine-b', section()),
      cluster('warned', section({ warnings: 2 })),
      cluster('old-version', bad()),
      cluster('warned-more', section({ warnings: 3 })),
      cluster('nothing-in-force', withoutVersion(bad())),
      cluster('more-errors', bad({ errors: 7 })),
      cluster('unknown', withoutVersion(bad({ stored: 'unknown', errors: 0 }))),
      cluster('two-down', withoutVersion(bad()), withoutVersion(bad({ section: 'Cluster' }))),
      cluster('two-bad', bad(), bad({ section: 'Cluster' })),
      cluster('fine-a', section()),
    ]
    const { exitCode, counts, ids } = await callWith([{ body: { clusters: page } }], '--json')
    expect(exitCode).toBe(1)
    expect(counts()).toEqual({ clusters: 10, unhealthy: 6, warned: 2, healthy: 2 })
    expect(ids()).toEqual([
      'two-down',
      'nothing-in-force',
      'unknown',
      'two-bad',
      'more-errors',
      'old-version',
      'warned-more',
      'warned',
      'fine-a',
      'fine-b',
    ])
  })

  it('prints what is not in order, with the first error and its place', async () => {
    const issue = { code: 'field_unknown', path: 'spec', message: 'x is unknown', line: 3, column: 5 }
    const page = [
      cluster('c-1', section()),
      cluster('c-2', withoutVersion(bad({ issue })), section({ section: 'Cluster', warnings: 1 })),
      cluster('c-3', section({ warnings: 1 })),
    ]
    const { out } = await callWith([{ body: { clusters: page } }])
    expect(out).toMatch(/^UNHEALTHY +clusters\/c-2 +1 error, 1 warning$/m)
    expect(out).toMatch(/^ +AgentAttestation: sha256:a{12}, and nothing is in force$/m)
    expect(out).toMatch(/^ +3:5: error field_unknown: x is unknown \(spec\)$/m)
    expect(out).toMatch(/^HEALTHY +clusters\/c-3 +0 errors, 1 warning$/m)
    expect(out).not.toContain('c-1')
    expect(out).toMatch(/^3 clusters: 1 unhealthy, 1 healthy with warnings, 1 healthy$/m)
  })

  it.each([
    ['waits where it is asked to', 2, '0', 0],
    ['gives up after so many tries', STATUS_PAGE_TRIES_MAX, '0', 4],
    ['does not wait for long', 1, `${STATUS_PAGE_WAIT_MAX_SECONDS + 1}`, 4],
  ])('%s', async (_what, refusals, wait, exitCode) => {
    const refused = { status: 503, headers: { 'Retry-After': wait }, body: { code: 'store_unavailable', detail: 'x' } }
    const page = { body: { clusters: [cluster('c-1', section())] } }
    const called = await callWith([...Array.from({ length: refusals }, () => refused), page])
    expect(called.exitCode).toBe(exitCode)
    expect(called.asked).toHaveLength(exitCode === 0 ? refusals + 1 : refusals)
  })

  it.each<[string, Answer, string]>([
    ['refuses', { status: 501, body: { code: 'listing_unsupported', detail: 'no list' } }, 'listing_unsupported'],
    ['refuses the session', { status: 401, body: { code: 'session_expired', detail: 'x' } }, 'log in again'],
    ['has pages without an end', { body: { clusters: [], cursor: 'c-1' } }, 'do not end'],
    ['is none', { body: { hello: 'world' } }, 'not a status'],
    ['answers clusters that are none', { body: { clusters: [{ clusterId: 1 }] } }, 'not a status'],
  ])('stops at a gateway that %s', async (_what, answer, words) => {
    const { exitCode, err } = await callWith([answer])
    expect(exitCode).toBe(4)
    expect(err).toContain(words)
  })

  it.each([
    ['as many pages as it reads', STATUS_PAGES_MAX, 1],
    ['one more', STATUS_PAGES_MAX + 1, 4],
  ])('reads %s: %i', async (_what, pages, exitCode) => {
    let page = 0
    const answer = (): Response => {
      page++
      return Response.json({ clusters: [], ...(page < pages ? { cursor: `c-${page}` } : {}) })
    }
    const called = await bench({ environment: SESSION, fetch: async () => answer() }).call(
      'status',
      '--all',
      '--gateway',
      'https://gateway.example',
    )
    expect(called.exitCode).toBe(exitCode)
    expect(page).toBe(STATUS_PAGES_MAX)
  })

  it('says where there is nothing to list', async () => {
    const { exitCode, err } = await callWith([{ body: { clusters: [] } }])
    expect(exitCode).toBe(1)
    expect(err).not.toBe('')
  })
})

describe('status --all, of a store', () => {
  it('reads every cluster, as a gateway would start with it', async () => {
    const { file, call } = bench()
    file('store/clusters/c-1/AgentAttestation.yaml', attestation())
    file('store/clusters/c-2/AgentAttestation.yaml', attestation().replace('v1', 'v2'))
    file('store/clusters/c-3/Cluster.yaml', 'section: Cluster\nschema: v1\nspec: {}\n')
    file('store/trust-domain/TrustDomain.yaml', 'section: TrustDomain\nschema: v1\nspec: {}\n')
    const { exitCode, out } = await call('status', '--all', '--store', 'store', '--json')
    expect(exitCode).toBe(1)
    expect(idsOf(out)).toEqual(['c-2', 'c-3', 'c-1'])
    expect(JSON.parse(out).clusters[0].sections).toMatchObject([{ issue: { code: 'schema_unsupported', line: 2 } }])
    const { out: text } = await call('status', '--all', '--store', 'store')
    expect(text).toMatch(/^ +AgentAttestation: sha256:[0-9a-f]{12}, and nothing would be in force$/m)
  })

  it.each<[string, readonly string[], number, string]>([
    ['without --all', ['--store', 'store'], 2, 'config status cluster --id ID'],
    ['without a store', ['--all'], 2, 'Expected exactly one store'],
    ['without a session', ['--all', '--gateway', 'http://127.0.0.1:9'], 2, 'POSTERN_SESSION'],
    ['in clear text', ['--all', '--gateway', 'http://gateway.example', '--session', 'a.b'], 2, 'https'],
    ['of an empty store', ['--all', '--store', 'store'], 1, 'no clusters'],
  ])('is refused or empty %s', async (_what, words, exitCode, message) => {
    const called = await bench().call('status', ...words)
    expect(called.exitCode).toBe(exitCode)
    expect(called.err).toContain(message)
  })
})
