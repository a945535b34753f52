// What only some hosts of the gateway can do. Documents compile alike on every host: an entry that needs what this host
// cannot do makes its section UNHEALTHY here and is refused as not available now, and other policies go on.

export const HOST_NAMES = ['workers', 'node', 'deno'] as const
export type HostName = (typeof HOST_NAMES)[number]

interface FeatureRow {
  /** What the host must be able to do, after "can" and "cannot". */
  readonly does: string
  readonly hosts: readonly HostName[]
}

/** A host's `fetch` has the features that `createGateway({ hostFeatures })` lists. */
export const HOST_FEATURES = {
  listed_networks: {
    does: 'connect to addresses of the networks that its operator lists, and only to an address that it has checked',
    hosts: ['node', 'deno'],
  },
  own_authorities: { does: 'verify a server by certificate authorities of a document', hosts: ['node', 'deno'] },
} as const satisfies Record<string, FeatureRow>

export type HostFeature = keyof typeof HOST_FEATURES

const FEATURES = Object.keys(HOST_FEATURES) as readonly HostFeature[]

/** For the tool, which checks documents for a host that it does not know. */
export const EVERY_FEATURE: ReadonlySet<HostFeature> = new Set(FEATURES)

export function listHostFeatures(host: HostName): ReadonlySet<HostFeature> {
  return new Set(FEATURES.filter((feature) => (HOST_FEATURES[feature].hosts as readonly HostName[]).includes(host)))
}
