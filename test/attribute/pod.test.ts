import { describe, expect, it } from 'vitest'
import { type PodOptions, readPodAttributes } from '../../src/attribute/pod.ts'
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../src/core/json.ts'
import { JSON_DEPTH_MAX, WORKLOAD_ATTRIBUTES_MAX } from '../../src/core/limits.ts'

const options: PodOptions = { includeContainerAttributes: false, includeAnnotationPrefixes: [] }

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web-5cfd45f6c9-x2x4z',
    namespace: 'default',
    uid: '6f1c1b57-0000-4d20-a9fe-2e1c79b0f083',
    creationTimestamp: null,
    labels: { app: 'web', 'app.kubernetes.io/name': 'web', empty: '' },
    annotations: { 'example.com/team': 'blue', 'other.io/x': 'y' },
    ownerReferences: [
      { apiVersion: 'v1', kind: 'Node', name: 'first', uid: 'u-1' },
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5cfd45f6c9', uid: 'u-2', controller: true },
    ],
    managedFields: [{ anything: [1, 2, null] }],
  },
  spec: {
    nodeName: 'ip-10-0-0-1',
    serviceAccountName: 'web',
    containers: [
      { name: 'app', image: 'ghcr.io/acme/web:1.2' },
      { name: 'proxy', image: 'envoy:1' },
    ],
    initContainers: [{ name: 'setup', image: 'busybox:1' }],
  },
  status: {
    phase: 'Running',
    containerStatuses: [
      { name: 'app', image: 'other', imageID: 'ghcr.io/acme/web@sha256:0a' },
      { name: 'proxy', image: 'envoy:1', imageID: '' },
    ],
    initContainerStatuses: [{ name: 'setup', imageID: 'busybox@sha256:0b' }],
  },
}

/** The pod, read as a request is, with one member changed: `change('spec.containers', [])`. */
function podWith(path = '', value?: Json): JsonObject {
  const parsed = parseJson(JSON.stringify(POD), JSON_DEPTH_MAX)
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error('the baseline is no object')
  if (path === '') return parsed.value
  const names = path.split('.')
  let holder: Record<string, unknown> = parsed.value
  for (const name of names.slice(0, -1)) holder = holder[name] as Record<string, unknown>
  const last = names.at(-1) ?? ''
  if (value === undefined) delete holder[last]
  else holder[last] = value
  return parsed.value
}

function read(pod: JsonObject, change: Partial<PodOptions> = {}): Record<string, unknown> {
  const result = readPodAttributes(pod, { ...options, ...change })
  if (!result.ok) throw new Error(result.refusal.detail)
  return Object.fromEntries(result.value.attributes)
}

