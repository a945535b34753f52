// `explain` and `map` apply the Revocations documents that lie beside the others, as the gateway would.
import { describe, expect, it } from 'vitest'
import { attestation, type Bench, bench } from './call.ts'

const RECORDED = JSON.stringify([
  { origin: 'k8s_token', name: 'k8s_token.issuer', value: 'https://issuer.example' },
  { origin: 'k8s_token', name: 'k8s_token.namespace', value: 'system' },
  { origin: 'k8s_token', name: 'k8s_token.service_account.name', value: 'agent' },
  { origin: 'k8s_token', name: 'k8s_token.node.name', value: 'node-1' },
])
const POD = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u-1' },
  spec: { nodeName: 'node-1', serviceAccountName: 'web', containers: [{ name: 'app', image: 'web:1' }] },
})
const revocations = (spec: string): string => `section: Revocations\nschema: v1\nspec: { ${spec} }\n`
const NODE = revocations("entries: [{ node: node-1, until: '2027-01-01T00:00:00Z', reason: stolen }]")
const OVER = revocations("entries: [{ node: node-1, until: '2025-01-01T00:00:00Z', reason: stolen }]")
const LOCK = revocations("lock: { until: '2027-01-01T00:00:00Z', reason: incident }")
const CLUSTER = 'store/clusters/c-1'

function prepare(document: string, place: string): Bench {
  const tool = bench()
  tool.file(`${CLUSTER}/AgentAttestation.yaml`, attestation())
  tool.file('attributes.json', RECORDED)
  tool.file('pod.json', POD)
  tool.file(place, document)
  return tool
}
const explain = (tool: Bench, ...more: readonly string[]) =>
  tool.call('explain', '--attributes', 'attributes.json', `${CLUSTER}/AgentAttestation.yaml`, ...more)
const map = (tool: Bench, ...more: readonly string[]) =>
  tool.call(
    'map',
    '--cluster-config',
    'store',
    '--cluster',
    'c-1',
    '--trust-domain',
    'example.org',
    'pod.json',
    ...more,
  )

describe.each([
  ['of the cluster', `${CLUSTER}/Revocations.yaml`],
  ['of the trust domain', 'store/trust-domain/Revocations.yaml'],
])('the list %s', (_whose, place) => {
  it('refuses the login in explain, and names the entry', async () => {
    const { exitCode, out } = await explain(prepare(NODE, place))
    expect(exitCode).toBe(1)
    expect(out).toMatch(/✗ evidence_revoked\n.*revokedBy +store.*Revocations\.yaml spec\.entries\[0\]\n.*node node-1/)
    expect(out).toContain('stolen')
    const json = JSON.parse((await explain(prepare(NODE, place), '--json')).out)
    expect(json).toMatchObject({ policies: [{ state: 'not_satisfied', revocation: { code: 'evidence_revoked' } }] })
  })

  it('refuses the workload in map, and names the entry', async () => {
    const { exitCode, out } = await map(prepare(NODE, place))
    expect(exitCode).toBe(1)
    expect(out).toMatch(/workload_revoked\n.*revokedBy: store.*Revocations\.yaml spec\.entries\[0\]/s)
  })

  it('is over at its until', async () => {
    expect((await explain(prepare(OVER, place))).exitCode).not.toBe(1)
    expect((await map(prepare(OVER, place))).exitCode).toBe(0)
  })

  it('locks', async () => {
    const explained = await explain(prepare(LOCK, place))
    expect(explained.exitCode).toBe(1)
    expect(explained.out).toMatch(/cluster_locked.*incident.*refused.*403 cluster_locked/s)
    const mapped = await map(prepare(LOCK, place))
    expect(mapped.exitCode).toBe(1)
    expect(mapped.err).toMatch(/cluster_locked.*incident/s)
  })

  it('must compile', async () => {
    const bad = prepare(revocations('entires: []'), place)
    expect(await explain(bad)).toMatchObject({ exitCode: 1, err: expect.stringContaining('does not compile') })
    expect(await map(bad)).toMatchObject({ exitCode: 1, err: expect.stringContaining('does not compile') })
  })
})

it('another file is named by --revocations', async () => {
  const tool = prepare(NODE, 'elsewhere.yaml')
  expect((await explain(tool)).exitCode).not.toBe(1)
  expect((await explain(tool, '--revocations', 'elsewhere.yaml')).exitCode).toBe(1)
  expect((await explain(tool, '--revocations', 'nowhere.yaml')).exitCode).toBe(2)
})
