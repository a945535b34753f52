// What a cluster that TrustDomain does not list may do: nothing by default, and with `unlisted: warn` nothing that could
// be taken for a listed one.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { SectionStatus } from '../../src/config/live/status.ts'
import { REFUSALS } from '../../src/core/refusal.ts'
import { createWorld, type World } from './fixture.ts'
import { askClaims, CLUSTER, mapOne, put, putBaseline, resultsOf, sessionOf, WEB } from './mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
beforeEach(() => {
  putBaseline(world)
  world.restart()
  world.ahead = 0
  world.records.length = 0
})
afterAll(() => world.stop())

const LISTED = { 'c-9': { name: 'prod', pathPrefixes: ['/prod', '/eu/web'] } }
const trustDomain = (spec: object): void => put(world, 'trust-domain/TrustDomain', spec)
const asks = { workloads: [{ id: 'w1', attributes: WEB }] }

async function codeOf(clusterId = CLUSTER): Promise<string> {
  const answer = await askClaims(world, asks, { clusterId })
  if (answer.status !== 200) return `${answer.status} ${answer.body['code']}`
  const [result] = resultsOf(answer)
  return result?.error?.code ?? 'mapped'
}

describe('mapping of a cluster that TrustDomain does not list', () => {
  it.each<[string, object | undefined, string]>([
    ['there is no TrustDomain', undefined, 'mapped'],
    ['TrustDomain says nothing', {}, 'mapped'],
    ['TrustDomain lists nothing', { clusters: {} }, 'mapped'],
    ['TrustDomain lists nothing, and warns', { clusters: {}, unlisted: 'warn' }, 'mapped'],
    ['TrustDomain lists another cluster', { clusters: LISTED }, '403 cluster_unlisted'],
    ['TrustDomain refuses unlisted clusters', { clusters: LISTED, unlisted: 'refuse' }, '403 cluster_unlisted'],
    ['TrustDomain refuses all, and lists nothing yet', { unlisted: 'refuse' }, '403 cluster_unlisted'],
    ['TrustDomain warns of unlisted clusters', { clusters: LISTED, unlisted: 'warn' }, 'mapped'],
    [
      'TrustDomain lists this one',
      { clusters: { ...LISTED, [CLUSTER]: { name: 'one', pathPrefixes: ['/one'] } } },
      'mapped',
    ],
  ])('where %s: %#', async (_what, spec, code) => {
    if (spec !== undefined) trustDomain(spec)
    expect(await codeOf()).toBe(code)
  })

  it('is refused as a whole, before the body is read, and on the record', async () => {
    trustDomain({ clusters: LISTED })
    const answer = await askClaims(world, 'no JSON')
    expect([answer.status, answer.body['code']]).toEqual([REFUSALS.cluster_unlisted.status, 'cluster_unlisted'])
    expect(answer.body['configuration']).toHaveProperty('TrustDomain')
    expect(world.records).toMatchObject([{ event: 'mapping', status: 403, code: 'cluster_unlisted' }])
  })

  it('is refused, and its agents still log in', async () => {
    trustDomain({ clusters: LISTED })
    expect(await codeOf()).toBe('403 cluster_unlisted')
    expect((await world.login(CLUSTER, await world.issuer.mint())).status).toBe(200)
  })

  it('is allowed at once where it gets listed, and an unknown cluster stays unknown', async () => {
    trustDomain({ clusters: LISTED })
    expect(await codeOf()).toBe('403 cluster_unlisted')
    expect(await codeOf('c-404')).toBe('404 cluster_unknown')
    trustDomain({ clusters: { ...LISTED, [CLUSTER]: { name: CLUSTER, pathPrefixes: ['/c-1'] } } })
    world.restart()
    expect(await codeOf()).toBe('mapped')
  })
})

