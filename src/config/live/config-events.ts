// Events about documents: each change is reported once per isolate, after a read of the store. The last reported state
// of each existing document is kept; absence is the default state, so made-up keys take no memory.
import { ISSUES_MAX } from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import type { DocumentKey } from '../document-key.ts'
import type { LocatedIssue } from '../yaml/located-issue.ts'
import type { Known } from './cached-document.ts'

interface OfDocument {
  /** `clusters/<id>/<Section>` or `trust-domain/<Section>` */
  readonly key: string
}

/** The stored document compiles and is in force. */
export interface ConfigApplied extends OfDocument {
  readonly event: 'config_applied'
  readonly digest: string
  /** The version in force before, if this isolate had another one. */
  readonly previousDigest?: string
}

/** The stored document does not compile. */
export interface ConfigRefused extends OfDocument {
  readonly event: 'config_refused'
  readonly digest: string
  readonly issues: readonly string[]
  /** The version that stays in force; absent if nothing is in force. */
  readonly inForceDigest?: string
}

/** It does not compile, and which valid version was the last is unknown: nothing is in force. */
export interface ConfigContested extends OfDocument {
  readonly event: 'config_contested'
  readonly digest: string
  readonly issues: readonly string[]
}

export interface ConfigDeleted extends OfDocument {
  readonly event: 'config_deleted'
  readonly previousDigest?: string
}

export type ConfigEvent = ConfigApplied | ConfigRefused | ConfigContested | ConfigDeleted

interface Reported {
  /** Equal for two reads without a change between them. */
  readonly state: string
  readonly inForce: string | undefined
}

/**
 * Creates a function that takes the state after each read and returns the event to report, or `undefined` if nothing
 * changed.
 *
 * @param maxKeys documents whose last reported state is remembered, some 300 bytes each
 */
export function createConfigEvents(maxKeys: number): (key: DocumentKey, known: Known) => ConfigEvent | undefined {
  const reported = createLru<Reported>({ maxEntries: maxKeys })
  return (key, known) => {
    const before = reported.get(key.text)
    const now: Reported = { state: describeState(known), inForce: known.inForce?.digest }
    if (now.state === (before?.state ?? ABSENT)) return undefined
    if (now.state === ABSENT) reported.delete(key.text)
    else reported.set(key.text, now)
    return describeChange(key, known, before?.inForce)
  }
}

const ABSENT = 'absent'

function describeState({ desired, inForce, contested }: Known): string {
  if (desired === undefined) return ABSENT
  if (contested) return `contested ${desired.digest}`
  return desired.digest === inForce?.digest ? desired.digest : `refused ${desired.digest} for ${inForce?.digest}`
}

function describeChange(
  { text: key }: DocumentKey,
  { desired, inForce, contested }: Known,
  previous: string | undefined,
): ConfigEvent {
  if (desired === undefined)
    return { event: 'config_deleted', key, ...(previous === undefined ? {} : { previousDigest: previous }) }
  const { digest } = desired
  if (digest === inForce?.digest) {
    const isAnother = previous !== undefined && previous !== digest
    return { event: 'config_applied', key, digest, ...(isAnother ? { previousDigest: previous } : {}) }
  }
  const issues = desired.issues.slice(0, ISSUES_MAX).map(describeIssue)
  if (contested) return { event: 'config_contested', key, digest, issues }
  const inForceDigest = inForce?.digest
  return { event: 'config_refused', key, digest, issues, ...(inForceDigest === undefined ? {} : { inForceDigest }) }
}

/** Formats an issue on one line: `line:column code: message`. */
export function describeIssue({ line, column, code, message }: LocatedIssue): string {
  return `${line}:${column} ${code}: ${message}`
}
