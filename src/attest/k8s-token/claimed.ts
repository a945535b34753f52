// What a service account token claims, verified or not: for the audit record of a refused login.
import { isJsonObject, type Json } from '../../core/json.ts'
import { readUnverified } from '../../token/unverified.ts'
import { type Claimed, claimedOf, claimedText, claimedTexts, claimedTime } from '../claimed.ts'

/** Reads as much of the token as can be read strictly; never throws. */
export function readClaimedOfToken(token: string): Claimed {
  const { header, claims } = readUnverified(token)
  const bound = memberOf(claims, 'kubernetes.io')
  return claimedOf({
    issuer: claimedText(claims['iss']),
    subject: claimedText(claims['sub']),
    keyId: claimedText(header['kid']),
    namespace: claimedText(memberOf(bound, 'namespace')),
    serviceAccount: claimedText(memberOf(memberOf(bound, 'serviceaccount'), 'name')),
    pod: claimedText(memberOf(memberOf(bound, 'pod'), 'name')),
    node: claimedText(memberOf(memberOf(bound, 'node'), 'name')),
    issuedAt: claimedTime(claims['iat']),
    notBefore: claimedTime(claims['nbf']),
    expiresAt: claimedTime(claims['exp']),
    audiences: claimedTexts(claims['aud']),
  })
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  return value !== undefined && isJsonObject(value) ? value[name] : undefined
}
