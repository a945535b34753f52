// Configurations in memory, with bounded ages. A copy is refreshed first in the background, and later before the
// answer. An older copy serves, up to `CONFIG_STALE_MAX_MILLIS`, only while the store fails or hangs. Deletions follow
// the same bounds, an error is never treated as absence, and an evicted copy is read again. Shared state is plain data:
// no promise outlives its request.
import type { Clock, Sleep } from '../../core/clock.ts'
import { roundUpToSeconds } from '../../core/duration.ts'
import {
  ABSENCE_RECHECK_MILLIS,
  CONFIG_CACHE_MAX_BYTES,
  CONFIG_FRESH_MILLIS,
  CONFIG_REVALIDATE_MILLIS,
  CONFIG_STALE_MAX_MILLIS,
  LEASE_MILLIS,
  LEASE_POLL_MILLIS,
  STORE_REASON_MAX_LENGTH,
  STORE_TIMEOUT_MILLIS,
  TROUBLED_KEYS_MAX,
} from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import { printable } from '../../core/printable.ts'
import type { AppliedRecord } from '../../token/applied-record.ts'
import type { SectionValues } from '../compile/compile.ts'
import { type ClusterId, clusterKey, type DocumentKey } from '../document-key.ts'
import { hasScope, listSectionNames } from '../sections/table.ts'
import { type ConfigSource, callStore, StoreError } from '../source.ts'
import type { AppliedRecords } from './applied-records.ts'
import { computeCacheBounds } from './cache-bounds.ts'
import { type CacheCounts, countDocuments } from './cache-counts.ts'
import { type Known, recordAbsence, setAppliedAt, toConfigRead, updateKnown, weigh } from './cached-document.ts'
import { type Asker, createClusterExistence, type Existence } from './cluster-existence.ts'
import { type ConfigEvent, createConfigEvents } from './config-events.ts'
import type { Background, CompileSection, ConfigRead, ContextFor } from './config-read.ts'
import { createLeases, type Lease } from './lease.ts'
import { createReadTroubles } from './read-troubles.ts'
import { createUpkeep, type Look, type StateWriteFailed } from './record-upkeep.ts'
import { createRetained } from './retained.ts'
import { createStoreEvents, type StoreEvent } from './store-events.ts'

/** Events about documents, their store and the records of what was applied. */
export type StoredEvent = ConfigEvent | StoreEvent | StateWriteFailed

export interface ConfigCacheOptions<Values> {
  readonly source: ConfigSource
  /** Absent: an isolate that starts while a document is invalid has no version to fall back to. */
  readonly records?: AppliedRecords
  /** Receives each change once per isolate. It must not throw. */
  readonly tell: (event: StoredEvent) => void
  readonly clock: Clock
  readonly sleep: Sleep
  readonly compile: CompileSection<Values>
  readonly contextFor: ContextFor
  /** Memory for compiled configurations, in bytes; default {@link CONFIG_CACHE_MAX_BYTES}. */
  readonly maxBytes?: number
  /** The sections that a cluster can have; default those of the table. Tests set others. */
  readonly clusterSections?: readonly string[]
}

export interface ConfigCache<Values = SectionValues> {
  /**
   * Reads the configuration in force under `key`, or why nothing is in force. Does not reject if the store fails:
   * `unavailable`.
   */
  get<Section extends keyof Values & string>(
    key: DocumentKey<Section>,
    background: Background,
  ): Promise<ConfigRead<Values[Section]>>
  /**
   * Returns the result of {@link get} if the copy in memory is young enough that nothing must be read; else `undefined`.
   * Starts nothing: a warm request does not wait for a promise.
   */
  recall<Section extends keyof Values & string>(key: DocumentKey<Section>): ConfigRead<Values[Section]> | undefined
  /**
   * Checks whether the store has any section of the cluster: see {@link Existence}.
   *
   * @param read the request's own {@link get}, so a section that the request reads as well is read once
   */
  clusterExists(
    clusterId: ClusterId,
    asker: Asker,
    read: <Section extends keyof Values & string>(key: DocumentKey<Section>) => Promise<ConfigRead<unknown>>,
  ): Promise<Existence>
  /** Whether {@link clusterExists} found no section recently enough that the result still holds. Costs no read. */
  isKnownAbsent(clusterId: ClusterId): boolean
  /**
   * Notes that a caller with verified evidence or session used the document: unauthenticated requests cannot evict it.
   */
  prove(key: DocumentKey): void
  /** Walks what is in memory: a millisecond for tens of thousands of documents. */
  count(): CacheCounts
}

type Bytes = Uint8Array<ArrayBuffer>

