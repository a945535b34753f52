// What an agent signs: the same on both sides.

/**
 * What a challenge is for: the login of an agent or of an issuer, or an identity by `ServerlessAttestation`. It is sealed
 * and signed, so that a proof for one is worth nothing for another.
 */
export type ChallengeRole = 'agent' | 'issuer' | 'serverless'

export interface MessageScope {
  readonly role: ChallengeRole
  /** Absent for the trust domain. */
  readonly clusterId: string | undefined
  /** The agent takes its own, so that no other gateway can pass the challenge on. */
  readonly issuerUrl: string
}

/**
 * Makes the message that an agent signs.
 *
 * @returns five lines separated by `\n`, without one at the end: version, URL, role, cluster id (may be empty), challenge
 */
export function makeChallengeMessage(sealed: string, { role, clusterId, issuerUrl }: MessageScope): string {
  return ['postern-login/1', issuerUrl, role, clusterId ?? '', sealed].join('\n')
}
