// The path template of a cluster whose policy names none, by platform, as the documentation has them. A platform without
// agents has none: what would be left of it, the cluster's name, is the same for every workload.
import { compileTemplate } from '../../template/compile.ts'
import type { PathTemplate } from '../../template/template.ts'

const TEXTS = {
  k8s: '/{{cluster.name}}/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}',
  eks: '/{{cluster.name}}/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}',
  // Istio accepts no other path than its own.
  istio: '/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}',
  'eks-istio': '/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}',
  linux: '/{{node_group.name}}/{{linux.user.name}}',
  serverless: undefined,
} as const

export type PlatformName = keyof typeof TEXTS

const TEMPLATES: ReadonlyMap<string, PathTemplate> = new Map(
  Object.entries(TEXTS).flatMap(([platform, text]) =>
    text === undefined ? [] : [[platform, compileDefault(text)] as const],
  ),
)

/** `undefined` for a platform without a default: each policy has to have a `pathTemplate`. */
export function findDefaultPath(platform: PlatformName): PathTemplate | undefined {
  return TEMPLATES.get(platform)
}

function compileDefault(text: string): PathTemplate {
  const { template } = compileTemplate(text, 'pathTemplate', [])
  if (template === undefined) throw new Error(`the default path template ${text} does not compile`)
  return template
}
