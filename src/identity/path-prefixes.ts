// Prefixes of SPIFFE paths, compared by whole segments: `/prod` includes `/prod` and `/prod/x`, but not `/production`.
// Each prefix is kept with a slash at its end, so that comparing strings compares segments.
import { beginsWithAny, type Prefixes, sortPrefixes } from '../core/prefixes.ts'

declare const checked: unique symbol

/** Only {@link createPathPrefixes} makes one. */
export type PathPrefixes = Prefixes & { readonly [checked]: 'PathPrefixes' }

/**
 * Sorts prefixes. The caller has checked `paths`: each starts with a slash, does not end with one, and has no empty
 * segment.
 */
export function createPathPrefixes(paths: readonly string[]): PathPrefixes {
  return sortPrefixes(paths.map(closeSegment)) as PathPrefixes
}

/** Whether a path is one of the prefixes, or lies below one. */
export function isUnder(path: string, prefixes: PathPrefixes): boolean {
  return beginsWithAny(closeSegment(path), prefixes)
}

/** Whether one path is another, or lies below it. */
export function isUnderPath(path: string, above: string): boolean {
  return closeSegment(path).startsWith(closeSegment(above))
}

/** The paths that a cluster may render: those under its own prefixes, or those outside every listed prefix. */
export interface PathBounds {
  readonly side: 'inside' | 'outside'
  readonly prefixes: PathPrefixes
}

export function isWithin(path: string, { side, prefixes }: PathBounds): boolean {
  return isUnder(path, prefixes) === (side === 'inside')
}

function closeSegment(path: string): string {
  return `${path}/`
}
