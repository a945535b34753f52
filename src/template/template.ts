// Compiled templates. Each surface has its own structure, so rendering never parses the source again.
import type { SubjectPart } from '../identity/parse-distinguished-name.ts'
import type { Part, Reference } from './syntax.ts'

interface Common {
  readonly text: string
  /** In the order of the text. */
  readonly references: readonly Reference[]
}

/** One segment of a path: literal parts and references, joined. */
export type SegmentTemplate = readonly Part[]

export interface PathTemplate extends Common {
  readonly surface: 'pathTemplate'
  /** The last one may end in a reference with the filter `segments`. */
  readonly segments: readonly SegmentTemplate[]
}

export interface ClaimTemplate extends Common {
  readonly surface: 'jwtClaim'
  readonly parts: readonly Part[]
}

export interface SubjectTemplate extends Common {
  readonly surface: 'x509Subject'
  readonly rdns: readonly (readonly SubjectPart<Reference>[])[]
}

export interface DnsNameTemplate extends Common {
  readonly surface: 'dnsName'
  readonly parts: readonly Part[]
}

export type Template = PathTemplate | ClaimTemplate | SubjectTemplate | DnsNameTemplate

/** Whether `/` may pass through this reference. */
export function spansSegments(reference: Reference): boolean {
  return reference.filters.at(-1)?.name === 'segments'
}
