// Attributes that are off until a setting names or allows them.
import { beginsWithAnyListed } from '../core/prefixes.ts'
import type { ResolvedAttribute } from './catalogue.ts'

/** The settings of `Cluster` and `WorkloadAttestation` that decide. What is not given is off. */
export interface Enablement {
  readonly includeContainerAttributes: boolean
  /** Prefixes of annotation keys; none enables none. */
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
