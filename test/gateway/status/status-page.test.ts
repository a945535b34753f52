// The status of many clusters: which are listed, in which pages, and what bounds the work.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ClusterSummary } from '../../../src/config/live/section-status.ts'
import type { ConfigSource } from '../../../src/config/source.ts'
import { STATUS_CURSOR_MAX_LENGTH, STATUS_PAGE_MAX, STATUS_PAGE_MILLIS } from '../../../src/core/limits.ts'
import { createGateway } from '../../../src/gateway/gateway.ts'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import { sleep } from '../../../src/runtime/sleep.ts'
import { createWorld, type World } from '../fixture.ts'
import {
  agentSessionOf,
  CLUSTER,
  put,
  putBaseline,
  type SessionChange,
  serverPolicy,
  sessionOf,
} from '../mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ stateless: true })
})
beforeEach(() => {
  vi.restoreAllMocks()
  putBaseline(world)
  world.restart()
  world.ahead = 0
  world.store.readTrouble = 'none'
  world.store.pageSize = 1000
  world.records.length = 0
})
afterAll(() => world.stop())

interface Page {
  readonly status: number
  readonly code?: string
  readonly where?: string
  readonly clusters: readonly ClusterSummary[]
  readonly cursor?: string
}

async function ask(query = '', session?: SessionChange): Promise<Page> {
  const headers = { Authorization: `Bearer ${await sessionOf(world, session)}` }
  const { status, body } = await world.get(`/v1/status${query}`, headers)
  return { status, ...(body as unknown as Omit<Page, 'status'>) }
}

/** All pages, and the ids of each. */
async function walk(limit: number, session?: SessionChange): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = []
  let cursor: string | undefined
  do {
    const from = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page = await ask(`?limit=${limit}${from}`, session)
    expect(page.status).toBe(200)
    pages.push(page.clusters.map(({ clusterId }) => clusterId))
    cursor = page.cursor
    if (pages.length > 200) throw new Error('the pages do not end')
  } while (cursor !== undefined)
  return pages
}

function putClusters(ids: readonly string[]): void {
  world.store.values.delete(`clusters/${CLUSTER}/AgentAttestation`)
  for (const id of ids) {
    world.putPolicy(id)
    put(world, `clusters/${id}/Cluster`, {})
  }
}
const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `c-${String(n).padStart(4, '0')}`)

