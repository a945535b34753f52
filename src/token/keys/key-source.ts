// The keys of each source: loaded, refreshed, kept while their issuer is down, and looked up for a token.
import type { Clock } from '../../core/clock.ts'
import {
  KEY_FETCH_LEASE_MILLIS,
  KEY_FETCH_OVER_AGE_WAIT_MILLIS,
  KEY_FETCH_POLL_MAX_MILLIS,
  KEY_FETCH_POLL_MIN_MILLIS,
  KEY_SOURCES_MAX_BYTES,
} from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { FetchLike } from '../../net/bounded-fetch.ts'
import type { ParsedToken } from '../parse.ts'
import { type LoadPorts, loadKeys } from './discovery.ts'
import { createFirstLoads } from './first-load-budget.ts'
import { type KeyPublisher, refuseFailedFetch, refuseSelection, refuseUnfetched } from './key-refusals.ts'
import { type KeySelection, type KeySet, selectKey } from './key-set.ts'
import { describeLoad, type IssuerFetchEvent } from './key-source-events.ts'
import { type FetchedSpec, type KeySourceSpec, makeKeySourceId } from './key-source-spec.ts'
import type { PublicKey } from './public-key.ts'
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
import { describeInlineSource, describeSource, type KeySourceStatus } from './source-status.ts'

export type KeyLookup =
  | {
      readonly kind: 'found'
      readonly key: PublicKey
      /** The keys are over their age, because the issuer cannot be reached. */
      readonly stale: boolean
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/**
 * - `fits`: keys are in hand, and one of them is the token's, or names it
 * - `misses`: keys are in hand, none is the token's, and asking for newer ones is due
 * - `absent`: no keys are in hand, and asking for them is due
 * - `settled`: nothing fits, and nothing would be asked for: the source is backing off, or was asked just now
 */
export type KeyOutlook = 'fits' | 'misses' | 'absent' | 'settled'

/** What one request may ask of key sources. */
export interface RequestKeys {
  /**
   * The key that the token names, fetched if need be. Never rejects on account of an issuer. Refusals:
   * `signing_key_unknown`, `_ambiguous`, `_unusable`, `_fetch_failed`.
   */
  readonly find: (spec: KeySourceSpec, token: ParsedToken) => Promise<KeyLookup>
  /** What is known of that key without a fetch. */
  readonly look: (spec: KeySourceSpec, token: ParsedToken) => KeyOutlook
  /** That a key of the source has verified a token: once evicted, it is loaded again whatever others ask for. */
  readonly noteVerified: (spec: KeySourceSpec) => void
  /** The same sources, of which nothing is fetched: keys that are not in hand are refused as not fetched. */
  readonly inHand: () => RequestKeys
}

export interface KeySources {
  /** For one request. Work that may outlive its answer goes to `background` (`ctx.waitUntil` on Workers). */
  readonly forRequest: (background: Background) => RequestKeys
  readonly status: (spec: KeySourceSpec) => KeySourceStatus
}

type Background = (work: Promise<unknown>) => void

export interface KeySourcePorts {
  readonly fetch: FetchLike
  readonly clock: Clock
  readonly sleep: (millis: number) => Promise<void>
  readonly allowLoopback: boolean
  /** See {@link UrlPolicy.privateOrigins}. */
  readonly privateOrigins?: ReadonlySet<string>
  /** For one document; the default is the limit. */
  readonly fetchTimeoutMillis?: number
  /** Name of an environment variable that configures an egress proxy: the host's `fetch` uses none. */
  readonly unusedProxy?: string
  /** Gets one event when the fetches of a source begin to fail, and one when they succeed again. It must not throw. */
  readonly tell?: (event: IssuerFetchEvent) => void
}

/** The key sources of one gateway, per isolate; memory is bounded, and an evicted source is loaded again. */
export function createKeySources(ports: KeySourcePorts): KeySources {
  const { clock, sleep } = ports
  const sources = createLru<SourceState>({ maxBytes: KEY_SOURCES_MAX_BYTES })
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

  /** Takes the lease at once, before anything is awaited: so nobody else can between the check and the taking. */
  async function load(spec: FetchedSpec, id: string, state: SourceState): Promise<void> {
    const lease: Lease = { busySinceMillis: clock() }
    state.lease = lease
    const loaded = await loadKeys(spec, loadPorts)
    // Whoever took the lease over after it lapsed has the say.
    if (state.lease !== lease) return
    const before = { failures: state.failures, failure: state.lastFailure?.failure }
    recordLoad(state, loaded, clock())
    const event = describeLoad(spec, before, state, clock())
    if (event !== undefined) ports.tell?.(event)
    sources.set(id, state, weighSource(id, state))
  }

  /**
   * Waits until the load under way ends, its lease lapses, or it has taken `maxMillis`. Bounded by count too, should the
   * clock stand still.
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
   * Keys that are as new as can be had: by a load under way, or else by our own if `mayLoad` and the source is not
   * backing off. The load that we waited for may have died with its request: then one of those who waited takes over.
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
   * Newer keys than those in hand, which are over their age but may still serve. An issuer that is up is waited for, so
   * that what it has withdrawn stops verifying; one that has just failed, or hangs, holds nobody back.
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
    // Keys that were loaded for this very request cannot be made newer by asking again. Otherwise an unknown `kid` may
    // cause a load if it was not asked for just now, and while the bucket holds.
    if (state.loads === loadsBefore && !isKnownUnknown(state, name, clock())) {
      await refresh(spec, id, state, () => takeToken(state.bucket, clock()))
    }
    const again = selectInHand(state, token)
    if (again === undefined || (again.kind === 'unknown' && state.failures > 0)) return makeFailedLookup(state)
    if (again.kind === 'unknown' && state.loads > loadsBefore) {
      rememberUnknown(state, name, clock())
      sources.set(id, state, weighSource(id, state))
    }
    return lookUp(state, again, token)
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
  }
}

/** The key that the token names among those of `set`, and nowhere else. `publisher`: whom a refusal speaks of. */
export function lookUpIn(set: KeySet, token: ParsedToken, publisher: KeyPublisher): KeyLookup {
  return makeLookup(selectKey(set, token), token, { stale: false, publisher, set })
}

/** `kid`s are printable, so no `kid` can be taken for the key of a token without one. */
function describeKeyName({ header: { kid, alg } }: ParsedToken): string {
  return kid ?? `\0${alg}`
}

const NO_KEYS: KeySet = { keys: [], skipped: [], count: 0 }

interface Place {
  readonly stale: boolean
  readonly publisher: KeyPublisher
  readonly set: KeySet
}

function makeLookup(selection: KeySelection, token: ParsedToken, { stale, publisher, set }: Place): KeyLookup {
  return selection.kind === 'found'
    ? { kind: 'found', key: selection.key, stale }
    : { kind: 'refused', refusal: refuseSelection(selection, token, publisher, set) }
}
