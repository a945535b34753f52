// What a service account token claims of the workload that it is bound to, verified or not.
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { type Claimed, pickClaimed, readClaimedText } from '../claimed.ts'

export function readClaimedBinding(claims: JsonObject): Claimed {
  const bound = readMember(claims, 'kubernetes.io')
  return pickClaimed({
    namespace: readClaimedText(readMember(bound, 'namespace')),
    serviceAccount: readClaimedText(readMember(readMember(bound, 'serviceaccount'), 'name')),
    pod: readClaimedText(readMember(readMember(bound, 'pod'), 'name')),
    node: readClaimedText(readMember(readMember(bound, 'node'), 'name')),
  })
}

function readMember(value: Json | undefined, name: string): Json | undefined {
  return value !== undefined && isJsonObject(value) ? value[name] : undefined
}
