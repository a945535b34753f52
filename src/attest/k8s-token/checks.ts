// What a policy asks of a service account token, check by check. The caller is told of its own token; what the policy
// expects goes to the audit record and to the operator's explanation alone.
import { describeSeconds } from '../../core/duration.ts'
import { QUOTED_AUDIENCES_MAX, QUOTED_CLAIM_MAX_CHARACTERS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { KeySourceSpec } from '../../token/keys/key-source-spec.ts'
import type { Check } from '../check.ts'
import { matchesGlob } from '../glob.ts'
import type { Binding } from './binding.ts'
import type { K8sTokenPins } from './config.ts'
import { acceptedAudiences, type TokenFacts } from './record.ts'

type Audiences = Pick<TokenFacts, 'audiences'>

/** What any of several policies accepts. */
export interface WantedAudiences {
  readonly stated: ReadonlySet<string>
  /** At least one states none, and so accepts the default. */
  readonly acceptsDefault: boolean
}

/** `undefined` of no policy at all. */
export function combineAudiences(all: readonly Pick<K8sTokenPins, 'audiences'>[]): WantedAudiences | undefined {
  if (all.length === 0) return undefined
  const stated = new Set(all.flatMap(({ audiences }) => audiences ?? []))
  return { stated, acceptsDefault: all.some(({ audiences }) => audiences === undefined) }
}

/** Takes a look-up for each audience of the token, however many policies there are. */
export function isMeantForAny(
  { audiences }: Audiences,
  { stated, acceptsDefault }: WantedAudiences,
  defaultAudience: string,
): boolean {
  return audiences.some((audience) => stated.has(audience) || (acceptsDefault && audience === defaultAudience))
}

function isMeantForUs({ audiences }: Audiences, pins: K8sTokenPins, defaultAudience: string): boolean {
  const wanted = acceptedAudiences(pins, defaultAudience)
  return audiences.some((audience) => wanted.includes(audience))
}

/** All audiences that any of the policies accepts. */
export function acceptedByAny({ stated, acceptsDefault }: WantedAudiences, defaultAudience: string): readonly string[] {
  return [...new Set([...(acceptsDefault ? [defaultAudience] : []), ...stated])]
}

/** `expected`: what the policies that might have taken the token accept. */
export function audienceMismatch({ audiences }: Audiences, expected: readonly string[]): Refusal {
  const shown = audiences.slice(0, QUOTED_AUDIENCES_MAX).map((audience) => quoteText(audience))
  const more = audiences.length - shown.length
  const given = `${shown.join(', ')}${more === 0 ? '' : ` and ${more} more`}`
  return {
    code: 'audience_mismatch',
    detail: `JWT verification failed: audience: the token is meant for ${given}, which is not what this gateway accepts; set the audience of the projected token`,
    audit: { audiences: expected },
  }
}

export function checkAudience(facts: Audiences, pins: K8sTokenPins, defaultAudience: string): Check {
  return {
    name: 'audience',
    expected: pins.audiences ?? defaultAudience,
    actual: facts.audiences,
    refusal: isMeantForUs(facts, pins, defaultAudience)
      ? undefined
      : audienceMismatch(facts, acceptedAudiences(pins, defaultAudience)),
  }
}

export function checkLifetime({ lifetimeSeconds: lifetime }: TokenFacts, { maxLifetimeSeconds }: K8sTokenPins): Check {
  return {
    name: 'lifetime',
    expected: atMost(maxLifetimeSeconds),
    actual: describeSeconds(lifetime),
    refusal:
      lifetime <= maxLifetimeSeconds
        ? undefined
        : {
            code: 'token_lifetime_excessive',
            detail: `the token was issued for ${describeSeconds(lifetime)}, longer than the policy accepts: lower expirationSeconds of the projected token`,
            audit: { maxTokenLifetime: `${maxLifetimeSeconds}s` },
          },
  }
}

export function atMost(seconds: number): string {
  return `at most ${describeSeconds(seconds)}`
}

/** Those that the policy states, in the order in which they decide. */
export function* checkBinding(
  { namespace, serviceAccount, pod, node }: Binding,
  { namespace: expectedNamespace, ...pins }: K8sTokenPins,
): Generator<Check> {
  if (expectedNamespace !== undefined) {
    const refusal: Refusal = {
      code: 'namespace_not_allowed',
      detail: `the namespace ${quoteClaim(namespace)} is not one that may log in here`,
      audit: { serviceAccountNamespace: expectedNamespace },
    }
    yield checkOf('namespace', expectedNamespace, namespace, expectedNamespace === namespace, refusal)
  }
  const account = `${namespace}:${serviceAccount.name}`
  if (pins.serviceAccount !== undefined) {
    const refusal = accountRefusal(account, { serviceAccountName: pins.serviceAccount })
    const { name } = serviceAccount
    yield checkOf('service account', pins.serviceAccount, name, pins.serviceAccount === name, refusal)
  }
  if (pins.allowedServiceAccounts !== undefined) {
    const { allowedServiceAccounts } = pins
    const isAllowed = allowedServiceAccounts.some((pattern) => matchesGlob(pattern, account))
    const refusal = accountRefusal(account, { allowedServiceAccounts })
    yield checkOf('allowed accounts', allowedServiceAccounts, account, isAllowed, refusal)
  }
  if (pins.requireBoundPod) {
    yield checkOf('bound pod', 'a pod with its uid', pod?.name, pod?.uid !== undefined, {
      code: 'pod_required',
      detail: 'the token is not bound to a pod: use a projected token of a pod, not one made with kubectl create token',
      audit: { requireBoundPod: true },
    })
  }
  if (pins.allowedNodes !== undefined) {
    const { allowedNodes } = pins
    const isAllowed = node !== undefined && allowedNodes.some((pattern) => matchesGlob(pattern, node.name))
    yield checkOf('node', allowedNodes, node?.name, isAllowed, {
      code: 'node_not_allowed',
      detail:
        node === undefined
          ? 'the token names no node: Kubernetes 1.32 and newer bind pod tokens to nodes'
          : `the node ${quoteClaim(node.name)} is not one that may log in here`,
      audit: { allowedNodes },
    })
  }
}

function checkOf(
  name: string,
  expected: Check['expected'],
  actual: string | undefined,
  holds: boolean,
  refusal: Refusal,
): Check {
  return { name, expected, actual, refusal: holds ? undefined : refusal }
}

function accountRefusal(account: string, audit: NonNullable<Refusal['audit']>): Refusal {
  return {
    code: 'service_account_not_allowed',
    detail: `the service account ${quoteClaim(account)} is not one that may log in here`,
    audit,
  }
}

/** A name of the token. Kubernetes has its rules for names; an issuer may sign anything. */
function quoteClaim(name: string): string {
  return quoteText(name, QUOTED_CLAIM_MAX_CHARACTERS)
}

/** Where keys come from, in the operator's words. */
export function describeKeySource(source: KeySourceSpec): string {
  switch (source.kind) {
    case 'inline':
      return 'a key of the document (jwks)'
    case 'jwks_uri':
      return `a key at ${source.url}`
    case 'discovery':
      return `a key that ${source.issuer} publishes`
  }
}
