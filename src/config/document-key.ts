// The names under which a store holds section documents. A key that exists as a `DocumentKey` has been checked: it
// has no dots and no empty segments, so that no store, and no file system, can read another document by it.

declare const parsed: unique symbol

/** A cluster's id, as it stands in URLs, keys and sessions. Only {@link parseClusterId} makes one. */
export type ClusterId = string & { readonly [parsed]: 'ClusterId' }

/** Whose documents they are: `clusters/<id>` or `trust-domain`. */
export type Scope = `clusters/${ClusterId}` | 'trust-domain'

/** `clusters/<id>/<Section>` or `trust-domain/<Section>`; remembers its section, so that reads are typed by it. */
export interface DocumentKey<Section extends string = string> {
  readonly text: string
  readonly scope: Scope
  readonly section: Section
  /** `undefined` for the trust domain. */
  readonly clusterId: ClusterId | undefined
}

const CLUSTER_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/
/** For messages, after what the text is not. */
export const CLUSTER_ID_WORDS = '1 to 63 letters, digits, "_" or "-"'
const SECTION = /^[A-Z][A-Za-z0-9]{0,62}$/

/** The id, or `undefined`: then the cluster is unknown before any store is touched. `text` has been URL-decoded. */
export function parseClusterId(text: string): ClusterId | undefined {
  return CLUSTER_ID.test(text) ? (text as ClusterId) : undefined
}

export function clusterKey<Section extends string>(clusterId: ClusterId, section: Section): DocumentKey<Section> {
  const scope: Scope = `clusters/${clusterId}`
  return { text: `${scope}/${requireSectionName(section)}`, scope, section, clusterId }
}

export function trustDomainKey<Section extends string>(section: Section): DocumentKey<Section> {
  const scope = 'trust-domain'
  return { text: `${scope}/${requireSectionName(section)}`, scope, section, clusterId: undefined }
}

/** Reads a key as a store spells it. Whether the section exists, and in this scope, is for the table of sections. */
export function parseDocumentKey(text: string): DocumentKey | undefined {
  const [scope, ...rest] = text.split('/')
  const section = rest.at(-1) ?? ''
  if (!SECTION.test(section)) return undefined
  if (scope === 'trust-domain' && rest.length === 1) return trustDomainKey(section)
  if (scope !== 'clusters' || rest.length !== 2) return undefined
  const clusterId = parseClusterId(rest[0] ?? '')
  return clusterId === undefined ? undefined : clusterKey(clusterId, section)
}

/** Where the gateway keeps the last version of a document that compiled. */
export function appliedKey(key: DocumentKey): string {
  return `applied/${key.text}`
}

function requireSectionName(section: string): string {
  if (!SECTION.test(section)) throw new RangeError(`"${section}" is no section name`)
  return section
}
