// The names under which a store holds section documents. A `DocumentKey` has been checked: it has no dots and no empty
// segments, so it cannot traverse to another document in a store or a file system.

declare const parsed: unique symbol

/** A cluster's id, as URLs, keys and sessions hold it. Only {@link parseClusterId} makes one. */
export type ClusterId = string & { readonly [parsed]: 'ClusterId' }

/** The owner of documents: `clusters/<id>` or `trust-domain`. */
export type Scope = `clusters/${ClusterId}` | 'trust-domain'

/**
 * `clusters/<id>/<Section>` or `trust-domain/<Section>`. Its type holds the section, so a read yields that section's
 * type.
 */
export interface DocumentKey<Section extends string = string> {
  readonly text: string
  readonly scope: Scope
  readonly section: Section
  /** `undefined` for the trust domain. */
  readonly clusterId: ClusterId | undefined
}

const CLUSTER_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/
/** Completes a message such as `Cannot use "x" as the id of a cluster: ...`. */
export const CLUSTER_ID_WORDS = '1 to 63 letters, digits, "_" or "-"'
const SECTION = /^[A-Z][A-Za-z0-9]{0,62}$/

/**
 * Checks a cluster id before any store is read.
 *
 * @param text the id, URL-decoded
 * @returns `undefined` if it is malformed: the caller answers as for an unknown cluster
 */
export function parseClusterId(text: string): ClusterId | undefined {
  return CLUSTER_ID.test(text) ? (text as ClusterId) : undefined
}

/** The key of one section of a cluster. @throws {RangeError} if `section` is not a section name */
export function clusterKey<Section extends string>(clusterId: ClusterId, section: Section): DocumentKey<Section> {
  const scope: Scope = `clusters/${clusterId}`
  return { text: `${scope}/${requireSectionName(section)}`, scope, section, clusterId }
}

/** The key of one section of the trust domain. @throws {RangeError} if `section` is not a section name */
export function trustDomainKey<Section extends string>(section: Section): DocumentKey<Section> {
  const scope = 'trust-domain'
  return { text: `${scope}/${requireSectionName(section)}`, scope, section, clusterId: undefined }
}

/**
 * Parses a key as a store spells it; `undefined` if it is malformed. Does not check that the section exists in this
 * scope: see the table of sections.
 */
export function parseDocumentKey(text: string): DocumentKey | undefined {
  const [scope, ...rest] = text.split('/')
  const section = rest.at(-1) ?? ''
  if (!SECTION.test(section)) return undefined
  if (scope === 'trust-domain' && rest.length === 1) return trustDomainKey(section)
  if (scope !== 'clusters' || rest.length !== 2) return undefined
  const clusterId = parseClusterId(rest[0] ?? '')
  return clusterId === undefined ? undefined : clusterKey(clusterId, section)
}

/** The key of the applied record of a document: its last version that compiled. */
export function appliedKey(key: DocumentKey): string {
  return `applied/${key.text}`
}

function requireSectionName(section: string): string {
  if (!SECTION.test(section)) throw new RangeError(`"${section}" is not a section name`)
  return section
}