describe('GET /v1/status', () => {
  it('tells of each cluster which sections are stored, with counts and the first error', async () => {
    put(world, 'clusters/c-2/Cluster', { nmae: 'x', platfrom: 'y' })
    const { status, clusters, cursor } = await ask()
    expect([status, cursor]).toEqual([200, undefined])
    expect(clusters.map(({ clusterId, health }) => [clusterId, health])).toEqual([
      [CLUSTER, 'HEALTHY'],
      ['c-2', 'UNHEALTHY'],
    ])
    expect(clusters[0]?.sections).toMatchObject([
      { section: 'AgentAttestation', stored: 'present', errors: 0, appliedDigest: expect.any(String) },
    ])
    expect(clusters[1]?.sections).toMatchObject([
      { section: 'Cluster', health: 'UNHEALTHY', errors: 2, issue: { code: 'field_unknown', line: 1 } },
    ])
    expect(clusters[1]?.sections[0]).not.toHaveProperty('issues')
    expect(clusters[1]?.sections[0]).not.toHaveProperty('appliedDigest')
  })

  it('tells the same as the status of one cluster', async () => {
    put(world, `clusters/${CLUSTER}/SVIDIssuancePolicy`, { policy: { pathTemplate: '/x/{{aws_iid.account.id}}' } })
    const { clusters } = await ask()
    const headers = { Authorization: `Bearer ${await sessionOf(world)}` }
    const { body } = await world.get(`/v1/clusters/${CLUSTER}/status`, headers)
    const one = body as unknown as { health: string; sections: { section: string; issues: unknown[] }[] }
    const stored = clusters[0]?.sections.map(({ section, errors }) => [section, errors])
    expect(clusters[0]?.health).toBe(one.health)
    expect(one.sections.filter(({ issues }) => issues.length > 0).map((it) => [it.section, it.issues.length])).toEqual(
      stored?.filter(([, errors]) => errors !== 0),
    )
  })

  it.each([
    ['one page', 50, 1000, 3],
    ['the limit', STATUS_PAGE_MAX, 1000, STATUS_PAGE_MAX],
    ['one more than the limit', STATUS_PAGE_MAX, 1000, STATUS_PAGE_MAX + 1],
    ['pages of one', 1, 1000, 4],
    ['several pages of the store', 50, 7, 23],
    ['pages of the store that end within a cluster', 4, 5, 23],
    ['a page of the store for each key', 3, 1, 9],
  ])('lists every cluster once, in order: %s', async (_what, limit, pageSize, count) => {
    putClusters(names(count))
    world.store.pageSize = pageSize
    const pages = await walk(limit)
    expect(pages.flat()).toEqual(names(count))
    for (const page of pages) expect(page.length).toBeLessThanOrEqual(limit)
  })

  it('takes at most so many, which is also the default', async () => {
    putClusters(names(STATUS_PAGE_MAX + 1))
    expect((await ask()).clusters).toHaveLength(STATUS_PAGE_MAX)
    expect((await ask(`?limit=${STATUS_PAGE_MAX + 1}`)).code).toBe('request_malformed')
  })

  it('lists no cluster of which nothing is stored, and no name that is no id', async () => {
    world.store.put('clusters/c-9/Unknown', 'x')
    world.store.put('clusters/..x/Cluster', 'x')
    expect((await walk(1)).flat()).toEqual([CLUSTER])
  })

  it.each([
    ['?limit=0', 'limit'],
    ['?limit=051', 'limit'],
    ['?limit=x', 'limit'],
    ['?limit=', 'limit'],
    ['?limit=1&limit=2', 'limit'],
    ['?cursor=', 'cursor'],
    ['?cursor=..', 'cursor'],
    ['?cursor=c-1/', 'cursor'],
    ['?cursor=c-1/not-a-cursor', 'cursor'],
    ['?cursor=c-1&cursor=c-2', 'cursor'],
    [`?cursor=/${'9'.repeat(STATUS_CURSOR_MAX_LENGTH)}`, 'cursor'],
    ['?cluster=c-1', undefined],
  ])('refuses %s', async (query, where) => {
    const page = await ask(query)
    expect([page.status, page.code, page.where]).toEqual([400, 'request_malformed', where])
  })

  it('takes a cursor of the longest form', async () => {
    expect((await ask(`?cursor=/${'9'.repeat(STATUS_CURSOR_MAX_LENGTH - 1)}`)).status).toBe(200)
  })
})

describe('the clusters of a session', () => {
  const allow = (allowedClusters: readonly string[]) =>
    put(world, 'trust-domain/TrustDomainServerAttestation', {
      policies: [serverPolicy(world, 'issuer', { allowedClusters })],
    })

  it.each<[string, readonly string[] | undefined, readonly string[] | undefined, readonly string[]]>([
    ['of the session', ['c-0001', 'c-0003'], undefined, ['c-0001', 'c-0003']],
    ['of the document', undefined, ['c-0003', 'c-0000'], ['c-0000', 'c-0003']],
    ['of both', ['c-0001', 'c-0003'], ['c-0003', 'c-0000'], ['c-0003']],
    ['that are not stored', ['c-0002', 'made-up'], undefined, ['c-0002']],
    ['none', ['made-up'], undefined, []],
  ])('alone are listed: %s', async (_what, ofSession, ofDocument, expected) => {
    putClusters(names(5))
    if (ofDocument !== undefined) allow(ofDocument)
    const change = ofSession === undefined ? {} : { allowedClusters: ofSession }
    expect((await walk(1, change)).flat()).toEqual(expected)
  })

  it('alone are read', async () => {
    putClusters(names(5))
    world.store.reads.length = 0
    await walk(50, { allowedClusters: ['c-0001'] })
    const others = world.store.reads.filter((key) => /c-000[0234]/.test(key))
    expect(others).toEqual([])
  })

  it('are none for an agent, or without the scope', async () => {
    const asAgent = { Authorization: `Bearer ${await agentSessionOf(world)}` }
    expect((await world.get('/v1/status', asAgent)).body.code).toBe('session_role_forbidden')
    expect((await ask('', { scopes: ['claims'] })).code).toBe('session_scope_forbidden')
    expect((await world.get('/v1/status')).body.code).toBe('session_missing')
  })
})

