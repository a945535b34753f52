// The checks of the workload that a service account token is bound to. A refusal describes the caller's own token; what
// the policy expects goes to the audit record and the operator's explanation only.
import { QUOTED_CLAIM_MAX_CHARACTERS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Check } from '../check.ts'
import { matchesGlob } from '../glob.ts'
import type { Binding } from './binding.ts'

export interface K8sTokenPins {
  readonly namespace: string | undefined
  readonly serviceAccount: string | undefined
  /** `namespace:name`, any one of them; `*` is a wildcard. */
  readonly allowedServiceAccounts: readonly string[] | undefined
  readonly allowedNodes: readonly string[] | undefined
  readonly requireBoundPod: boolean
}

/** Checks what the policy requires, in the order in which the checks decide. */
export function* checkBinding(
  { namespace, serviceAccount, pod, node }: Binding,
  { namespace: expectedNamespace, ...pins }: K8sTokenPins,
): Generator<Check> {
  if (expectedNamespace !== undefined) {
    const refusal: Refusal = {
      code: 'namespace_not_allowed',
      detail: `the namespace ${quoteClaim(namespace)} is not allowed to log in`,
      audit: { serviceAccountNamespace: expectedNamespace },
    }
    yield makeCheck('namespace', expectedNamespace, namespace, expectedNamespace === namespace, refusal)
  }
  const account = `${namespace}:${serviceAccount.name}`
  if (pins.serviceAccount !== undefined) {
    const refusal = refuseAccount(account, { serviceAccountName: pins.serviceAccount })
    const { name } = serviceAccount
    yield makeCheck('service account', pins.serviceAccount, name, pins.serviceAccount === name, refusal)
  }
  if (pins.allowedServiceAccounts !== undefined) {
    const { allowedServiceAccounts } = pins
    const isAllowed = allowedServiceAccounts.some((pattern) => matchesGlob(pattern, account))
    const refusal = refuseAccount(account, { allowedServiceAccounts })
    yield makeCheck('allowed accounts', allowedServiceAccounts, account, isAllowed, refusal)
  }
  if (pins.requireBoundPod) {
    yield makeCheck('bound pod', 'a pod with its uid', pod?.name, pod?.uid !== undefined, {
      code: 'pod_required',
      detail: 'the token is not bound to a pod: use a projected token of a pod, not one made with kubectl create token',
      audit: { requireBoundPod: true },
    })
  }
  if (pins.allowedNodes !== undefined) {
    const { allowedNodes } = pins
    const isAllowed = node !== undefined && allowedNodes.some((pattern) => matchesGlob(pattern, node.name))
    yield makeCheck('node', allowedNodes, node?.name, isAllowed, {
      code: 'node_not_allowed',
      detail:
        node === undefined
          ? 'the token names no node: Kubernetes 1.32 and newer bind pod tokens to nodes'
          : `the node ${quoteClaim(node.name)} is not allowed to log in`,
      audit: { allowedNodes },
    })
  }
}

function makeCheck(
  name: string,
  expected: Check['expected'],
  actual: string | undefined,
  holds: boolean,
  refusal: Refusal,
): Check {
  return { name, expected, actual, refusal: holds ? undefined : refusal }
}

function refuseAccount(account: string, audit: NonNullable<Refusal['audit']>): Refusal {
  return {
    code: 'service_account_not_allowed',
    detail: `the service account ${quoteClaim(account)} is not allowed to log in`,
    audit,
  }
}

/** Quotes a name of the token. Kubernetes restricts names, but an issuer can sign any string. */
function quoteClaim(name: string): string {
  return quoteText(name, QUOTED_CLAIM_MAX_CHARACTERS)
}
