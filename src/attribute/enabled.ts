// Decides whether a setting enables an attribute that is off by default.
import { beginsWithAnyListed } from '../core/prefixes.ts'
import type { ResolvedAttribute } from './catalogue.ts'

/** The settings of `Cluster` and `WorkloadAttestation` that enable attributes. An absent setting is off. */
export interface Enablement {
  readonly includeContainerAttributes: boolean
  /** Prefixes of annotation keys. An empty list enables no annotation. */
  readonly includeAnnotationPrefixes: readonly string[]
  /** Prefixes of names of container environment variables, case-sensitive. */
  readonly includeEnvVars?: readonly string[]
  readonly discoverWorkloadPath?: boolean
}

export function isEnabled({ row, key = '' }: ResolvedAttribute, enablement: Enablement): boolean {
  if (row.enabledBy === undefined) return true
  switch (row.enabledBy) {
    case 'includeContainerAttributes':
      return enablement.includeContainerAttributes
    case 'includeAnnotationPrefixes':
      return beginsWithAnyListed(key, enablement.includeAnnotationPrefixes)
    case 'includeEnvVars':
      return enablement.includeEnvVars !== undefined && beginsWithAnyListed(key, enablement.includeEnvVars)
    case 'discoverWorkloadPath':
      return enablement.discoverWorkloadPath ?? false
  }
}
