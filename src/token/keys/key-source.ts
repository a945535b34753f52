// The keys of each source: loads them, refreshes them, keeps them while their issuer is down, and finds a token's key.
import type { Clock } from '../../core/clock.ts'
import {
  KEY_FETCH_LEASE_MILLIS,
  KEY_FETCH_OVER_AGE_WAIT_MILLIS,
  KEY_FETCH_POLL_MAX_MILLIS,
  KEY_FETCH_POLL_MIN_MILLIS,
  KEY_SOURCES_MAX_BYTES,
} from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import type { FetchLike } from '../../net/bounded-fetch.ts'
import type { ParsedToken } from '../parse.ts'
import { type LoadPorts, loadKeys } from './discovery.ts'
import { createFirstLoads } from './first-load-budget.ts'
import type { KeyCounts } from './key-counts.ts'
import { describeKeyName, type KeyLookup, lookUpIn, makeLookup, NO_KEYS } from './key-lookup.ts'
import { refuseFailedFetch, refuseUnfetched } from './key-refusals.ts'
import { type KeySelection, selectKey } from './key-set.ts'
import { describeLoad, type IssuerFetchEvent } from './key-source-events.ts'
import { type FetchedSpec, type KeySourceSpec, makeKeySourceId } from './key-source-spec.ts'
import { hasToken, takeToken } from './refetch-bucket.ts'
import {
  createSource,
  findFreshness,
  hasJustFailed,
  isBackingOff,
  isKnownUnknown,
  isLeased,
  type Lease,
  recordLoad,
  rememberUnknown,
  type SourceState,
  weighSource,
} from './source-state.ts'
import {
  describeAges,
  describeInlineSource,
  describeSource,
  type KeySetAges,
  type KeySourceStatus,
} from './source-status.ts'

/**
 * - `fits`: keys are in hand, and one of them matches the token
 * - `misses`: keys are in hand, none matches, and newer ones may be fetched now
 * - `absent`: no keys are in hand, and they may be fetched now
 * - `settled`: no key matches, and none would be fetched: the source is backing off, or was fetched just now
 */
export type KeyOutlook = 'fits' | 'misses' | 'absent' | 'settled'

/** What one request may ask of key sources. */
export interface RequestKeys {
  /**
   * Finds the key that the token names, and fetches if necessary. Never rejects because of an issuer. Refusals:
   * `signing_key_unknown`, `_ambiguous`, `_unusable`, `_fetch_failed`.
   */
  readonly find: (spec: KeySourceSpec, token: ParsedToken) => Promise<KeyLookup>
  /** Describes what is known of that key without a fetch. */
  readonly look: (spec: KeySourceSpec, token: ParsedToken) => KeyOutlook
  /** Records that a key of the source has verified a token: its next first load is exempt from the limit on those. */
  readonly noteVerified: (spec: KeySourceSpec) => void
  /** The same sources without fetches: a key that is not in hand is refused with `signing_key_fetch_failed`. */
  readonly inHand: () => RequestKeys
}

export interface KeySources {
  /**
   * The sources for one request. Work that may outlive its response goes to `background` (`ctx.waitUntil` on Workers).
   */
  readonly forRequest: (background: Background) => RequestKeys
  readonly status: (spec: KeySourceSpec) => KeySourceStatus
  /** Of the key sets in memory: how many, how many of them stale, and when the oldest was loaded. */
  readonly ages: () => KeySetAges
}

type Background = (work: Promise<unknown>) => void

export interface KeySourcePorts {
  readonly fetch: FetchLike
  readonly clock: Clock
  readonly sleep: (millis: number) => Promise<void>
  /** See {@link UrlPolicy.allowLoopback}. */
  readonly allowLoopback: boolean
  /** See {@link UrlPolicy.privateOrigins}. */
  readonly privateOrigins?: ReadonlySet<string>
  /** Milliseconds for one document; default `KEY_FETCH_TIMEOUT_MILLIS`. */
  readonly fetchTimeoutMillis?: number
  /** Name of a set environment variable for an egress proxy, which the host's `fetch` does not use. */
  readonly unusedProxy?: string
  /** Receives an event when the fetches of a source begin to fail, and when they succeed again. Must not throw. */
  readonly tell?: (event: IssuerFetchEvent) => void
  readonly counts?: KeyCounts
}

