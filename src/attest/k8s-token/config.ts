// The configuration of a `k8s_token`, compiled to what its tokens must fulfil and where their keys come from.
import { parseDurationSeconds } from '../../core/duration.ts'
import type { Issue, IssueCode } from '../../core/issue.ts'
import { isJsonObject, type Json } from '../../core/json.ts'
import {
  KEY_SET_INLINE_MAX_KEYS,
  QUOTED_CLAIM_MAX_CHARACTERS,
  TOKEN_LIFETIME_DEFAULT_SECONDS,
} from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { checkFetchedSpec } from '../../token/keys/discovery.ts'
import { type KeySet, readKeySet } from '../../token/keys/key-set.ts'
import type { FetchedSpec, KeySourceSpec } from '../../token/keys/key-source-spec.ts'
import type { CompileContext, Report } from '../attestor.ts'
import { ACCOUNT_FORM, type K8sTokenConfig, LIFETIME_MIN_SECONDS } from './config-schema.ts'
import { findUnfixed, lintK8sToken } from './lint.ts'

/** What a `k8s_token` must fulfil, compiled. */
export interface K8sTokenPins {
  readonly issuer: string
  readonly audiences: readonly string[] | undefined
  readonly namespace: string | undefined
  readonly serviceAccount: string | undefined
  readonly allowedServiceAccounts: readonly string[] | undefined
  readonly allowedNodes: readonly string[] | undefined
  readonly requireBoundPod: boolean
  readonly maxLifetimeSeconds: number
}

export interface CompiledK8sToken {
  readonly selector: string
  readonly scoped: boolean
  readonly unfixed: readonly string[]
  readonly keySource: KeySourceSpec
  readonly detail: K8sTokenPins
}

export function compileK8sToken(
  config: K8sTokenConfig,
  context: CompileContext,
  report: Report,
): CompiledK8sToken | undefined {
  let failed = false
  function fail(code: IssueCode, path: Issue['path'], message: string): undefined {
    failed = true
    report({ code, path, message })
  }

  if (config.issuerURL === context.issuerUrl) {
    fail(
      'issuer_forbidden',
      ['issuerURL'],
      'Cannot accept the gateway itself as an issuer of evidence: name the issuer of the cluster',
    )
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
      'Cannot let any service account log in as an issuer: set serviceAccountNamespace and serviceAccountName, or allowedServiceAccounts without *',
    )
  }
  const keySource = compileKeySource(config, context, report, fail)
  if (maxLifetimeSeconds !== undefined) lintK8sToken(config, maxLifetimeSeconds, report)
  if (failed || keySource === undefined || maxLifetimeSeconds === undefined) return undefined
  const unfixed = findUnfixed(config)

  return {
    selector: config.issuerURL,
    scoped: unfixed.length === 0,
    unfixed,
    keySource,
    detail: {
      issuer: config.issuerURL,
      audiences: config.audiences,
      namespace: config.serviceAccountNamespace,
      serviceAccount: config.serviceAccountName,
      allowedServiceAccounts: config.allowedServiceAccounts,
      allowedNodes: config.allowedNodes,
      requireBoundPod: config.requireBoundPod ?? false,
      maxLifetimeSeconds,
    },
  }
}

type Fail = (code: IssueCode, path: Issue['path'], message: string) => undefined

/** Exactly one source: discovery at the issuer, a key set at a URL, or a key set inline. */
function compileKeySource(
  config: K8sTokenConfig,
  context: CompileContext,
  report: Report,
  fail: Fail,
): KeySourceSpec | undefined {
  if (config.jwksURI !== undefined && config.jwks !== undefined) {
    return fail('field_conflict', ['jwks'], 'Cannot take keys from two places: keep either jwksURI or jwks')
  }
  if (config.jwks !== undefined) {
    const keys = compileInlineKeys(config.jwks, report, fail)
    return (
      keys && { kind: 'inline', scope: context.scope, digest: `${context.documentDigest}#${config.issuerURL}`, keys }
    )
  }
  const spec: FetchedSpec =
    config.jwksURI === undefined
      ? { kind: 'discovery', issuer: config.issuerURL }
      : { kind: 'jwks_uri', url: config.jwksURI }
  const checked = checkFetchedSpec(spec, context.urlPolicy)
  if (checked.ok) return spec
  const [field, text, elsewhere] =
    spec.kind === 'discovery'
      ? ['issuerURL', spec.issuer, 'for an issuer that cannot be reached from here set jwksURI or jwks']
      : ['jwksURI', spec.url, undefined]
  const cure = checked.cure ?? elsewhere
  return fail(
    'url_forbidden',
    [field],
    `Cannot fetch from ${quoteText(text, QUOTED_CLAIM_MAX_CHARACTERS)}: ${checked.reason}${cure === undefined ? '' : `; ${cure}`}`,
  )
}

function compileInlineKeys(jwks: unknown, report: Report, fail: Fail): KeySet | undefined {
  const json = jwks as Json
  const list = isJsonObject(json) ? json['keys'] : undefined
  if (Array.isArray(list) && list.length > KEY_SET_INLINE_MAX_KEYS) {
    const message = `Cannot read a set of ${list.length} keys: at most ${KEY_SET_INLINE_MAX_KEYS} are allowed inline; serve it and name it by jwksURI, or remove old keys`
    return fail('value_out_of_range', ['jwks', 'keys'], message)
  }
  const keys = isJsonObject(json) ? readKeySet(json) : undefined
  if (keys === undefined) return fail('key_unusable', ['jwks'], 'Cannot read the key set: it needs a list "keys"')
  if (keys.count === 0) {
    const first = keys.skipped[0]
    const why = first === undefined ? 'it is empty' : first.reason
    return fail('key_unusable', ['jwks', 'keys'], `Cannot use any key of the set: ${why}`)
  }
  for (const skipped of keys.skipped) {
    report({
      code: 'key_skipped',
      path: ['jwks', 'keys', skipped.index],
      message: `Skipped this key: ${skipped.reason}`,
    })
  }
  return keys
}

function pinsExactly(config: K8sTokenConfig): boolean {
  if (config.serviceAccountNamespace !== undefined && config.serviceAccountName !== undefined) return true
  return config.allowedServiceAccounts?.every((pattern) => !pattern.includes('*')) ?? false
}
