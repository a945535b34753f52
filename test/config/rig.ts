// A cache with everything it is handed faked: stores in memory, a clock that only the test moves, timers that fire when
// the clock does, and a compiler for which a document that starts with `good:` is good.

import type { CompileResult } from '../../src/config/compile/compile.ts'
import { clusterKey, type DocumentKey, parseClusterId } from '../../src/config/document-key.ts'
import { createAppliedRecords } from '../../src/config/live/applied-records.ts'
import { type ConfigCache, createConfigCache, type StoredEvent } from '../../src/config/live/cache.ts'
import type { Asker } from '../../src/config/live/cluster-existence.ts'
import type { StateWriteFailed } from '../../src/config/live/record-upkeep.ts'
import type { Sleep } from '../../src/core/clock.ts'
import type { Sealing } from '../../src/token/applied-record.ts'
import type { SealKeys } from '../../src/token/seal-key.ts'
import { COMPILE_CONTEXT } from './compile-context.ts'
import { createMemoryStore } from './memory-source.ts'

export const START = Date.UTC(2026, 0, 1)
export const SECTIONS = ['AgentAttestation', 'Cluster', 'WorkloadAttestation', 'SVIDIssuancePolicy'] as const
export type Values = Readonly<Record<(typeof SECTIONS)[number], string>>

export function sealKey(fill: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(32).fill(fill)
}

export function sealedBy(...sealKeys: SealKeys): Sealing {
  return { sealKeys, trustDomain: 'example.org', issuerUrl: 'https://gateway.example' }
}

export function keyOf(cluster: string, section: keyof Values = 'AgentAttestation'): DocumentKey<keyof Values> {
  const id = parseClusterId(cluster)
  if (id === undefined) throw new Error(`${cluster} is no cluster id`)
  return clusterKey(id, section)
}

export const KEY = keyOf('c-1')
export const RECORD = `applied/${KEY.text}`

let pendingOperations = 0
for (const name of ['digest', 'sign', 'verify', 'importKey', 'deriveBits'] as const) {
  const operate = crypto.subtle[name].bind(crypto.subtle) as (...args: unknown[]) => Promise<unknown>
  Object.assign(crypto.subtle, {
    async [name](...args: unknown[]) {
      pendingOperations++
      try {
        return await operate(...args)
      } finally {
        pendingOperations--
      }
    },
  })
}

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function createRig() {
  const source = createMemoryStore()
  const state = createMemoryStore()
  const work: Promise<unknown>[] = []
  const compiled: string[] = []
  const told: StateWriteFailed[] = []
  const events: StoredEvent[] = []
  const rejected = new Set<string>()
  let timers: { readonly at: number; readonly fire: () => void }[] = []
  let now = START

  const sleep: Sleep = (millis, signal) =>
    new Promise((resolve) => {
      const timer = { at: now + millis, fire: resolve }
      timers.push(timer)
      signal?.addEventListener('abort', () => {
        timers = timers.filter((other) => other !== timer)
      })
    })

  /** Fires the timers that are due next, all at once. */
  function fireNext(): void {
    const at = Math.min(...timers.map((timer) => timer.at))
    const due = timers.filter((timer) => timer.at === at)
    timers = timers.filter((timer) => timer.at !== at)
    if (due.length > 0) now = Math.max(now, at)
    for (const timer of due) timer.fire()
  }

  /** Lets everything run that waits for no timer: what is left then waits for time. */
  async function settle(isOver = () => false): Promise<void> {
    for (let ticks = 0; ticks < 50 && !isOver(); ticks++) {
      await tick()
      // Cryptography is made on another thread, which a busy machine may not run for long.
      while (pendingOperations > 0) await tick()
    }
  }

  /** Awaits `promise`; time passes only as far as timers have to fire for it. */
  async function run<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const end = () => {
      settled = true
    }
    promise.then(end, end)
    while (!settled) {
      await settle(() => settled)
      if (!settled) fireNext()
    }
    return promise
  }

  async function idle(): Promise<void> {
    while (work.length > 0) await run(Promise.all(work.splice(0)))
  }

  function compile(section: string, bytes: Uint8Array): CompileResult<string> {
    const text = new TextDecoder().decode(bytes)
    compiled.push(text)
    if (text.startsWith('throw:')) throw new Error(text)
    const place = { path: ['spec'], line: 3, column: 1 }
    if (!text.startsWith('good:') || rejected.has(text))
      return { ok: false, issues: [{ code: 'yaml_syntax', message: section, ...place }] }
    const warnings = text.includes('deny') ? [{ code: 'deny_all', message: 'nobody', ...place } as const] : []
    return { ok: true, value: text, warnings }
  }

  const rig = {
    source,
    state,
    compiled,
    told,
    /** All that was told. */
    events,
    /** Texts that a newer compiler no longer takes. */
    rejected,
    work,
    idle,
    run,
    settle,
    sleep,
    clock: () => now,
    background: (promise: Promise<unknown>) => void work.push(promise),
    /** Moves the clock; no timer fires by it. */
    pass(millis: number): void {
      now += millis
    },
    /** As if the requests that set them had been cut off. */
    forgetTimers(): void {
      timers = []
    },
    /** A cold isolate on the same stores. */
    isolate(options: { sealKeys?: SealKeys; stateless?: boolean; maxBytes?: number } = {}): ConfigCache<Values> {
      return createConfigCache<Values>({
        source,
        ...(options.stateless === true || options.sealKeys?.length === 0
          ? {}
          : { records: createAppliedRecords(state, sealedBy(...(options.sealKeys ?? [sealKey(1)]))) }),
        tell(event) {
          events.push(event)
          if (event.event === 'state_write_failed') told.push(event)
        },
        clock: () => now,
        sleep,
        compile,
        contextFor: () => COMPILE_CONTEXT,
        clusterSections: SECTIONS,
        ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
      })
    },
    /** One request; what it leaves in the background is done as well. */
    async get(cache: ConfigCache<Values>, key: DocumentKey<keyof Values> = KEY) {
      const read = await run(cache.get(key, rig.background))
      await idle()
      return read
    },
    async exists(cache: ConfigCache<Values>, cluster: string, asker: Asker = 'anyone') {
      const id = parseClusterId(cluster)
      if (id === undefined) throw new Error(`${cluster} is no cluster id`)
      const answer = await run(cache.clusterExists(id, asker, (key) => cache.get(key, rig.background)))
      await idle()
      return answer
    },
  }
  return rig
}

export type Rig = ReturnType<typeof createRig>
