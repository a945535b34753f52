// What an agent signs: the same on both sides.

export interface MessageScope {
  readonly role: 'agent' | 'issuer'
  /** Absent for issuers, who log in to the trust domain. */
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
