// What a service account token claims of the workload that it is bound to, verified or not.
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { type Claimed, claimedOf, claimedText } from '../claimed.ts'

export function readClaimedBinding(claims: JsonObject): Claimed {
  const bound = memberOf(claims, 'kubernetes.io')
  return claimedOf({
    namespace: claimedText(memberOf(bound, 'namespace')),
    serviceAccount: claimedText(memberOf(memberOf(bound, 'serviceaccount'), 'name')),
    pod: claimedText(memberOf(memberOf(bound, 'pod'), 'name')),
    node: claimedText(memberOf(memberOf(bound, 'node'), 'name')),
  })
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  return value !== undefined && isJsonObject(value) ? value[name] : undefined
}
