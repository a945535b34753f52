// Resource ids of Azure Resource Manager. Their case varies, so they are compared in lower case, and always by whole
// segments: a search for `/virtualMachines/prod` would find `prod2` too.
export interface ArmId {
  readonly subscription: string
  readonly resourceGroup: string
  /** `microsoft.compute/virtualmachines`, in lower case. */
  readonly type: string
  readonly name: string
}

const SEGMENT = /^[A-Za-z0-9._()-]{1,260}$/

/**
 * Parses `/subscriptions/S/resourcegroups/G/providers/NAMESPACE/TYPE/NAME`, with further pairs of type and name behind.
 *
 * @returns the parts in lower case; `undefined` for anything else
 */
export function parseArmId(text: string): ArmId | undefined {
  const [root, subscriptions, subscription, groups, group, providers, namespace, ...pairs] = text.split('/')
  if (root !== '' || subscriptions?.toLowerCase() !== 'subscriptions' || groups?.toLowerCase() !== 'resourcegroups')
    return undefined
  if (providers?.toLowerCase() !== 'providers' || pairs.length < 2 || pairs.length % 2 !== 0) return undefined
  const segments = [subscription, group, namespace, ...pairs]
  if (!segments.every((segment): segment is string => segment !== undefined && SEGMENT.test(segment))) return undefined
  const types = pairs.filter((_part, index) => index % 2 === 0)
  const names = pairs.filter((_part, index) => index % 2 === 1)
  return {
    subscription: (subscription ?? '').toLowerCase(),
    resourceGroup: (group ?? '').toLowerCase(),
    type: [namespace, ...types].join('/').toLowerCase(),
    name: names.join('/').toLowerCase(),
  }
}
