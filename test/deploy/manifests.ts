// The manifests of deploy/kubernetes as data.
import { readFileSync } from 'node:fs'
import { loadAll } from 'js-yaml'

export const MANIFESTS = ['gateway', 'agent-daemonset', 'agent-init-container', 'agent-sidecar'] as const

// biome-ignore lint/suspicious/noExplicitAny: what they must be is what the tests say
export type Manifest = any

export const readManifest = (name: string): string => readFileSync(`deploy/kubernetes/${name}.yaml`, 'utf8')

export function parseManifests(text: string): readonly Manifest[] {
  return loadAll(text) as readonly Manifest[]
}

export function find(name: string, kind: string): Manifest {
  const found = parseManifests(readManifest(name)).find((one) => one.kind === kind)
  if (found === undefined) throw new Error(`${name} has no ${kind}`)
  return found
}

/** The pod of a workload. */
export const podOf = (workload: Manifest): Manifest => workload.spec.template.spec