describe('a cluster that is not listed, where TrustDomain warns', () => {
  const pathOf = async (path: string) => {
    put(world, `clusters/${CLUSTER}/SVIDIssuancePolicy`, { policy: { pathTemplate: path } })
    const { spiffeId, error } = await mapOne(world, WEB)
    return spiffeId ?? error?.code
  }

  it.each<[string, string]>([
    ['exactly a prefix', '/prod'],
    ['a path below a prefix', '/prod/ns/{{kubernetes.pod.namespace}}'],
    ['exactly a prefix of two segments', '/eu/web'],
    ['a path below one of two segments', '/eu/web/{{kubernetes.pod.namespace}}'],
    ['a prefix by the value of an attribute', '/eu/{{kubernetes.pod.service_account}}'],
  ])('never renders %s', async (_what, template) => {
    trustDomain({ clusters: LISTED, unlisted: 'warn' })
    expect(await pathOf(template)).toBe('path_outside_cluster')
  })

  it.each<[string, string, string]>([
    ['a path that merely begins alike', '/production/x', '/production/x'],
    ['a path that is cut off', '/pro', '/pro'],
    ['the parent of a prefix', '/eu', '/eu'],
    ['a sibling of a prefix', '/eu/db', '/eu/db'],
    ['a prefix that does not stand at the start', '/x/prod', '/x/prod'],
    // SPIFFE-ID section 2.2: paths are compared case-sensitively.
    ['a prefix in other case', '/Prod/x', '/Prod/x'],
  ])('renders %s', async (_what, template, path) => {
    trustDomain({ clusters: LISTED, unlisted: 'warn' })
    expect(await pathOf(template)).toBe(`spiffe://example.org${path}`)
  })

  it.each<[string, string, string | undefined]>([
    ['its id is a listed name', 'prod', undefined],
    ['its id is a listed name in other case', 'PROD', undefined],
    ['its id is a listed name, whatever it calls itself', 'prod', 'harmless'],
    ['its id is a listed id in other case', 'C-9', undefined],
    ['its own name is a listed name', CLUSTER, 'prod'],
    ['its own name is a listed name in other case', CLUSTER, 'Prod'],
    ['its own name folds to a listed name', CLUSTER, 'ｐｒｏｄ'],
    ['its own name is a listed id', CLUSTER, 'c-9'],
  ])('is refused where %s', async (_what, clusterId, name) => {
    trustDomain({ clusters: LISTED, unlisted: 'warn' })
    world.putPolicy(clusterId)
    // A template without `cluster.*`: the names count, wherever they are rendered.
    put(world, `clusters/${clusterId}/SVIDIssuancePolicy`, { policy: { pathTemplate: '/x' } })
    if (name !== undefined) put(world, `clusters/${clusterId}/Cluster`, { name, platform: 'linux' })
    expect(await codeOf(clusterId)).toBe('403 cluster_name_taken')
  })

  it('maps under a name of its own', async () => {
    trustDomain({ clusters: LISTED, unlisted: 'warn' })
    put(world, `clusters/${CLUSTER}/Cluster`, { name: 'production' })
    expect((await mapOne(world, WEB)).spiffeId).toBe('spiffe://example.org/production/ns/default/sa/web')
  })
})

describe('the status of a cluster that TrustDomain does not list', () => {
  it('and of one whose sessions are revoked before they are issued', async () => {
    trustDomain({ clusters: { [CLUSTER]: { name: 'one', pathPrefixes: ['/one'] } } })
    const at = (seconds: number): string => `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`
    const own = { requireAgentSession: true, requireNode: true }
    put(world, `clusters/${CLUSTER}/Cluster`, { ...own, sessionsNotBefore: at(3600) })
    expect((await clusterSection())?.warnings.map(({ code }) => code)).toEqual(['not_before_future'])
    put(world, `clusters/${CLUSTER}/Cluster`, { ...own, sessionsNotBefore: at(-1) })
    world.restart()
    expect((await clusterSection())?.warnings).toEqual([])
  })

  async function clusterSection(): Promise<SectionStatus | undefined> {
    const headers = { Authorization: `Bearer ${await sessionOf(world)}` }
    const response = await world.app.request(`/v1/clusters/${CLUSTER}/status`, { headers })
    const { sections } = (await response.json()) as { sections: SectionStatus[] }
    return sections.find(({ section }) => section === 'Cluster')
  }

  it.each<[string, object, object, string, readonly string[], readonly string[]]>([
    ['nothing is listed', {}, {}, 'HEALTHY', [], ['cluster_unlisted']],
    ['it warns', { clusters: LISTED, unlisted: 'warn' }, {}, 'HEALTHY', [], ['cluster_unlisted']],
    ['mapping is refused', { clusters: LISTED }, {}, 'UNHEALTHY', ['mapping_refused'], ['cluster_unlisted']],
    [
      'its name is taken',
      { clusters: LISTED, unlisted: 'warn' },
      { name: 'prod' },
      'UNHEALTHY',
      ['cluster_name_taken'],
      ['cluster_unlisted'],
    ],
  ])('where %s', async (_what, spec, own, health, issues, warnings) => {
    trustDomain(spec)
    put(world, `clusters/${CLUSTER}/Cluster`, { requireAgentSession: true, requireNode: true, ...own })
    const status = await clusterSection()
    expect(status?.health).toBe(health)
    expect(status?.issues.map(({ code }) => code)).toEqual(issues)
    expect(status?.warnings.map(({ code }) => code)).toEqual(warnings)
  })
})