/**
 * Creates the key sources of one gateway in this isolate, of `maxBytes` of memory. An evicted source is loaded again.
 *
 * @example createKeySources({ fetch, clock: Date.now, sleep, allowLoopback: false }).forRequest(background)
 */
export function createKeySources(ports: KeySourcePorts, maxBytes = KEY_SOURCES_MAX_BYTES): KeySources {
  const { clock, sleep } = ports
  const sources = createLru<SourceState>({ maxBytes })
  const firstLoads = createFirstLoads(clock)
  const loadPorts: LoadPorts = {
    fetch: ports.fetch,
    urlPolicy: {
      allowLoopback: ports.allowLoopback,
      ...(ports.privateOrigins === undefined ? {} : { privateOrigins: ports.privateOrigins }),
    },
    ...(ports.fetchTimeoutMillis === undefined ? {} : { fetchTimeoutMillis: ports.fetchTimeoutMillis }),
    ...(ports.unusedProxy === undefined ? {} : { unusedProxy: ports.unusedProxy }),
  }

  function findOrAddSource(id: string): SourceState {
    const state = sources.get(id) ?? createSource(clock())
    sources.set(id, state, weighSource(id, state))
    return state
  }

  /** Takes the lease before anything is awaited, so no other request can take it between the check and here. */
  async function load(spec: FetchedSpec, id: string, state: SourceState): Promise<void> {
    const lease: Lease = { busySinceMillis: clock() }
    state.lease = lease
    const loaded = await loadKeys(spec, loadPorts)
    // The lease expired and another load took over: discard this result.
    if (state.lease !== lease) return
    const before = { failures: state.failures, failure: state.lastFailure?.failure }
    recordLoad(state, loaded, clock())
    ports.counts?.noteLoad(loaded.ok)
    const event = describeLoad(spec, before, state, clock())
    if (event !== undefined) ports.tell?.(event)
    sources.set(id, state, weighSource(id, state))
  }

  /**
   * Waits until the load under way ends, its lease expires, or it has taken `maxMillis`. The number of waits is bounded
   * too, in case the clock does not advance.
   */
  async function awaitLease(state: SourceState, maxMillis = KEY_FETCH_LEASE_MILLIS): Promise<void> {
    const { lease } = state
    let waited = 0
    for (let pause = KEY_FETCH_POLL_MIN_MILLIS; waited < maxMillis; waited += pause) {
      if (lease === undefined || state.lease !== lease || !isLeased(state, clock())) return
      if (clock() - lease.busySinceMillis >= maxMillis) return
      pause = Math.min(2 * pause, KEY_FETCH_POLL_MAX_MILLIS)
      await sleep(pause)
    }
  }

  /**
   * Gets the newest keys: from a load under way, or else by our own load if `mayLoad` and the source is not backing
   * off. The load that we waited for may have died with its request: then one of the waiting requests takes over.
   */
  async function refresh(
    spec: FetchedSpec,
    id: string,
    state: SourceState,
    mayLoad = (): boolean => true,
  ): Promise<void> {
    const { loads } = state
    if (isLeased(state, clock())) await awaitLease(state)
    if (state.loads > loads || isLeased(state, clock()) || isBackingOff(state, clock())) return
    if (mayLoad()) await load(spec, id, state)
  }

  /**
   * Renews keys that are older than their `max-age` but still usable. Waits for an issuer that is up, so that a
   * withdrawn key stops verifying. An issuer that has just failed, or hangs, does not delay requests.
   */
  async function renew(spec: FetchedSpec, id: string, state: SourceState, background: Background): Promise<void> {
    if (hasJustFailed(state, clock())) {
      if (!isLeased(state, clock()) && !isBackingOff(state, clock())) background(load(spec, id, state))
    } else if (isLeased(state, clock())) {
      await awaitLease(state, KEY_FETCH_OVER_AGE_WAIT_MILLIS)
    } else {
      const loading = load(spec, id, state)
      background(loading)
      await Promise.race([loading, sleep(KEY_FETCH_OVER_AGE_WAIT_MILLIS)])
    }
  }

  async function find(spec: KeySourceSpec, token: ParsedToken, background: Background): Promise<KeyLookup> {
    if (spec.kind === 'inline') return lookUpIn(spec.keys, token, 'document')
    const id = makeKeySourceId(spec)
    const state = findOrAddSource(id)
    const loadsBefore = state.loads

    const freshness = findFreshness(state, clock())
    if (freshness === 'absent') await refresh(spec, id, state, () => state.loads > 0 || firstLoads.may(id))
    else if (freshness === 'stale') await renew(spec, id, state, background)
    else if (freshness === 'due' && !isLeased(state, clock()) && !isBackingOff(state, clock())) {
      background(load(spec, id, state))
    }

    const selection = selectInHand(state, token)
    if (selection?.kind !== 'unknown')
      return selection === undefined ? makeFailedLookup(state) : lookUp(state, selection, token)

    const name = describeKeyName(token)
    // Keys that were loaded for this very request are the newest. Otherwise an unknown `kid` may cause a load if it has
    // not caused one just now, and if the bucket has a token.
    if (state.loads === loadsBefore && !isKnownUnknown(state, name, clock())) {
      await refresh(spec, id, state, () => takeOrNote(state))
    }
    const again = selectInHand(state, token)
    if (again === undefined || (again.kind === 'unknown' && state.failures > 0)) return makeFailedLookup(state)
    if (again.kind === 'unknown' && state.loads > loadsBefore) {
      rememberUnknown(state, name, clock())
      sources.set(id, state, weighSource(id, state))
    }
    return lookUp(state, again, token)
  }

  function takeOrNote(state: SourceState): boolean {
    const isTaken = takeToken(state.bucket, clock())
    if (!isTaken) ports.counts?.noteLimited()
    return isTaken
  }

  function selectInHand(state: SourceState, token: ParsedToken): KeySelection | undefined {
    if (state.keys === undefined || findFreshness(state, clock()) === 'absent') return undefined
    return selectKey(state.keys.set, token)
  }

  function lookUp(state: SourceState, selection: KeySelection, token: ParsedToken): KeyLookup {
    const stale = findFreshness(state, clock()) === 'stale'
    return makeLookup(selection, token, { stale, publisher: 'issuer', set: state.keys?.set ?? NO_KEYS })
  }

  function makeFailedLookup(state: SourceState): KeyLookup {
    return { kind: 'refused', refusal: refuseFailedFetch(state, clock()) }
  }

  function status(spec: KeySourceSpec): KeySourceStatus {
    const id = makeKeySourceId(spec)
    return spec.kind === 'inline' ? describeInlineSource(id, spec.keys) : describeSource(id, sources.get(id), clock())
  }

  function noteVerified(spec: KeySourceSpec): void {
    if (spec.kind !== 'inline') firstLoads.noteVerified(makeKeySourceId(spec))
  }

  function look(spec: KeySourceSpec, token: ParsedToken): KeyOutlook {
    if (spec.kind === 'inline') return selectKey(spec.keys, token).kind === 'unknown' ? 'settled' : 'fits'
    const state = sources.get(makeKeySourceId(spec))
    if (state === undefined) return 'absent'
    const selection = selectInHand(state, token)
    if (selection !== undefined && selection.kind !== 'unknown') return 'fits'
    if (isBackingOff(state, clock())) return 'settled'
    if (selection === undefined) return 'absent'
    const isDue = !isKnownUnknown(state, describeKeyName(token), clock()) && hasToken(state.bucket, clock())
    return isDue ? 'misses' : 'settled'
  }

  function findInHand(spec: KeySourceSpec, token: ParsedToken): KeyLookup {
    if (spec.kind === 'inline') return lookUpIn(spec.keys, token, 'document')
    const state = sources.get(makeKeySourceId(spec))
    const selection = state && selectInHand(state, token)
    if (state === undefined || selection === undefined)
      return state?.lastFailure === undefined
        ? { kind: 'refused', refusal: refuseUnfetched() }
        : makeFailedLookup(state)
    return lookUp(state, selection, token)
  }

  const inHand: RequestKeys = {
    find: (spec, token) => Promise.resolve(findInHand(spec, token)),
    look,
    noteVerified,
    inHand: () => inHand,
  }

  return {
    forRequest: (background) => ({
      find: (spec, token) => find(spec, token, background),
      look,
      noteVerified,
      inHand: () => inHand,
    }),
    status,
    ages: () => describeAges([...sources.values()], clock()),
  }
}
