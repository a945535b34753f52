// `k8s_token`: a projected service account token of a Kubernetes cluster, verified against the keys of its OIDC issuer.
// Verification by keys cannot see that a pod was deleted (only TokenReview can), so lifetimes are capped, and tokens
// that the API server extended to a year are refused.
import * as v from 'valibot'
import type { Attribute } from '../attribute/attribute.ts'
import { sha256Base64url } from '../core/digest.ts'
import { describeSeconds } from '../core/duration.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Refusal, RefusalCode } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { checkTimes, type ParsedToken, parseToken, parseTokenForm } from '../token/parse.ts'
import { type VerifiedToken, verifySignature } from '../token/verify.ts'
import { defineAttestor } from './attestor.ts'
import { matchesGlob } from './glob.ts'
import { compileK8sToken, type K8sTokenPins, k8sTokenConfigSchema } from './k8s-token-config.ts'

interface OpenedToken {
  readonly selector: string
  readonly token: ParsedToken
  readonly binding: Binding
}

interface VerifiedK8sToken {
  readonly token: VerifiedToken
  readonly binding: Binding
}

/** The `kubernetes.io` claim (Kubernetes `pkg/serviceaccount/claims.go`), its parts checked against `sub`. */
interface Binding {
  readonly namespace: string
  readonly serviceAccount: Named
  readonly pod: Named | undefined
  readonly node: Named | undefined
}

interface Named {
  readonly name: string
  readonly uid: string | undefined
}

export const k8sToken = defineAttestor({
  type: 'k8s_token',
  evidenceSchema: v.strictObject({ token: v.pipe(v.string(), v.nonEmpty()) }),
  configSchema: k8sTokenConfigSchema,
  configOptional: false,
  compile: compileK8sToken,

  open({ token: text }): Checked<OpenedToken> {
    const token = parseToken(text)
    if (!token.ok) return isLegacy(text) ? fault('token_legacy', LEGACY) : token
    const binding = readBinding(token.value)
    if (!binding.ok) return binding
    return pass({ selector: token.value.issuer, token: token.value, binding: binding.value })
  },

  digest: ({ token }) => sha256Base64url(token.signingInput),

  async verify(
    { token, binding },
    candidates: readonly K8sTokenPins[],
    keySource,
    context,
  ): Promise<Checked<VerifiedK8sToken>> {
    // Cheap checks first: a token that cannot pass costs neither a key fetch nor a signature.
    if (candidates.length === 0) return refuse(issuerMismatch(token))
    const timely = checkTimes(token, context.nowSeconds, context.skewSeconds)
    if (!timely.ok) return timely
    if (!candidates.some((pins) => isMeantForUs(token, pins, context.defaultAudience)))
      return refuse(audienceMismatch(token))
    if (keySource === undefined) throw new Error('a k8s_token requirement has no key source')
    const verified = await verifySignature(token, keySource, context.keySources, context.background)
    return verified.ok ? pass({ token: verified.value, binding }) : verified
  },

  expiresAtSeconds: ({ token }) => token.expiresAtSeconds,

  accept({ token, binding }, pins, context): Checked<readonly Attribute[]> {
    if (!isMeantForUs(token, pins, context.defaultAudience)) return refuse(audienceMismatch(token))
    const refusal = checkPins(token, binding, pins)
    return refusal === undefined ? pass(attributesOf(token, binding)) : refuse(refusal)
  },
})

function isMeantForUs(token: ParsedToken, pins: K8sTokenPins, defaultAudience: string): boolean {
  const wanted = pins.audiences ?? [defaultAudience]
  return token.audiences.some((audience) => wanted.includes(audience))
}

function issuerMismatch(token: ParsedToken): Refusal {
  return {
    code: 'issuer_mismatch',
    detail: `JWT verification failed: issuer mismatch: no policy of this cluster names the issuer ${JSON.stringify(token.issuer)} of this token; compare literally, trailing slash included`,
  }
}

function audienceMismatch(token: ParsedToken): Refusal {
  const given = token.audiences.map((audience) => JSON.stringify(audience)).join(', ')
  return {
    code: 'audience_mismatch',
    detail: `JWT verification failed: audience: the token is meant for ${given}, which is not what this gateway accepts; set the audience of the projected token`,
  }
}