export function createConfigCache<Values = SectionValues>(options: ConfigCacheOptions<Values>): ConfigCache<Values> {
  const { source, records, clock, sleep, tell } = options
  const bounds = computeCacheBounds(options.maxBytes ?? CONFIG_CACHE_MAX_BYTES)
  const documents = createRetained<Known>(bounds, clock)
  // Separate from documents, so that requests with made-up cluster ids evict no configuration.
  const absences = createLru<Known>({ maxEntries: bounds.absences })
  const troubles = createReadTroubles(clock)
  const leases = createLeases(TROUBLED_KEYS_MAX)
  const sections = options.clusterSections ?? listSectionNames().filter((name) => hasScope(name, 'cluster'))
  const existence = createClusterExistence(sections, bounds.absences, clock)
  const documentEvents = createConfigEvents(bounds.keys)
  const storeEvents = createStoreEvents(clock)
  const upkeep =
    records === undefined
      ? undefined
      : createUpkeep({ records, clock, sleep, tell, maxKeys: bounds.keys + bounds.absences })

  function find(key: DocumentKey): Known | undefined {
    return documents.get(key.text) ?? absences.get(key.text)
  }

  function remember(key: DocumentKey, known: Known): void {
    if (known.desired === undefined) {
      documents.delete(key.text)
      absences.set(key.text, known)
      return
    }
    absences.delete(key.text)
    documents.set(key.text, known, weigh(known), known.desired.documentBytes)
    if (key.clusterId !== undefined) existence.noteDocument(key.clusterId)
    // Every request of an issuer needs these few documents of the trust domain, so clusters' documents never evict
    // them.
    else documents.prove(key.text)
  }

  function computeAgeMillis(known: Known): number {
    const age = clock() - known.readAtMillis
    // The clock was set back, so the age is unknown: read again.
    return age < 0 ? CONFIG_REVALIDATE_MILLIS + 1 : age
  }

  function reportIfAny(event: StoredEvent | undefined): void {
    if (event !== undefined) tell(event)
  }

  function noteTrouble(key: DocumentKey, { message }: StoreError): void {
    const reason = printable(message, STORE_REASON_MAX_LENGTH)
    reportIfAny(storeEvents.noteFailure(key.text, reason))
    troubles.note(key.text, reason)
  }

  /**
   * Reads the stored bytes. A document that this isolate had is read a second time before it counts as absent: a file
   * that is being replaced is absent for a moment, which must not lock callers out.
   */
  async function lookUp(key: DocumentKey): Promise<{ bytes: Bytes | undefined; readAtMillis: number }> {
    const wasThere = find(key)?.desired !== undefined
    // The age counts from before the read: the answer may be that old.
    const readAtMillis = clock()
    const bytes = await source.read(key.text)
    if (bytes !== undefined || !wasThere) return { bytes, readAtMillis }
    await sleep(ABSENCE_RECHECK_MILLIS)
    // A version stored in the meantime must not count as read before it was stored.
    const againAtMillis = clock()
    return { bytes: await source.read(key.text), readAtMillis: againAtMillis }
  }

  /** Reads the store once and updates the document. The caller holds the lease. */
  async function refresh(key: DocumentKey, lease: Lease, background: Background): Promise<void> {
    try {
      const { bytes, readAtMillis } = await callStore(() => lookUp(key), STORE_TIMEOUT_MILLIS, sleep)
      const before = find(key)
      const { known, look, isFirst } = await learn(key, bytes, readAtMillis, before)
      // The first decision by a version waits for its record, so that other isolates can fall back to the same version.
      const sinceMillis = isFirst ? await look : undefined
      if (!leases.holds(lease)) return
      remember(key, setAppliedAt(known, sinceMillis))
      troubles.clear(key.text)
      reportIfAny(storeEvents.noteSuccess(key.text))
      reportIfAny(documentEvents(key, known))
      if (!isFirst && look !== undefined) background(look.then((since) => noteSince(key, known, since)))
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (leases.holds(lease)) noteTrouble(key, error)
    } finally {
      leases.release(lease)
    }
  }

  /**
   * Computes the state after a read, starts the record check that it requires, and returns whether this isolate uses
   * the version for the first time.
   */
  async function learn(
    key: DocumentKey,
    bytes: Bytes | undefined,
    readAtMillis: number,
    before: Known | undefined,
  ): Promise<{ readonly known: Known; readonly look: Look | undefined; readonly isFirst: boolean }> {
    const isNews = ({ trail }: Known): boolean => trail[0]?.found !== before?.trail[0]?.found
    if (bytes === undefined) {
      const known = recordAbsence(readAtMillis, before)
      return { known, look: upkeep?.afterAbsence(key, known.trail), isFirst: isNews(known) }
    }
    const { known, record, mark } = await updateKnown(bytes, readAtMillis, before, {
      compile: (text, context) => options.compile(key.section as keyof Values & string, text, context),
      contextFor: () => options.contextFor(key),
      recall: () => recall(key),
      nowMillis: clock(),
    })
    const isBad = known.desired?.digest !== known.inForce?.digest
    const look = isBad ? upkeep?.afterBad(key, mark, record) : upkeep?.afterVersion(key, bytes, known.trail)
    return { known, look, isFirst: isBad ? mark !== undefined : isNews(known) }
  }

  async function recall(key: DocumentKey): Promise<AppliedRecord | undefined> {
    if (records === undefined) return undefined
    return (await callStore(() => records.read(key), STORE_TIMEOUT_MILLIS, sleep))?.record
  }

  function noteSince(key: DocumentKey, { inForce }: Known, sinceMillis: number | undefined): void {
    const known = documents.get(key.text)
    if (known !== undefined && known.inForce?.digest === inForce?.digest)
      remember(key, setAppliedAt(known, sinceMillis))
  }

  /** Answers without the store: an older copy within `CONFIG_STALE_MAX_MILLIS`, else `unavailable`. */
  function answerWithoutStore(key: DocumentKey): ConfigRead<unknown> {
    const known = find(key)
    if (known !== undefined && computeAgeMillis(known) <= CONFIG_STALE_MAX_MILLIS) return toConfigRead(known, true)
    const trouble = troubles.find(key.text)
    const retryAfterSeconds = roundUpToSeconds((trouble?.retryMillis ?? 0) - clock())
    return { kind: 'unavailable', retryAfterSeconds, reason: trouble?.reason ?? 'another request is still reading' }
  }

  /**
   * Answers for a document that was evicted and may not be compiled again yet: memory cannot hold all requested
   * documents.
   */
  function answerOverBudget(waitMillis: number): ConfigRead<unknown> {
    const reason = 'more documents are in use than fit in memory: this one was evicted and is not compiled again yet'
    return { kind: 'unavailable', retryAfterSeconds: roundUpToSeconds(waitMillis), reason, isOverBudget: true }
  }

  async function get(key: DocumentKey, background: Background): Promise<ConfigRead<unknown>> {
    for (let polls = 0; polls <= (2 * LEASE_MILLIS) / LEASE_POLL_MILLIS; polls++) {
      const known = find(key)
      if (known !== undefined && computeAgeMillis(known) <= CONFIG_REVALIDATE_MILLIS) {
        if (computeAgeMillis(known) > CONFIG_FRESH_MILLIS && !troubles.isTroubled(key.text)) {
          const lease = leases.take(key.text, clock())
          // A fault of the gateway surfaces in the next read that a request awaits.
          if (lease !== undefined) background(refresh(key, lease, background).catch(() => {}))
        }
        return toConfigRead(known, false)
      }
      if (troubles.isTroubled(key.text)) break
      const lease = leases.take(key.text, clock())
      if (lease === undefined) {
        await sleep(LEASE_POLL_MILLIS)
        continue
      }
      const waitMillis = known === undefined ? documents.charge(key.text) : undefined
      if (waitMillis !== undefined) {
        leases.release(lease)
        return answerOverBudget(waitMillis)
      }
      await refresh(key, lease, background)
    }
    return answerWithoutStore(key)
  }

  /** Whether the document is stored; `undefined` if the store cannot be read. */
  async function peek(key: DocumentKey): Promise<boolean | undefined> {
    const known = find(key)
    if (known !== undefined && computeAgeMillis(known) <= CONFIG_REVALIDATE_MILLIS) return known.desired !== undefined
    try {
      return (await callStore(() => source.read(key.text), STORE_TIMEOUT_MILLIS, sleep)) !== undefined
    } catch {
      return undefined
    }
  }

  return {
    // The key determines the section's type, which a map of all sections cannot express.
    get: (key, background) => get(key, background) as Promise<ConfigRead<Values[never]>>,
    recall(key) {
      const known = find(key)
      const isYoung = known !== undefined && computeAgeMillis(known) <= CONFIG_FRESH_MILLIS
      return isYoung ? (toConfigRead(known, false) as ConfigRead<Values[never]>) : undefined
    },
    clusterExists: (clusterId, asker, read) =>
      existence.check(clusterId, asker, {
        get: (section) => read(clusterKey(clusterId, section as keyof Values & string)),
        readAtMillis: (section) => find(clusterKey(clusterId, section))?.readAtMillis,
        peek: (section) => peek(clusterKey(clusterId, section)),
      }),
    isKnownAbsent: existence.isKnownAbsent,
    prove: ({ text }) => documents.prove(text),
    count: () => countDocuments(documents.values(), troubles.count(), upkeep?.failingSinceMillis()),
  }
}