describe('a store', () => {
  function over(source: ConfigSource) {
    const { settings } = world
    const parts = { settings, module: loadPolicyVm(), fetch, clock: () => Date.now() + world.ahead, sleep }
    world.app = createGateway({
      ...parts,
      source,
      audit(record) {
        if ('requestId' in record) world.records.push(record)
        return true
      },
    })
  }

  it('that cannot list refuses, except for a session that names its clusters', async () => {
    over({ read: world.store.read })
    expect(await ask()).toMatchObject({ status: 501, code: 'listing_unsupported' })
    expect((await walk(50, { allowedClusters: [CLUSTER] })).flat()).toEqual([CLUSTER])
    expect(world.records).toMatchObject([{ event: 'status', code: 'listing_unsupported', status: 501 }])
    expect(world.records[0]).not.toHaveProperty('clusterId')
  })

  it('whose list fails is told of, and is not a store without clusters', async () => {
    over({ read: world.store.read, listClusters: () => Promise.reject(new Error('gone')) })
    expect(await ask()).toMatchObject({ status: 503, code: 'store_unavailable' })
    expect(world.records).toMatchObject([{ failure: { store: 'gone' } }])
  })

  it('that fails after its list leaves the sections unknown, and nothing absent', async () => {
    const { read } = world.store
    over({
      read: (key) => (key.startsWith('clusters/') ? Promise.reject(new Error('gone')) : read(key)),
      listClusters: async () => ({ ids: [CLUSTER] }),
    })
    const { clusters } = await ask()
    expect(clusters).toMatchObject([{ clusterId: CLUSTER, health: 'UNHEALTHY' }])
    expect(new Set(clusters[0]?.sections.map(({ stored }) => stored))).toEqual(new Set(['unknown']))
  })

  it('that is slow ends a page early, and the next one goes on', async () => {
    putClusters(names(6))
    const { read } = world.store
    over({
      ...world.store,
      read(key) {
        if (key.endsWith('/AgentAttestation') && key.startsWith('clusters/')) world.ahead += STATUS_PAGE_MILLIS / 2
        return read(key)
      },
    })
    const pages = await walk(50)
    expect(pages.flat()).toEqual(names(6))
    expect(pages.map((page) => page.length)).toEqual([2, 2, 2])
  })

  it('whose documents do not fit in memory ends a page early, or asks to wait', async () => {
    const count = 30
    putClusters(names(count))
    const { settings } = world
    const text = (id: string) => `# ${'x'.repeat(1_000_000)}\nsection: Cluster\nschema: v1\nspec: { name: ${id} }\n`
    for (const id of names(count)) world.store.put(`clusters/${id}/Cluster`, text(id))
    const parts = {
      settings,
      source: world.store,
      module: loadPolicyVm(),
      fetch,
      clock: () => 1_800_000_000_000,
      sleep,
    }
    vi.spyOn(Date, 'now').mockReturnValue(1_800_000_000_000)
    world.app = createGateway({ ...parts, audit: () => true, configCacheMaxBytes: 4_000_000 })
    expect((await walk(50)).flat()).toEqual(names(count))
    const second = await ask()
    expect(second.clusters.length).toBeGreaterThan(0)
    expect(second.clusters.length).toBeLessThan(count)
    expect(second.clusters.flatMap(({ sections }) => sections).filter(({ stored }) => stored === 'unknown')).toEqual([])
    const third = await ask(`?cursor=${second.cursor}`)
    expect(third).toMatchObject({ status: 503, code: 'store_unavailable' })
  })
})
