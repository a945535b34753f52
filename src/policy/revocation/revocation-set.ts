// The compiled entries of one Revocations document. A lookup costs one step per attribute, however many entries there
// are.
import type { AttributeValue } from '../../attribute/attribute.ts'
import type { TokenId } from '../../token/session/session-claims.ts'
import {
  type Lock,
  NODE_ATTRIBUTES,
  POD_ATTRIBUTES,
  type Revocation,
  type RevocationSubject,
  type RevokedFact,
  SERVICE_ACCOUNT_ATTRIBUTES,
} from './revocation.ts'

/** The entries that a value of one attribute has. */
interface Place {
  /** The entry that names the value alone. */
  anywhere?: Revocation
  /** The entries that name the value in one namespace. */
  readonly byNamespace: Map<string, Revocation>
}

/** All fields are data, so that the memory that they take can be weighed. */
export interface RevocationSet {
  readonly lock: Lock | undefined
  readonly entries: readonly Revocation[]
  /** By attribute name, then by value. */
  readonly byAttribute: ReadonlyMap<string, ReadonlyMap<string, Place>>
  readonly byToken: ReadonlyMap<string, Revocation>
  readonly bySession: ReadonlyMap<string, Revocation>
}

/** The namespaced names of the table, by the attribute that holds the name: which attribute holds the namespace. */
const NAMESPACE_OF: ReadonlyMap<string, string> = new Map(
  [...POD_ATTRIBUTES, ...SERVICE_ACCOUNT_ATTRIBUTES].map(({ name, namespace }) => [name, namespace]),
)

/**
 * Indexes the entries of a document. Of two entries that name the same fact the one that ends later counts.
 *
 * @param onDuplicate gets an entry whose fact an earlier entry has named already
 */
export function createRevocationSet(
  entries: readonly Revocation[],
  lock: Lock | undefined,
  onDuplicate: (entry: Revocation, earlier: Revocation) => void = () => undefined,
): RevocationSet {
  const byAttribute = new Map<string, Map<string, Place>>()
  const byToken = new Map<string, Revocation>()
  const bySession = new Map<string, Revocation>()

  function findPlace(attribute: string, value: string): Place {
    const values = getOrCreate(byAttribute, attribute, () => new Map<string, Place>())
    return getOrCreate(values, value, () => ({ byNamespace: new Map() }))
  }

  function addNamespaced(name: string, value: string, namespace: string, entry: Revocation): Revocation | undefined {
    return addLater(findPlace(name, value).byNamespace, namespace, entry)
  }

  function add(entry: Revocation): Revocation | undefined {
    const { fact } = entry
    switch (fact.kind) {
      case 'pod':
        return findLast(POD_ATTRIBUTES, ({ name }) => addNamespaced(name, fact.uid, fact.namespace, entry))
      case 'serviceAccount':
        return findLast(SERVICE_ACCOUNT_ATTRIBUTES, ({ name }) => addNamespaced(name, fact.name, fact.namespace, entry))
      case 'node':
        return findLast(NODE_ATTRIBUTES, (name) => addAnywhere(findPlace(name, fact.name), entry))
      case 'attribute':
        return addAnywhere(findPlace(fact.name, fact.value), entry)
      case 'tokenId':
        return addLater(byToken, writeTokenKey(fact), entry)
      case 'session':
        return addLater(bySession, fact.id, entry)
    }
  }

  for (const entry of entries) {
    const earlier = add(entry)
    // A node that is also revoked as an attribute is named twice, but in two ways.
    if (earlier !== undefined && earlier.fact.kind === entry.fact.kind) onDuplicate(entry, earlier)
  }
  return { lock, entries, byAttribute, byToken, bySession }
}

/** Adds the entry for any namespace, and returns the entry that was there. */
function addAnywhere(place: Place, entry: Revocation): Revocation | undefined {
  const earlier = place.anywhere
  if (earlier === undefined || earlier.untilSeconds < entry.untilSeconds) place.anywhere = entry
  return earlier
}

function addLater(map: Map<string, Revocation>, key: string, entry: Revocation): Revocation | undefined {
  const earlier = map.get(key)
  if (earlier === undefined || earlier.untilSeconds < entry.untilSeconds) map.set(key, entry)
  return earlier
}

/**
 * Finds an entry that holds now and names something of the subject, or `undefined`. A fact that the subject does not
 * hold does not match. A multi-valued attribute matches by any of its values.
 *
 * @param nowSeconds seconds since the epoch; an entry holds before its `until`
 */
export function findRevocation(
  { byAttribute, byToken, bySession }: RevocationSet,
  { attributes, tokenIds = [], sessionId }: RevocationSubject,
  nowSeconds: number,
): Revocation | undefined {
  const holds = (entry: Revocation | undefined): entry is Revocation =>
    entry !== undefined && nowSeconds < entry.untilSeconds
  for (const [name, value] of byAttribute.size === 0 ? [] : attributes) {
    const values = byAttribute.get(name)
    if (values === undefined) continue
    for (const text of listTexts(value)) {
      const place = values.get(text)
      if (place === undefined) continue
      if (holds(place.anywhere)) return place.anywhere
      const inside = attributes.get(NAMESPACE_OF.get(name) ?? '')
      const entry = typeof inside === 'string' ? place.byNamespace.get(inside) : undefined
      if (holds(entry)) return entry
    }
  }
  for (const tokenId of byToken.size === 0 ? [] : tokenIds) {
    const entry = byToken.get(writeTokenKey(tokenId))
    if (holds(entry)) return entry
  }
  const entry = sessionId === undefined ? undefined : bySession.get(sessionId)
  return holds(entry) ? entry : undefined
}

/** Documents hold strings: an integer is compared as it is printed. */
function listTexts(value: AttributeValue): readonly string[] {
  return typeof value === 'string' ? [value] : typeof value === 'number' ? [String(value)] : value
}

/** A line feed cannot be in an issuer that a document compiles with, so no two pairs have the same key. */
function writeTokenKey({ issuer, jti }: TokenId | Extract<RevokedFact, { kind: 'tokenId' }>): string {
  return `${issuer}\n${jti}`
}

function getOrCreate<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const created = create()
  map.set(key, created)
  return created
}

function findLast<T, Result>(list: readonly T[], each: (item: T) => Result | undefined): Result | undefined {
  let last: Result | undefined
  for (const item of list) last = each(item) ?? last
  return last
}
