// The manifests are what Kubernetes' published schemas say, and what they say agrees with each other and with the product.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AGENT_OPTIONS } from '../../src/cli/agent/agent-options.ts'
import { SERVE_FLAGS } from '../../src/runtime/serve-options.ts'
import { find, MANIFESTS, type Manifest, parseManifests, podOf, readManifest } from './manifests.ts'

const all = MANIFESTS.flatMap((name) =>
  parseManifests(readManifest(name)).map((one) => [`${name} ${one.kind}`, one] as const),
)

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-manifests-'))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What the types of Kubernetes' API refuse in a literal: other fields too, which its schemas let pass. */
async function findFaults(manifests: readonly Manifest[]): Promise<readonly string[]> {
  const literals = manifests.map((one, index) => {
    const group = String(one.apiVersion)
    return `export const m${index}: import('kubernetes-models/${group}').I${one.kind} = ${JSON.stringify(one)}`
  })
  writeFileSync(join(folder, 'manifests.ts'), literals.join('\n'))
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'ESNext',
    moduleResolution: 'bundler',
    target: 'ESNext',
    skipLibCheck: true,
    types: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['manifests.ts'] }))
  const tsc = resolve('node_modules/.bin/tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch(
    (error: unknown) => error as { stdout: string },
  )
  return stdout.split('\n').filter((line) => line.includes('error TS'))
}

describe('the schemas of Kubernetes', () => {
  it.each(all)('take %s', async (_what, manifest) => {
    const group = await import(/* @vite-ignore */ `kubernetes-models/${manifest.apiVersion}`)
    expect(() => new group[manifest.kind](manifest).validate()).not.toThrow()
  })

  it('know every field of all of them', async () => {
    expect(await findFaults(all.map(([, manifest]) => manifest))).toEqual([])
  })

  it.each<[string, (pod: Manifest) => void]>([
    ['a field that does not exist', (pod) => (pod.containers[0].imagee = 'x')],
    ['a field of another type', (pod) => (pod.terminationGracePeriodSeconds = '20')],
    ['a value that is none of a list', (pod) => (pod.securityContext.seccompProfile = { type: 1 })],
    ['a container without a name', (pod) => delete pod.containers[0].name],
  ])('would refuse %s', async (_what, change) => {
    const manifest = structuredClone(find('gateway', 'Deployment'))
    change(podOf(manifest))
    expect(await findFaults([manifest])).not.toEqual([])
  })
})

const PODS = [
  ['gateway', 'Deployment'],
  ['agent-daemonset', 'DaemonSet'],
  ['agent-init-container', 'Job'],
  ['agent-sidecar', 'Deployment'],
] as const

describe.each(PODS)('the pod of %s', (name, kind) => {
  const workload = find(name, kind)
  const pod = podOf(workload)
  const containers = [...(pod.initContainers ?? []), ...pod.containers] as readonly Manifest[]

  it('has no token of the API server', () => expect(pod.automountServiceAccountToken).toBe(false))

  it.each(containers.map((one) => [one.name, one] as const))(
    'keeps %s from what it does not need',
    (_what, container) => {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(pod.securityContext.seccompProfile).toEqual({ type: 'RuntimeDefault' })
    },
  )

  it('mounts volumes that it has', () => {
    const mounted = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map((one: Manifest) => one.name))
    expect(new Set(mounted)).toEqual(new Set(pod.volumes.map((one: Manifest) => one.name)))
  })

  it('is asked at ports that it has', () => {
    for (const { startupProbe, livenessProbe, readinessProbe, ports = [] } of containers)
      for (const probe of [startupProbe, livenessProbe, readinessProbe])
        if (probe !== undefined) expect(ports.map((one: Manifest) => one.name)).toContain(probe.httpGet.port)
  })

  it('is selected by its own labels', () => {
    if (workload.spec.selector !== undefined)
      expect(workload.spec.template.metadata.labels).toMatchObject(workload.spec.selector.matchLabels)
  })

  it('gives flags that the command has', () => {
    for (const { args, image } of containers) {
      if (!image.includes('/postern:')) continue
      const [command, ...flags] = args as readonly string[]
      const known = Object.keys(command === 'agent' ? AGENT_OPTIONS : SERVE_FLAGS)
      expect(known).toEqual(expect.arrayContaining(flags.map((flag) => flag.replace(/^--|=.*$/g, ''))))
    }
  })
})

