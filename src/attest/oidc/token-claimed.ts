// The unverified claims of a token, for the audit record of a refused login.
import type { JsonObject } from '../../core/json.ts'
import { readUnverified } from '../../token/unverified.ts'
import { type Claimed, pickClaimed, readClaimedText, readClaimedTexts, readClaimedTime } from '../claimed.ts'

/** Reads the claims that can be read strictly. Never throws. `own`: reads the claims that are specific to the row. */
export function readClaimedOfToken(token: string, own: (claims: JsonObject) => Claimed): Claimed {
  const { header, claims } = readUnverified(token)
  return {
    ...pickClaimed({
      issuer: readClaimedText(claims['iss']),
      subject: readClaimedText(claims['sub']),
      keyId: readClaimedText(header['kid']),
    }),
    ...own(claims),
    ...pickClaimed({
      issuedAt: readClaimedTime(claims['iat']),
      notBefore: readClaimedTime(claims['nbf']),
      expiresAt: readClaimedTime(claims['exp']),
      audiences: readClaimedTexts(claims['aud']),
    }),
  }
}
