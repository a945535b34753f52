// Which policies admit evidence that does not hold the fact of an entry: such evidence is not refused by the entry.
import { resolveAttribute } from '../../attribute/catalogue.ts'
import { findFixedAttributes } from '../../condition/fixed-attributes.ts'
import type { Policy } from '../../policy/policy.ts'
import type { RevokedFact } from '../../policy/revocation/revocation.ts'

/** A policy that may admit without the fact, and the attribute that its evidence may lack. */
export interface Unproved {
  readonly policy: string
  readonly attribute: string
}

/** The attribute of agents that holds the fact; `undefined` if none does: a session, a token, a fact of workloads. */
function findAgentAttribute(fact: RevokedFact): string | undefined {
  switch (fact.kind) {
    case 'pod':
      return 'k8s_token.pod.uid'
    case 'serviceAccount':
      return 'k8s_token.service_account.name'
    case 'node':
      return 'k8s_token.node.name'
    case 'attribute':
      return resolveAttribute(fact.name)?.row.side === 'agent' ? fact.name : undefined
    default:
      return undefined
  }
}

/** Lists the policies whose evidence need not hold the fact. */
export function findUnproved(fact: RevokedFact, policies: readonly Policy[]): readonly Unproved[] {
  const attribute = findAgentAttribute(fact)
  const resolved = attribute === undefined ? undefined : resolveAttribute(attribute)
  if (resolved === undefined) return []
  const { name, row } = resolved
  return policies
    .filter(({ requirements, conditions }) => {
      const holds = requirements.some(
        ({ type, proves = [] }) => type === row.origin && (row.optional !== true || proves.includes(name)),
      )
      return !holds && !conditions.some(({ condition }) => findFixedAttributes(condition.expression).includes(name))
    })
    .map(({ name: policy }) => ({ policy, attribute: name }))
}