/** Checks that hold for every service account token, whatever a policy says. */
function readBinding(token: ParsedToken): Checked<Binding> {
  const claim = token.claims['kubernetes.io']
  if (!isJsonObject(claim)) {
    return LEGACY_CLAIM in token.claims
      ? fault('token_legacy', LEGACY)
      : fault('claim_missing', 'the claim kubernetes.io is missing: this is not a bound service account token')
  }
  if ('warnafter' in claim) {
    return fault(
      'token_extended',
      'the token was extended for the API server (warnafter): request one with an audience of its own',
    )
  }
  const namespace = claim['namespace']
  const serviceAccount = readNamed(claim['serviceaccount'])
  const pod = readNamed(claim['pod'])
  const node = readNamed(claim['node'])
  if (
    typeof namespace !== 'string' ||
    namespace === '' ||
    serviceAccount === 'malformed' ||
    serviceAccount === undefined
  ) {
    return fault('claim_malformed', 'the claim kubernetes.io does not name a namespace and a service account')
  }
  if (pod === 'malformed' || node === 'malformed') {
    return fault('claim_malformed', 'the claim kubernetes.io names a pod or a node without a name')
  }
  if (
    token.claims['sub'] !== `system:serviceaccount:${namespace}:${serviceAccount.name}` ||
    /:/.test(namespace + serviceAccount.name)
  ) {
    return fault('subject_mismatch', 'the claim sub is not that of the service account in kubernetes.io')
  }
  return pass({ namespace, serviceAccount, pod, node })
}

const LEGACY_CLAIM = 'kubernetes.io/serviceaccount/namespace'
const LEGACY = 'legacy service account token, which never expires: use a projected, bound token instead of a secret'

/** A legacy token has no `exp`, so the parser has refused it; this only finds the better word for why. */
function isLegacy(text: string): boolean {
  const form = parseTokenForm(text)
  return form.ok && LEGACY_CLAIM in form.value.claims
}

function fault(code: RefusalCode, what: string): Checked<never> {
  return refuse({ code, detail: `JWT verification failed: ${what}` })
}

function readNamed(value: Json | undefined): Named | undefined | 'malformed' {
  if (value === undefined) return undefined
  if (!isJsonObject(value)) return 'malformed'
  const { name, uid }: JsonObject = value
  if (typeof name !== 'string' || name === '' || !(uid === undefined || typeof uid === 'string')) return 'malformed'
  return { name, uid }
}

/** The first pin that does not hold. What the policy expects goes to the audit record alone. */
function checkPins(
  token: VerifiedToken,
  { namespace, serviceAccount, pod, node }: Binding,
  pins: K8sTokenPins,
): Refusal | undefined {
  const lifetime = token.expiresAtSeconds - token.issuedAtSeconds
  if (lifetime > pins.maxLifetimeSeconds) {
    return {
      code: 'token_lifetime_excessive',
      detail: `the token was issued for ${describeSeconds(lifetime)}, longer than the policy accepts: lower expirationSeconds of the projected token`,
      audit: { maxTokenLifetimeSeconds: pins.maxLifetimeSeconds },
    }
  }
  if (pins.namespace !== undefined && pins.namespace !== namespace) {
    return {
      code: 'namespace_not_allowed',
      detail: `the namespace "${namespace}" is not one that may log in here`,
      audit: { serviceAccountNamespace: pins.namespace },
    }
  }
  const account = `${namespace}:${serviceAccount.name}`
  if (pins.serviceAccount !== undefined && pins.serviceAccount !== serviceAccount.name) {
    return accountRefusal(account, [pins.serviceAccount])
  }
  if (pins.allowedServiceAccounts?.some((pattern) => matchesGlob(pattern, account)) === false) {
    return accountRefusal(account, pins.allowedServiceAccounts)
  }
  if (pins.requireBoundPod && (pod === undefined || pod.uid === undefined)) {
    return {
      code: 'pod_required',
      detail: 'the token is not bound to a pod: use a projected token of a pod, not one made with kubectl create token',
    }
  }
  if (pins.allowedNodes !== undefined) {
    if (node === undefined) {
      return {
        code: 'node_not_allowed',
        detail: 'the token names no node: Kubernetes 1.32 and newer bind pod tokens to nodes',
        audit: { allowedNodes: pins.allowedNodes },
      }
    }
    if (!pins.allowedNodes.some((pattern) => matchesGlob(pattern, node.name))) {
      return {
        code: 'node_not_allowed',
        detail: `the node "${node.name}" is not one that may log in here`,
        audit: { allowedNodes: pins.allowedNodes },
      }
    }
  }
  return undefined
}

function accountRefusal(account: string, expected: readonly string[]): Refusal {
  return {
    code: 'service_account_not_allowed',
    detail: `the service account "${account}" is not one that may log in here`,
    audit: { allowedServiceAccounts: expected },
  }
}

function attributesOf(token: VerifiedToken, { namespace, serviceAccount, pod, node }: Binding): readonly Attribute[] {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['issuer', token.issuer],
    ['namespace', namespace],
    ['service_account.name', serviceAccount.name],
    ['service_account.uid', serviceAccount.uid],
    ['pod.name', pod?.name],
    ['pod.uid', pod?.uid],
    ['node.name', node?.name],
    ['node.uid', node?.uid],
  ]
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [{ origin: 'k8s_token', name: `k8s_token.${name}`, value }],
  )
}
