// Warnings for the configuration of a `k8s_token` that compiles and is probably a mistake: it admits more, or less, than
// its author intends.

import { describeSeconds } from '../../core/duration.ts'
import type { Path } from '../../core/issue.ts'
import { TOKEN_LIFETIME_DEFAULT_SECONDS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { findSuspect, nameCharacter } from '../../core/suspect-character.ts'
import type { Report } from '../attest-context.ts'
import type { K8sTokenConfig } from './config-schema.ts'

/** Where an issuer's own documents are: no issuer's name ends in it (OpenID Connect Discovery 1.0 section 4). */
const WELL_KNOWN = /\/\.well-known\/.*$/

/**
 * Warns of strings that are compared literally with a token and that no token contains. If the entry has its own keys,
 * `issuerURL` is never fetched, so only refused logins would reveal the mistake.
 */
function lintLiterals(config: K8sTokenConfig, report: Report): void {
  const suffix = WELL_KNOWN.exec(config.issuerURL)?.[0]
  if (suffix !== undefined) {
    const message = `issuerURL ends with ${quoteText(suffix)}, the path of a discovery document: remove it, or every token fails the issuer check`
    report({ code: 'value_suspicious', path: ['issuerURL'], message, offset: config.issuerURL.length - suffix.length })
  }
  const fields = ['issuerURL', 'serviceAccountNamespace', 'serviceAccountName'] as const
  for (const field of fields) lintLiteral(config[field], [field], report)
  for (const field of ['audiences', 'allowedServiceAccounts', 'allowedNodes'] as const) {
    for (const [index, text] of (config[field] ?? []).entries()) lintLiteral(text, [field, index], report)
  }
}

function lintLiteral(text: string | undefined, path: Path, report: Report): void {
  const oddity = text === undefined ? undefined : findOddity(text)
  if (oddity === undefined) return
  const message = `This value is compared literally with the token and contains ${oddity.what}: remove it, or no token matches`
  report({ code: 'value_suspicious', path, message, offset: oddity.offset })
}

/** Finds white space, invisible characters, and characters that neither a Kubernetes name nor a URL contains. */
function findOddity(text: string): { readonly what: string; readonly offset: number } | undefined {
  const suspect = findSuspect(text)
  if (suspect !== undefined) return { what: `the invisible character ${suspect.name}`, offset: suspect.offset }
  if (/[\r\n]$/.test(text))
    return { what: 'a line end at its end (write |- or >- for a block)', offset: text.search(/[\r\n]+$/) }
  const space = text.search(/\s/)
  if (space >= 0) return { what: 'white space', offset: space }
  const foreign = text.search(/[^\x21-\x7e]/)
  if (foreign < 0) return undefined
  return { what: `the character ${nameCharacter(text.codePointAt(foreign) ?? 0)}, which is not ASCII`, offset: foreign }
}

/** `maxLifetimeSeconds` is what `maxTokenLifetime` says. */
export function lintK8sToken(config: K8sTokenConfig, maxLifetimeSeconds: number, report: Report): void {
  lintLiterals(config, report)
  for (const [index, audience] of (config.audiences ?? []).entries()) {
    // kube-apiserver takes its issuer for its audience unless it is given another (--api-audiences).
    if (!isApiServer(audience) && audience !== config.issuerURL) continue
    const message = `The audience ${quoteText(audience)} is that of the API server, which the default token of every pod has, so every pod can log in: use an audience that only agents request`
    report({ code: 'audience_shared', path: ['audiences', index], message })
  }
  if (maxLifetimeSeconds > TOKEN_LIFETIME_DEFAULT_SECONDS) {
    const message = `A token is valid for up to ${describeSeconds(maxLifetimeSeconds)}, even after its pod is deleted: accept at most 24h and let the projected volume renew it`
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

/** Finds the attributes that identify an account and that neither a field nor a pattern without `*` fixes. */
export function findUnfixed(config: K8sTokenConfig): readonly string[] {
  const patterns = config.allowedServiceAccounts?.map((pattern) => pattern.split(':')) ?? []
  const isFixedAt = (part: number): boolean =>
    patterns.length > 0 && patterns.every((parts) => parts[part]?.includes('*') === false)
  return [
    ...(config.serviceAccountNamespace !== undefined || isFixedAt(0) ? [] : ['k8s_token.namespace']),
    ...(config.serviceAccountName !== undefined || isFixedAt(1) ? [] : ['k8s_token.service_account.name']),
  ]
}
