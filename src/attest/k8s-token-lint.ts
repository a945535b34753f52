// What is likely a mistake in the configuration of a `k8s_token`: it compiles, and admits more than its author wants.

import { describeSeconds } from '../core/duration.ts'
import { TOKEN_LIFETIME_DEFAULT_SECONDS } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import type { Report } from './attestor.ts'
import type { K8sTokenConfig } from './k8s-token-config.ts'

/** `maxLifetimeSeconds` is what `maxTokenLifetime` says. */
export function lintK8sToken(config: K8sTokenConfig, maxLifetimeSeconds: number, report: Report): void {
  for (const [index, audience] of (config.audiences ?? []).entries()) {
    // kube-apiserver takes its issuer for its audience unless it is given another (--api-audiences).
    if (!isApiServer(audience) && audience !== config.issuerURL) continue
    const message = `Every pod's own token has the audience ${quoteText(audience)}, that of the API server, so any of them can log in: name an audience that only agents request`
    report({ code: 'audience_shared', path: ['audiences', index], message })
  }
  if (maxLifetimeSeconds > TOKEN_LIFETIME_DEFAULT_SECONDS) {
    const message = `A token is good for up to ${describeSeconds(maxLifetimeSeconds)}, also after its pod is gone: accept at most 24h, and let the agent's volume renew it`
    report({ code: 'token_lifetime_long', path: ['maxTokenLifetime'], message })
  }
}

/** The service of the API server by all names that DNS gives it, with whatever the domain of the cluster is. */
const SERVICE = /^(?:https?:\/\/)?kubernetes(?:\.default(?:\.svc(?:\.[a-z0-9.-]+)?)?)?(?::\d+)?\/?$/
/** What distributions call it: k3s, RKE2, kops, and kubeadm as the guides for projected tokens set it up. */
const DISTRIBUTIONS: ReadonlySet<string> = new Set(['k3s', 'rke2', 'kubernetes.svc.default', 'api'])

function isApiServer(audience: string): boolean {
  const text = audience.toLowerCase()
  return SERVICE.test(text) || DISTRIBUTIONS.has(text)
}

/** The attributes that make a token one account's, and that neither a field nor a pattern without `*` fixes. */
export function findUnfixed(config: K8sTokenConfig): readonly string[] {
  const patterns = config.allowedServiceAccounts?.map((pattern) => pattern.split(':')) ?? []
  const isFixedAt = (part: number): boolean =>
    patterns.length > 0 && patterns.every((parts) => parts[part]?.includes('*') === false)
  return [
    ...(config.serviceAccountNamespace !== undefined || isFixedAt(0) ? [] : ['k8s_token.namespace']),
    ...(config.serviceAccountName !== undefined || isFixedAt(1) ? [] : ['k8s_token.service_account.name']),
  ]
}
