// A workload as people have it at hand: a pod as kubectl prints it, or attributes as an issuer sends them.
import { isJsonObject, type Json } from '../core/json.ts'
import type { WorkloadDescription } from '../policy/mapping/workload.ts'

/** The workload, or what is wrong with it, as a clause that follows what it is called: `contains 3 pods: ...`. */
export type ReadWorkload = { readonly workload: WorkloadDescription } | { readonly fault: string }

/**
 * Reads one workload.
 * @param json - a `v1.Pod`, a list of one, or `{attributes: {...}}`
 * @param name - what it is called if it has no name of its own
 * @param container - of a pod, the container that the workload runs in
 */
export function readWorkload(json: Json, name: string, container?: string): ReadWorkload {
  // kubectl prints a list if no pod was named.
  const items = isJsonObject(json) && Array.isArray(json['items']) ? (json['items'] as readonly Json[]) : undefined
  if (items !== undefined && items.length !== 1)
    return { fault: `contains ${items.length} pods: name one pod in the kubectl command` }
  const [one = json] = items ?? []
  if (!isJsonObject(one)) return { fault: 'is not a JSON object: use the output of `kubectl get pod NAME -o json`' }
  const { attributes, metadata } = one
  if (metadata === undefined && isJsonObject(attributes))
    return container === undefined
      ? { workload: { id: name, attributes } }
      : { fault: 'has attributes, and a container applies to a pod: remove the container' }
  const own = isJsonObject(metadata) ? metadata['name'] : undefined
  const id = typeof own === 'string' ? own : name
  return { workload: { id, pod: one, ...(container === undefined ? {} : { container }) } }
}
