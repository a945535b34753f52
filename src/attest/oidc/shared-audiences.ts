// Audiences that are not the gateway's: a token with one of them was made for somebody else's API, and whoever receives
// it there could send it here.

interface SharedAudience {
  readonly matches: RegExp
  readonly whose: string
}

const SHARED: readonly SharedAudience[] = [
  {
    matches: /^https:\/\/(?:management|graph|vault|storage|database)\.[a-z.]*(?:azure|microsoft|windows)\.[a-z]+\/?$/i,
    whose: 'an API of Azure',
  },
  { matches: /^https:\/\/(?:management\.core\.windows\.net|graph\.windows\.net)\/?$/i, whose: 'an API of Azure' },
  {
    matches: /^api:\/\/AzureADTokenExchange$/i,
    whose: 'the token exchange of Entra, which every workload federation uses',
  },
  { matches: /^sts\.amazonaws\.com(?:\.cn)?$/i, whose: 'AWS STS, which every workload federation uses' },
  { matches: /^https:\/\/(?:[a-z0-9-]+\.)*googleapis\.com(?:\/.*)?$/i, whose: 'an API of Google' },
  { matches: /^(?:https:)?\/\/iam\.googleapis\.com\/.*$/i, whose: 'the workload identity federation of Google' },
  {
    matches: /^https:\/\/(?:api\.)?github\.com(?:\/[^/]+)?\/?$/i,
    whose: 'the default of GitHub, which every job of the owner can have',
  },
  { matches: /^https:\/\/gitlab\.com\/?$/i, whose: 'GitLab itself' },
  { matches: /^sigstore$/i, whose: 'Sigstore, which every signing job uses' },
  { matches: /^https:\/\/(?:[a-z0-9-]+\.)*vault(?:project)?\.[a-z.]+\/?$/i, whose: 'a Vault' },
  { matches: /^(?:https?:\/\/)?kubernetes\.default\.svc(?:\.[a-z0-9.-]+)?$/i, whose: 'the API server of Kubernetes' },
]

/** Whose audience this is, if it is a well-known one that is not a gateway's. */
export function findOwnerOfAudience(audience: string): string | undefined {
  return SHARED.find(({ matches }) => matches.test(audience))?.whose
}
