// Entries of section `Revocations`, and where evidence, sessions and workloads hold the fact that an entry names.
import type { Attributes } from '../../attribute/attribute.ts'
import type { TokenId } from '../../token/session/session-claims.ts'

/** What an entry revokes. Strings are compared exactly, without wildcards. */
export type RevokedFact =
  | { readonly kind: 'pod'; readonly namespace: string; readonly uid: string }
  | { readonly kind: 'serviceAccount'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'attribute'; readonly name: string; readonly value: string }
  | { readonly kind: 'tokenId'; readonly issuer: string; readonly jti: string }
  | { readonly kind: 'session'; readonly id: string }

export interface Revocation {
  /** Position in `spec.entries`, from 0. */
  readonly index: number
  readonly fact: RevokedFact
  /** The entry holds before this time. Seconds since the epoch. */
  readonly untilSeconds: number
  readonly reason: string
}

/** Shuts every login and session of its scope before `untilSeconds`. */
export interface Lock {
  readonly untilSeconds: number
  readonly reason: string
}

/** Who asks: the attributes of one session or workload, and for an agent or issuer what identifies its evidence. */
export interface RevocationSubject {
  readonly attributes: Attributes
  readonly tokenIds?: readonly TokenId[]
  readonly sessionId?: string
}

/** An attribute that names a pod or a service account, and the attribute that names its namespace. */
interface NamespacedName {
  readonly name: string
  readonly namespace: string
}

/** The attributes of agents and of workloads that hold the fact of an entry. */
export const POD_ATTRIBUTES: readonly NamespacedName[] = [
  { name: 'k8s_token.pod.uid', namespace: 'k8s_token.namespace' },
  { name: 'kubernetes.pod.uid', namespace: 'kubernetes.pod.namespace' },
]
export const SERVICE_ACCOUNT_ATTRIBUTES: readonly NamespacedName[] = [
  { name: 'k8s_token.service_account.name', namespace: 'k8s_token.namespace' },
  { name: 'kubernetes.pod.service_account', namespace: 'kubernetes.pod.namespace' },
]
export const NODE_ATTRIBUTES = ['k8s_token.node.name', 'kubernetes.pod.node.name'] as const

/** Describes a fact in a few words, for operators: `node ip-10-0-0-1`. */
export function describeFact(fact: RevokedFact): string {
  switch (fact.kind) {
    case 'pod':
      return `pod ${fact.namespace}/${fact.uid}`
    case 'serviceAccount':
      return `service account ${fact.namespace}/${fact.name}`
    case 'node':
      return `node ${fact.name}`
    case 'attribute':
      return `attribute ${fact.name}=${fact.value}`
    case 'tokenId':
      return `token ${fact.jti} of ${fact.issuer}`
    case 'session':
      return `session ${fact.id}`
  }
}
