// Reads the attributes of a pod from a v1.Pod object (Kubernetes API). Only the fields that the catalogue names are
// read; others are ignored. A field of the wrong type makes the request malformed.
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { WORKLOAD_ATTRIBUTES_MAX } from '../core/limits.ts'
import { beginsWithAnyListed } from '../core/prefixes.ts'
import { quoteText } from '../core/printable.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import type { AttributeValue } from './attribute.ts'
import { makeAttributeName } from './catalogue.ts'
import type { Enablement } from './enabled.ts'
import type { WorkloadAttributes } from './flat.ts'

export interface PodOptions extends Enablement {
  /** The container that the workload runs in. */
  readonly container?: string
}

/**
 * Reads the attributes of a pod. Container attributes that are not enabled are listed as dropped, and, if any prefix of
 * annotations is allowed, annotations without an allowed prefix.
 *
 * @returns The attributes; or `request_malformed` (`where` is the path of the field, from `pod` on) or
 *   `container_unknown`.
 */
export function readPodAttributes(pod: JsonObject, options: PodOptions): Checked<WorkloadAttributes> {
  try {
    return readPod(pod, options)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return refuse({
      code: 'request_malformed',
      where: error.where,
      detail: `${error.where} must be ${error.expected}`,
    })
  }
}

/** Ends the reading of a pod at its first fault. Never leaves this file. */
class Malformed extends Error {
  readonly where: string
  readonly expected: string
  constructor(where: string, expected: string) {
    super(where)
    this.where = where
    this.expected = expected
  }
}

interface Container {
  readonly name: string
  readonly image: string | undefined
  readonly imageId: string | undefined
}

function readPod(pod: JsonObject, options: PodOptions): Checked<WorkloadAttributes> {
  checkKind(pod)
  const metadata = readObject(pod['metadata'], 'pod.metadata')
  const spec = readObject(pod['spec'], 'pod.spec')
  const status = readOptional(pod['status'], 'pod.status', readObject)
  // Names are unique among all containers of a pod: otherwise `container` would be ambiguous.
  const names = new Set<string>()
  const containers = readContainers(spec, status, 'containers', names)
  const initContainers = readContainers(spec, status, 'initContainers', names)
  const ephemeralContainers = readContainers(spec, status, 'ephemeralContainers', names)

  const attributes = new Map<string, AttributeValue>()
  const dropped: string[] = []
  const set = (name: string, value: AttributeValue | undefined): void => {
    if (value !== undefined) attributes.set(name, value)
  }
  set('kubernetes.pod.name', readString(metadata['name'], 'pod.metadata.name'))
  set('kubernetes.pod.namespace', readString(metadata['namespace'], 'pod.metadata.namespace'))
  set('kubernetes.pod.uid', readString(metadata['uid'], 'pod.metadata.uid'))
  set('kubernetes.pod.node.name', readOptionalString(spec['nodeName'], 'pod.spec.nodeName'))
  set('kubernetes.pod.service_account', readOptionalString(spec['serviceAccountName'], 'pod.spec.serviceAccountName'))
  set('kubernetes.pod.image_count', containers.length)
  set('kubernetes.pod.init_image_count', initContainers.length)
  const owner = findOwner(metadata)
  set('kubernetes.pod.owner', owner && `${owner.kind}:${owner.name}`)
  set('kubernetes.pod.owner_uid', owner?.uid)

  for (const [key, value] of checkCount(
    readStringEntries(metadata['labels'], 'pod.metadata.labels'),
    'pod.metadata.labels',
  )) {
    set(makeKeyedName('kubernetes.pod.label[<key>]', key, 'pod.metadata.labels'), value)
  }
  const prefixes = options.includeAnnotationPrefixes
  const annotations = readStringEntries(metadata['annotations'], 'pod.metadata.annotations')
  // If no prefix is allowed, no annotation is used, so their number is not checked.
  for (const [key, value] of prefixes.length === 0 ? [] : checkCount(annotations, 'pod.metadata.annotations')) {
    const name = makeKeyedName('kubernetes.pod.annotation[<key>]', key, 'pod.metadata.annotations')
    if (beginsWithAnyListed(key, prefixes)) set(name, value)
    else dropped.push(name)
  }
  for (const [kind, list] of [['container', containers] as const, ['init_container', initContainers] as const]) {
    for (const { name, image, imageId } of list) {
      const where = `pod.spec.${kind === 'container' ? 'containers' : 'initContainers'}`
      set(makeKeyedName(`kubernetes.pod.${kind}.<container>.image.name`, name, where), image)
      set(makeKeyedName(`kubernetes.pod.${kind}.<container>.image.id`, name, where), imageId)
    }
  }
  if (options.container === undefined) return pass({ attributes, dropped })

  const own = [...containers, ...initContainers, ...ephemeralContainers].find(
    (container) => container.name === options.container,
  )
  if (own === undefined) {
    const detail = `The pod has no container ${quoteText(options.container)}: name one of its containers`
    return refuse({ code: 'container_unknown', where: 'container', detail })
  }
  const facts = [
    ['kubernetes.container.name', own.name],
    ['kubernetes.container.image.name', own.image],
    ['kubernetes.container.image.id', own.imageId],
  ] as const
  for (const [name, value] of facts) {
    if (options.includeContainerAttributes) set(name, value)
    else dropped.push(name)
  }
  return pass({ attributes, dropped })
}

