// Documents of the bench.

export interface Policy {
  /** Of the attestor `k8s_token`. */
  readonly config: Readonly<Record<string, unknown>>
  readonly conditions?: readonly { readonly expression: string; readonly message: string }[]
}

export function agentsKey(clusterId: string): string {
  return `clusters/${clusterId}/AgentAttestation`
}

/** `AgentAttestation` as JSON, which is YAML. */
export function agentsDocument(policies: readonly Policy[]): string {
  const listed = policies.map(({ config, conditions }, n) => ({
    name: `policy-${n}`,
    requiredAttestors: [{ type: 'k8s_token', config }],
    ...(conditions === undefined ? {} : { conditions }),
  }))
  return JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: { policies: listed } })
}

/** Policies that trust other issuers. */
export function strangers(count: number): readonly Policy[] {
  return Array.from({ length: count }, (_, n) => ({ config: { issuerURL: `https://oidc.example.com/id/${n}` } }))
}
