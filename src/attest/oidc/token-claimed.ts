// What a token claims, verified or not: for the audit record of a refused login.
import type { JsonObject } from '../../core/json.ts'
import { readUnverified } from '../../token/unverified.ts'
import { type Claimed, claimedOf, claimedText, claimedTexts, claimedTime } from '../claimed.ts'

/** Reads as much of the token as can be read strictly; never throws. `own`: what a row reads of the claims besides. */
export function readClaimedOfToken(token: string, own: (claims: JsonObject) => Claimed): Claimed {
  const { header, claims } = readUnverified(token)
  return {
    ...claimedOf({
      issuer: claimedText(claims['iss']),
      subject: claimedText(claims['sub']),
      keyId: claimedText(header['kid']),
    }),
    ...own(claims),
    ...claimedOf({
      issuedAt: claimedTime(claims['iat']),
      notBefore: claimedTime(claims['nbf']),
      expiresAt: claimedTime(claims['exp']),
      audiences: claimedTexts(claims['aud']),
    }),
  }
}
