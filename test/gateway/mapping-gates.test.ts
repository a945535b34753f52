// Findings across sections as the mapping refuses by them, in one isolate that remembers them: each request gets those of
// the versions in force for it, whatever was asked before.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CONFIG_REVALIDATE_MILLIS } from '../../src/core/limits.ts'
import { createWorld, type World } from './fixture.ts'
import { agentSessionOf, CLUSTER, mapOne, NODE, put, putBaseline, sessionOf, WEB } from './mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ stateless: true })
})
beforeEach(() => {
  putBaseline(world)
  world.restart()
  world.ahead = 0
})
afterAll(() => world.stop())

const WORKLOAD = { ...WEB, 'kubernetes.pod.node.name': NODE }
const policy = (template: string, clusterId = CLUSTER): void =>
  put(world, `clusters/${clusterId}/SVIDIssuancePolicy`, { policy: { jwt: { additionalClaims: { a: template } } } })

async function codeOf(more: { readonly agentSession?: string; readonly clusterId?: string } = {}): Promise<string> {
  const { error } = await mapOne(world, WORKLOAD, more)
  return error?.code ?? 'mapped'
}

/** The copies in memory are read again before the next answer. */
function passBound(): void {
  world.ahead += CONFIG_REVALIDATE_MILLIS + 1000
}

describe('the mapping refuses by findings across sections', () => {
  it('of the versions in force, in the same isolate', async () => {
    policy('{{kubernetes.container.name}}')
    expect([await codeOf(), await codeOf()]).toEqual(['attribute_not_enabled', 'attribute_not_enabled'])
    put(world, `clusters/${CLUSTER}/Cluster`, { includeContainerAttributes: true })
    passBound()
    expect(await codeOf()).toBe('attribute_missing')
    put(world, `clusters/${CLUSTER}/Cluster`, { serverVersion: '0.35.0', includeContainerAttributes: true })
    passBound()
    expect(await codeOf()).toBe('version_required')
    policy('{{kubernetes.pod.namespace}}')
    put(world, `clusters/${CLUSTER}/Cluster`, {})
    passBound()
    expect(await codeOf()).toBe('mapped')
    put(world, `clusters/${CLUSTER}/WorkloadAttestation`, { kubernetes: { enabled: false } })
    passBound()
    expect(await codeOf()).toBe('attribute_not_enabled')
  })

  it('of the policies of agents only where an agent session came along, whichever came first', async () => {
    policy('{{aws_iid.account.id}}')
    const agentSession = await agentSessionOf(world)
    const codes = ['attribute_not_enabled', 'attribute_missing', 'attribute_not_enabled', 'attribute_missing']
    expect([await codeOf({ agentSession }), await codeOf(), await codeOf({ agentSession }), await codeOf()]).toEqual(
      codes,
    )
  })

  it('of its own documents where another cluster has the same policy', async () => {
    world.putPolicy('c-2')
    for (const id of [CLUSTER, 'c-2']) policy('{{kubernetes.container.name}}', id)
    put(world, 'clusters/c-2/Cluster', { includeContainerAttributes: true })
    expect([await codeOf(), await codeOf({ clusterId: 'c-2' })]).toEqual(['attribute_not_enabled', 'attribute_missing'])
    expect([await codeOf({ clusterId: 'c-2' }), await codeOf()]).toEqual(['attribute_missing', 'attribute_not_enabled'])
  })

  it('and the status lists them, of the versions in force as well', async () => {
    const readIssues = async () => {
      const headers = { Authorization: `Bearer ${await sessionOf(world)}` }
      const { body } = await world.get(`/v1/clusters/${CLUSTER}/status`, headers)
      const sections = body['sections'] as readonly { readonly issues: readonly { readonly code: string }[] }[]
      return sections.flatMap(({ issues }) => issues.map(({ code }) => code))
    }
    policy('{{kubernetes.container.name}}')
    expect([await readIssues(), await readIssues()]).toEqual([['attribute_not_enabled'], ['attribute_not_enabled']])
    put(world, `clusters/${CLUSTER}/Cluster`, { includeContainerAttributes: true })
    passBound()
    expect(await readIssues()).toEqual([])
    put(world, `clusters/${CLUSTER}/Cluster`, { serverVersion: '0.35.0', includeContainerAttributes: true })
    passBound()
    expect(await readIssues()).toEqual(['version_required'])
  })
})
