// The path template of a cluster whose policy names none, by platform, as the documentation has them.
import { compileTemplate } from '../../template/compile.ts'
import type { PathTemplate } from '../../template/template.ts'

const TEXTS = {
  k8s: '/{{cluster.name}}/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}',
  eks: '/{{cluster.name}}/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}',
  // Istio accepts no other path than its own.
  istio: '/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}',
  'eks-istio': '/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}',
  linux: '/{{node_group.name}}/{{linux.user.name}}',
} as const

export type PlatformName = keyof typeof TEXTS

const TEMPLATES: ReadonlyMap<string, PathTemplate> = new Map(
  Object.entries(TEXTS).map(([platform, text]) => [platform, compileDefault(text)]),
)

export function findDefaultPath(platform: PlatformName): PathTemplate {
  return TEMPLATES.get(platform) ?? compileDefault(TEXTS[platform])
}

function compileDefault(text: string): PathTemplate {
  const { template } = compileTemplate(text, 'pathTemplate', [])
  if (template === undefined) throw new Error(`the default path template ${text} does not compile`)
  return template
}