/** Finds the owner. A pod may have several; the documentation uses the last one. */
function findOwner(metadata: JsonObject): Readonly<Record<'kind' | 'name' | 'uid', string>> | undefined {
  const where = 'pod.metadata.ownerReferences'
  const owners = readOptional(metadata['ownerReferences'], where, readList) ?? []
  if (owners.length === 0) return undefined
  const place = `${where}[${owners.length - 1}]`
  const owner = readObject(owners.at(-1), place)
  return {
    kind: readString(owner['kind'], `${place}.kind`),
    name: readString(owner['name'], `${place}.name`),
    uid: readString(owner['uid'], `${place}.uid`),
  }
}

const STATUS_MEMBERS = {
  containers: 'containerStatuses',
  initContainers: 'initContainerStatuses',
  ephemeralContainers: 'ephemeralContainerStatuses',
} as const

/** The items of a v1.PodList have no `kind`. */
function checkKind({ kind }: JsonObject): void {
  if (kind !== undefined && kind !== null && kind !== 'Pod') throw new Malformed('pod.kind', '"Pod"')
}

/** `image` is what the pod requests, `imageId` what the node runs: absent before it runs. */
function readContainers(
  spec: JsonObject,
  status: JsonObject | undefined,
  member: keyof typeof STATUS_MEMBERS,
  names: Set<string>,
): readonly Container[] {
  const statusMember = STATUS_MEMBERS[member]
  const imageIds = new Map<string, string>()
  const statuses = readOptional(status?.[statusMember], `pod.status.${statusMember}`, readList) ?? []
  for (const [index, json] of statuses.entries()) {
    const place = `pod.status.${statusMember}[${index}]`
    const entry = readObject(json, place)
    const imageId = entry['imageID']
    if (imageId === undefined || imageId === null || imageId === '') continue
    imageIds.set(readString(entry['name'], `${place}.name`), readString(imageId, `${place}.imageID`))
  }
  return (readOptional(spec[member], `pod.spec.${member}`, readList) ?? []).map((json, index) => {
    const place = `pod.spec.${member}[${index}]`
    const entry = readObject(json, place)
    const name = readString(entry['name'], `${place}.name`)
    if (names.has(name)) throw new Malformed(`${place}.name`, 'a name that no other container has')
    names.add(name)
    return { name, image: readOptionalString(entry['image'], `${place}.image`), imageId: imageIds.get(name) }
  })
}

function makeKeyedName(documented: string, key: string, where: string): string {
  const name = makeAttributeName(documented, key)
  if (name === undefined) throw new Malformed(`${where}[${quoteText(key)}]`, 'under a valid Kubernetes key')
  return name
}

/** Kubernetes omits empty fields, and some clients write null instead. */
function readOptional<T>(json: Json | undefined, where: string, read: (json: Json, where: string) => T): T | undefined {
  return json === undefined || json === null ? undefined : read(json, where)
}

/** Clients written in Go send an empty string for an unset field. */
function readOptionalString(json: Json | undefined, where: string): string | undefined {
  return json === '' ? undefined : readOptional(json, where, readString)
}

function readObject(json: Json | undefined, where: string): JsonObject {
  if (!isJsonObject(json)) throw new Malformed(where, 'an object')
  return json
}

function readList(json: Json | undefined, where: string): readonly Json[] {
  if (!Array.isArray(json)) throw new Malformed(where, 'an array')
  return checkCount(json, where)
}

function checkCount<T>(items: readonly T[], where: string): readonly T[] {
  if (items.length > WORKLOAD_ATTRIBUTES_MAX)
    throw new Malformed(where, `at most ${WORKLOAD_ATTRIBUTES_MAX} entries long`)
  return items
}

function readString(json: Json | undefined, where: string): string {
  if (typeof json !== 'string' || json === '') throw new Malformed(where, 'a non-empty string')
  return json
}

/** Reads an object whose values are strings, possibly empty. */
function readStringEntries(json: Json | undefined, where: string): readonly (readonly [string, string])[] {
  const entries = Object.entries(readOptional(json, where, readObject) ?? {})
  return entries.map(([key, value]) => {
    if (typeof value !== 'string') throw new Malformed(`${where}[${quoteText(key)}]`, 'a string')
    return [key, value] as const
  })
}