describe('readPodAttributes()', () => {
  it('reads every field of the catalogue, and no other', () => {
    expect(read(podWith())).toEqual({
      'kubernetes.pod.name': 'web-5cfd45f6c9-x2x4z',
      'kubernetes.pod.namespace': 'default',
      'kubernetes.pod.uid': '6f1c1b57-0000-4d20-a9fe-2e1c79b0f083',
      'kubernetes.pod.node.name': 'ip-10-0-0-1',
      'kubernetes.pod.service_account': 'web',
      'kubernetes.pod.image_count': 2,
      'kubernetes.pod.init_image_count': 1,
      'kubernetes.pod.owner': 'ReplicaSet:web-5cfd45f6c9',
      'kubernetes.pod.owner_uid': 'u-2',
      'kubernetes.pod.label[app]': 'web',
      'kubernetes.pod.label[app.kubernetes.io/name]': 'web',
      'kubernetes.pod.label[empty]': '',
      'kubernetes.pod.container.app.image.name': 'ghcr.io/acme/web:1.2',
      'kubernetes.pod.container.app.image.id': 'ghcr.io/acme/web@sha256:0a',
      'kubernetes.pod.container.proxy.image.name': 'envoy:1',
      'kubernetes.pod.init_container.setup.image.name': 'busybox:1',
      'kubernetes.pod.init_container.setup.image.id': 'busybox@sha256:0b',
    })
  })

  it('reads annotations under an allowed prefix alone, and lists the others', () => {
    const result = readPodAttributes(podWith(), { ...options, includeAnnotationPrefixes: ['example.com/'] })
    expect(result.ok && result.value.attributes.get('kubernetes.pod.annotation[example.com/team]')).toBe('blue')
    expect(result.ok && result.value.attributes.has('kubernetes.pod.annotation[other.io/x]')).toBe(false)
    expect(result.ok && result.value.dropped).toEqual(['kubernetes.pod.annotation[other.io/x]'])
    const none = readPodAttributes(podWith(), options)
    expect(none.ok && none.value.dropped).toEqual([])
  })

  it('describes the container of the workload where that is enabled', () => {
    expect(read(podWith(), { container: 'app', includeContainerAttributes: true })).toMatchObject({
      'kubernetes.container.name': 'app',
      'kubernetes.container.image.name': 'ghcr.io/acme/web:1.2',
      'kubernetes.container.image.id': 'ghcr.io/acme/web@sha256:0a',
    })
    expect(read(podWith(), { container: 'setup', includeContainerAttributes: true })).toMatchObject({
      'kubernetes.container.name': 'setup',
    })
  })

  it('drops the container of the workload where that is not enabled, and says so', () => {
    const result = readPodAttributes(podWith(), { ...options, container: 'app' })
    expect(result.ok && result.value.attributes.has('kubernetes.container.name')).toBe(false)
    expect(result.ok && result.value.dropped).toContain('kubernetes.container.name')
  })

  it('knows ephemeral containers, which count for nothing else', () => {
    const pod = podWith('spec.ephemeralContainers', [{ name: 'debug', image: 'busybox:2', targetContainerName: 'app' }])
    Object.assign(pod['status'] as object, { ephemeralContainerStatuses: [{ name: 'debug', imageID: 'b@sha256:0c' }] })
    const own = {
      'kubernetes.container.name': 'debug',
      'kubernetes.container.image.name': 'busybox:2',
      'kubernetes.container.image.id': 'b@sha256:0c',
    }
    expect(read(pod, { container: 'debug', includeContainerAttributes: true })).toEqual({
      ...read(podWith()),
      ...own,
    })
  })

  it.each(['spec.nodeName', 'spec.serviceAccountName'])('takes an empty %s for an absent one', (path) => {
    expect(read(podWith(path, ''))).toEqual(read(podWith(path)))
  })

  it('takes an empty image for an absent one', () => {
    const bare = [{ name: 'app' }]
    expect(read(podWith('spec.containers', [{ name: 'app', image: '' }]))).toEqual(
      read(podWith('spec.containers', bare)),
    )
  })

  it('takes a pod without a kind, as a list of pods holds it', () => {
    expect(read(podWith('kind'))).toEqual(read(podWith()))
  })

  it('takes more annotations than the limit where none is allowed, and none more where some are', () => {
    const notes = (count: number): Json => Object.fromEntries(Array.from({ length: count }, (_, at) => [`a${at}`, 'x']))
    const many = podWith('metadata.annotations', notes(WORKLOAD_ATTRIBUTES_MAX + 1))
    expect(read(many)).toEqual(read(podWith()))
    const prefixes = { ...options, includeAnnotationPrefixes: ['example.com/'] }
    expect(readPodAttributes(many, prefixes)).toMatchObject({
      refusal: { code: 'request_malformed', where: 'pod.metadata.annotations' },
    })
    const fitting = podWith('metadata.annotations', notes(WORKLOAD_ATTRIBUTES_MAX))
    expect(readPodAttributes(fitting, prefixes).ok).toBe(true)
  })

  it.each(['nope', '', '__proto__', 'constructor'])('knows no container %j', (container) => {
    expect(readPodAttributes(podWith(), { ...options, container })).toMatchObject({
      ok: false,
      refusal: { code: 'container_unknown' },
    })
  })

  it.each(['__proto__', 'constructor', 'toString'])('takes a label %s as any other', (key) => {
    const pod = podWith()
    const parsed = parseJson(`{"${key}":"x"}`, 2)
    if (!parsed.ok) throw new Error(parsed.fault)
    Object.assign(pod['metadata'] as object, { labels: parsed.value })
    const result = readPodAttributes(pod, options)
    expect(result.ok && result.value.attributes.get(`kubernetes.pod.label[${key}]`)).toBe('x')
  })

  it.each([
    ['metadata.labels'],
    ['metadata.annotations'],
    ['metadata.ownerReferences'],
    ['spec.nodeName'],
    ['spec.serviceAccountName'],
    ['spec.initContainers'],
    ['status'],
    ['status.containerStatuses'],
  ])('does without %s, absent or null', (path) => {
    expect(readPodAttributes(podWith(path), options).ok).toBe(true)
    expect(readPodAttributes(podWith(path, null), options).ok).toBe(true)
  })

  it.each([
    ['kind', 'Deployment', 'pod.kind'],
    ['kind', 'pod', 'pod.kind'],
    ['kind', 1, 'pod.kind'],
    ['spec.initContainers', [{ name: 'app', image: 'x' }], 'pod.spec.initContainers[0].name'],
    ['spec.ephemeralContainers', [{ name: 'setup', image: 'x' }], 'pod.spec.ephemeralContainers[0].name'],
    ['spec.ephemeralContainers', {}, 'pod.spec.ephemeralContainers'],
    ['metadata', undefined, 'pod.metadata'],
    ['metadata', [], 'pod.metadata'],
    ['metadata.name', undefined, 'pod.metadata.name'],
    ['metadata.name', '', 'pod.metadata.name'],
    ['metadata.namespace', null, 'pod.metadata.namespace'],
    ['metadata.uid', 7, 'pod.metadata.uid'],
    ['metadata.labels', [], 'pod.metadata.labels'],
    ['metadata.labels', { app: 1 }, 'pod.metadata.labels["app"]'],
    ['metadata.labels', { 'a b': 'x' }, 'pod.metadata.labels["a b"]'],
    ['metadata.labels', { 'a]b': 'x' }, 'pod.metadata.labels["a]b"]'],
    ['metadata.annotations', { a: null }, 'pod.metadata.annotations["a"]'],
    ['metadata.ownerReferences', {}, 'pod.metadata.ownerReferences'],
    ['metadata.ownerReferences', [{}, { kind: 'Job', name: 'x' }], 'pod.metadata.ownerReferences[1].uid'],
    ['spec', undefined, 'pod.spec'],
    ['spec.containers', 'app', 'pod.spec.containers'],
    ['spec.containers', [null], 'pod.spec.containers[0]'],
    ['spec.containers', [{ image: 'x' }], 'pod.spec.containers[0].name'],
    ['spec.containers', [{ name: 'a' }, { name: 'a' }], 'pod.spec.containers[1].name'],
    ['spec.containers', [{ name: 'a.b', image: 'x' }], 'pod.spec.containers["a.b"]'],
    ['spec.initContainers', [{ name: 'a', image: 1 }], 'pod.spec.initContainers[0].image'],
    ['spec.nodeName', ['x'], 'pod.spec.nodeName'],
    ['status', 'Running', 'pod.status'],
    ['status.containerStatuses', [{ imageID: 'x' }], 'pod.status.containerStatuses[0].name'],
  ] as const)('refuses a pod with %s %j, and says where', (path, value, where) => {
    expect(readPodAttributes(podWith(path, value), options)).toMatchObject({
      ok: false,
      refusal: { code: 'request_malformed', where },
    })
  })

  it('reads labels and containers up to the limit and none beyond', () => {
    const labels = (count: number): Json =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`l${at}`, 'x']))
    const containers = (count: number): Json => Array.from({ length: count }, (_, at) => ({ name: `c${at}` }))
    const max = WORKLOAD_ATTRIBUTES_MAX
    expect(readPodAttributes(podWith('metadata.labels', labels(max)), options).ok).toBe(true)
    expect(readPodAttributes(podWith('metadata.labels', labels(max + 1)), options)).toMatchObject({
      refusal: { code: 'request_malformed', where: 'pod.metadata.labels' },
    })
    expect(readPodAttributes(podWith('spec.containers', containers(max)), options).ok).toBe(true)
    expect(readPodAttributes(podWith('spec.containers', containers(max + 1)), options)).toMatchObject({
      refusal: { code: 'request_malformed', where: 'pod.spec.containers' },
    })
  })
})
