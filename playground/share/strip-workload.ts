// A pod without what a mapping does not read: environment variables, volumes, and the copy of them that kubectl keeps in an
// annotation. A link must not carry the secrets of a pod.
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../src/core/json.ts'
import { JSON_DEPTH_MAX } from '../../src/core/limits.ts'

/** By member: `true` keeps a value as it is, a shape keeps its members, of lists those of each element. */
interface Shape {
  readonly [member: string]: true | Shape
}

const CONTAINER: Shape = { name: true, image: true }
const STATUS: Shape = { name: true, imageID: true }
const POD: Shape = {
  apiVersion: true,
  kind: true,
  metadata: { name: true, namespace: true, uid: true, labels: true, annotations: true, ownerReferences: true },
  spec: {
    nodeName: true,
    serviceAccountName: true,
    containers: CONTAINER,
    initContainers: CONTAINER,
    ephemeralContainers: CONTAINER,
  },
  status: { containerStatuses: STATUS, initContainerStatuses: STATUS, ephemeralContainerStatuses: STATUS },
}
const APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Strips a pasted workload; empty for what is neither a pod nor attributes. */
export function stripWorkload(text: string): string {
  const json = parseJson(text.trim(), JSON_DEPTH_MAX)
  if (!json.ok || !isJsonObject(json.value)) return ''
  const { items, attributes } = json.value
  const [one = json.value] = Array.isArray(items) ? (items as readonly Json[]) : []
  if (!isJsonObject(one)) return ''
  if (one['metadata'] === undefined) return isJsonObject(attributes) ? JSON.stringify({ attributes }, undefined, 2) : ''
  return JSON.stringify(dropApplied(keep(one, POD) as JsonObject), undefined, 2)
}

function keep(json: Json, shape: true | Shape): Json {
  if (shape === true) return json
  if (Array.isArray(json)) return (json as readonly Json[]).map((item) => keep(item, shape))
  if (!isJsonObject(json)) return json
  return Object.fromEntries(
    Object.entries(json).flatMap(([name, value]) => {
      const kept = Object.hasOwn(shape, name) ? shape[name] : undefined
      return kept === undefined ? [] : [[name, keep(value, kept)]]
    }),
  )
}

function dropApplied(pod: JsonObject): JsonObject {
  const { metadata } = pod
  const annotations = isJsonObject(metadata) ? metadata['annotations'] : undefined
  if (!isJsonObject(metadata) || !isJsonObject(annotations)) return pod
  const { [APPLIED]: _, ...others } = annotations
  return { ...pod, metadata: { ...metadata, annotations: others } }
}
