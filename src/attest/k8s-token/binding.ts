// The `kubernetes.io` claim of a service account token (Kubernetes `pkg/serviceaccount/claims.go`): what the token is
// bound to, its parts checked against `sub`, and the attributes that this proves.
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { DNS_LABEL_MAX_BYTES, DNS_NAME_MAX_BYTES, UID_MAX_LENGTH } from '../../core/limits.ts'
import type { Refusal, RefusalCode } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { type ParsedToken, parseTokenForm } from '../../token/parse.ts'

export interface Binding {
  readonly namespace: string
  readonly serviceAccount: Named
  readonly pod: Named | undefined
  readonly node: Named | undefined
}

interface Named {
  readonly name: string
  readonly uid: string | undefined
}

/** Reads the claim of a service account token and checks what holds for each of them, independent of policies. */
export function readBinding(token: ParsedToken): Checked<Binding> {
  const claim = token.claims['kubernetes.io']
  if (!isJsonObject(claim)) {
    return LEGACY_CLAIM in token.claims
      ? refuse(LEGACY)
      : refuseToken('claim_missing', 'the claim kubernetes.io is missing: this is not a bound service account token')
  }
  if ('warnafter' in claim) {
    return refuseToken(
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
    return refuseToken('claim_malformed', 'the claim kubernetes.io does not name a namespace and a service account')
  }
  if (pod === 'malformed' || node === 'malformed') {
    return refuseToken('claim_malformed', 'the claim kubernetes.io has a pod or a node without a name')
  }
  if (
    token.claims['sub'] !== `system:serviceaccount:${namespace}:${serviceAccount.name}` ||
    /:/.test(namespace + serviceAccount.name)
  ) {
    return refuseToken('subject_mismatch', 'the claim sub does not match the service account in kubernetes.io')
  }
  const malformed = findMalformedName({ namespace, serviceAccount, pod, node })
  if (malformed !== undefined) return refuseToken('claim_malformed', `the claim kubernetes.io has ${malformed}`)
  return pass({ namespace, serviceAccount, pod, node })
}

/** RFC 1123 as Kubernetes has it (apimachinery `IsDNS1123Label`, `IsDNS1123Subdomain`: no bound for each label). */
const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/**
 * Finds a name that Kubernetes never assigns, as a sentence fragment. An issuer can still sign one, and names go into
 * attributes, conditions and audit records, where a NUL or a line break could forge a value or a line.
 */
function findMalformedName({ namespace, ...named }: Binding): string | undefined {
  if (namespace.length > DNS_LABEL_MAX_BYTES || !LABEL.test(namespace)) return 'a namespace that is not a DNS label'
  const owners = { 'service account': named.serviceAccount, pod: named.pod, node: named.node }
  for (const [what, owner] of Object.entries(owners)) {
    if (owner === undefined) continue
    const { name, uid } = owner
    if (name.length > DNS_NAME_MAX_BYTES || !SUBDOMAIN.test(name)) return `a ${what} whose name is not a DNS subdomain`
    if (uid === undefined) continue
    if (uid.length > UID_MAX_LENGTH || !/^[\x21-\x7e]+$/.test(uid))
      return `a ${what} whose uid is not 1 to ${UID_MAX_LENGTH} printable ASCII characters`
  }
  return undefined
}

const LEGACY_CLAIM = 'kubernetes.io/serviceaccount/namespace'

/** Describes a legacy token precisely: it has no `exp`, so the parser has already refused it. */
export function explainLegacy(text: string): Refusal | undefined {
  const form = parseTokenForm(text)
  return form.ok && LEGACY_CLAIM in form.value.claims ? LEGACY : undefined
}

const LEGACY: Refusal = {
  code: 'token_legacy',
  detail:
    'JWT verification failed: this is a legacy service account token, which never expires: use a projected, bound token instead of a secret',
}

function refuseToken(code: RefusalCode, what: string): Checked<never> {
  return refuse({ code, detail: `JWT verification failed: ${what}` })
}

function readNamed(value: Json | undefined): Named | undefined | 'malformed' {
  if (value === undefined) return undefined
  if (!isJsonObject(value)) return 'malformed'
  const { name, uid }: JsonObject = value
  if (typeof name !== 'string' || name === '' || !(uid === undefined || typeof uid === 'string')) return 'malformed'
  return { name, uid }
}

/** In one line, as the subject of such a token is written. */
export function describeBinding({ namespace, serviceAccount }: Binding): string {
  return `system:serviceaccount:${namespace}:${serviceAccount.name}`
}

export function listBindingAttributes(
  issuer: string,
  { namespace, serviceAccount, pod, node }: Binding,
): readonly Attribute[] {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['issuer', issuer],
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

/**
 * {@link listBindingAttributes} the other way round, for recorded logins; `undefined` if these are not of such a token.
 */
export function restoreBinding(attributes: Attributes): { readonly issuer: string; readonly own: Binding } | undefined {
  function readText(name: string): string | undefined {
    const value = attributes.get(`k8s_token.${name}`)
    return typeof value === 'string' ? value : undefined
  }
  function restoreNamed(what: string): Named | undefined {
    const name = readText(`${what}.name`)
    return name === undefined ? undefined : { name, uid: readText(`${what}.uid`) }
  }
  const issuer = readText('issuer')
  const namespace = readText('namespace')
  const serviceAccount = restoreNamed('service_account')
  if (issuer === undefined || namespace === undefined || serviceAccount === undefined) return undefined
  return { issuer, own: { namespace, serviceAccount, pod: restoreNamed('pod'), node: restoreNamed('node') } }
}
