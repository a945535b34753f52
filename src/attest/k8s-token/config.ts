// Compiles the configuration of a `k8s_token` to its pins, and reports the errors in it.
import { parseDurationSeconds } from '../../core/duration.ts'
import type { IssueCode, Path } from '../../core/issue.ts'
import { TOKEN_LIFETIME_DEFAULT_SECONDS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import type { OidcEntry } from '../oidc/oidc-attestor.ts'
import { ACCOUNT_FORM, type K8sTokenConfig, LIFETIME_MIN_SECONDS } from './config-schema.ts'
import { findUnfixed, lintK8sToken } from './lint.ts'
import type { K8sTokenPins } from './pins.ts'

export function compileK8sToken(
  config: K8sTokenConfig,
  context: EntryContext,
  report: Report,
): OidcEntry<K8sTokenPins> | undefined {
  let failed = false
  function fail(code: IssueCode, path: Path, message: string): undefined {
    failed = true
    report({ code, path, message })
  }

  for (const [index, pattern] of (config.allowedServiceAccounts ?? []).entries()) {
    if (!ACCOUNT_FORM.accepts(pattern)) {
      fail(
        'value_invalid',
        ['allowedServiceAccounts', index],
        `Cannot use ${quoteText(pattern)}: write namespace:name, for example spirl-system:spirl-agent`,
      )
    }
  }
  const maxLifetimeSeconds =
    config.maxTokenLifetime === undefined
      ? TOKEN_LIFETIME_DEFAULT_SECONDS
      : parseDurationSeconds(config.maxTokenLifetime)
  if (maxLifetimeSeconds === undefined || maxLifetimeSeconds < LIFETIME_MIN_SECONDS) {
    fail(
      'value_invalid',
      ['maxTokenLifetime'],
      `Cannot use ${quoteText(config.maxTokenLifetime ?? '')}: write a duration of at least a minute, for example 1h or 30m`,
    )
  }
  if (context.exactPins && !pinsExactly(config)) {
    fail(
      'pin_missing',
      [],
      'Every service account could log in as an issuer: set serviceAccountNamespace and serviceAccountName, or allowedServiceAccounts without *',
    )
  }
  if (maxLifetimeSeconds !== undefined) lintK8sToken(config, maxLifetimeSeconds, report)
  if (failed || maxLifetimeSeconds === undefined) return undefined
  const unfixed = findUnfixed(config)
  const own: K8sTokenPins = {
    namespace: config.serviceAccountNamespace,
    serviceAccount: config.serviceAccountName,
    allowedServiceAccounts: config.allowedServiceAccounts,
    allowedNodes: config.allowedNodes,
    requireBoundPod: config.requireBoundPod ?? false,
  }
  const pins = {
    issuer: config.issuerURL,
    audiences: config.audiences ?? context.defaultAudiences,
    maxLifetimeSeconds,
    own,
  }
  // A token without a pod fails requireBoundPod, and one without a node fails allowedNodes.
  const proves = [
    ...(own.requireBoundPod ? ['k8s_token.pod.name', 'k8s_token.pod.uid'] : []),
    ...(own.allowedNodes === undefined ? [] : ['k8s_token.node.name']),
  ]
  return { scoped: unfixed.length === 0, unfixed, proves, pins }
}

function pinsExactly(config: K8sTokenConfig): boolean {
  if (config.serviceAccountNamespace !== undefined && config.serviceAccountName !== undefined) return true
  return config.allowedServiceAccounts?.every((pattern) => !pattern.includes('*')) ?? false
}