describe('the gateway', () => {
  const deployment = find('gateway', 'Deployment')
  const [container] = podOf(deployment).containers
  const { labels } = deployment.spec.template.metadata

  it.each(['Service', 'PodDisruptionBudget', 'NetworkPolicy'])('is what its %s selects', (kind) => {
    const { selector, podSelector } = find('gateway', kind).spec
    expect(labels).toMatchObject(podSelector?.matchLabels ?? selector.matchLabels ?? selector)
  })

  it('keeps a replica while another is taken away', () => {
    expect(find('gateway', 'PodDisruptionBudget').spec.minAvailable).toBeLessThan(deployment.spec.replicas)
  })

  it('is reached at the port that it listens on', () => {
    expect(container.args).toContain(`--port=${container.ports[0].containerPort}`)
    expect(find('gateway', 'Service').spec.ports[0].targetPort).toBe(container.ports[0].name)
    expect(find('gateway', 'NetworkPolicy').spec.ingress[0].ports[0].port).toBe(container.ports[0].name)
  })

  it('reads files that are mounted', () => {
    const mounts = container.volumeMounts.map((one: Manifest) => one.mountPath)
    for (const flag of container.args.filter((one: string) => one.includes('=/'))) {
      const path = flag.replace(/^[^=]*=/, '')
      expect(mounts.some((mount: string) => path === mount || path.startsWith(`${mount}/`))).toBe(true)
    }
  })

  it('has each document of its ConfigMap at a path of the store', () => {
    const { data } = find('gateway', 'ConfigMap')
    const { items } = podOf(deployment).volumes[0].configMap
    expect(items.map((one: Manifest) => one.key).sort()).toEqual(Object.keys(data).sort())
  })
})

describe('the agents', () => {
  const policy = parseManifests(find('gateway', 'ConfigMap').data['c-123.AgentAttestation'])[0].spec.policies[0]
  const { serviceAccountNamespace, serviceAccountName, audiences } = policy.requiredAttestors[0].config
  const environment = podOf(find('gateway', 'Deployment')).containers[0].env as readonly Manifest[]
  const setting = (name: string): string => environment.find((one) => one.name === name)?.value

  it.each(PODS.slice(1))('%s are those of the policy', (name, kind) => {
    const workload = find(name, kind)
    expect([workload.metadata.namespace, podOf(workload).serviceAccountName]).toEqual([
      serviceAccountNamespace,
      serviceAccountName,
    ])
    const { audience, path } = podOf(workload).volumes.find((one: Manifest) => one.name === 'token').projected
      .sources[0].serviceAccountToken
    expect([audiences, audience]).toEqual([undefined, `spiffe://${setting('TRUST_DOMAIN')}`])
    const [container] = podOf(workload).initContainers ?? podOf(workload).containers
    const mount = container.volumeMounts.find((one: Manifest) => one.name === 'token').mountPath
    expect(container.args).toEqual(
      expect.arrayContaining([
        `--gateway=${setting('ISSUER_URL')}`,
        '--cluster=c-123',
        `--token-file=${mount}/${path}`,
      ]),
    )
  })

  it('are of the version that the image has', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }
    const images = all.flatMap(([, manifest]) => JSON.stringify(manifest).match(/[\w./-]+\/postern:[^"]+/g) ?? [])
    expect(new Set(images)).toEqual(new Set([`registry.example.org/postern:${version}`]))
  })
})
