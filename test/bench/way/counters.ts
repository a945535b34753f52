// Counts what code does while it runs: promises, WebCrypto jobs, bytes decoded, encoded and copied, objects of the
// platform made. What the platform does inside itself is counted for promises and jobs only. Node only.
import { createHook } from 'node:async_hooks'

/** By name; see {@link startCounting}. */
export type Counts = Readonly<Record<string, number>>

export interface Counters {
  /** Counts from now on, from zero. */
  start(): void
  /** What was counted since; and nothing more until the next start. */
  stop(): Counts
}

/**
 * Puts counters into the globals of this process, for good. Names: `promises` (made), `resumptions` (a reaction of a
 * promise that ran, such as the code after an `await`), `job X` (asynchronous work of the platform, by its own name),
 * `subtle.X`, and for each function that reads or makes bytes or text, `X` (calls) and `X, units` (bytes, or UTF-16
 * units of a text).
 */
export function installCounters(): Counters {
  let counts: Map<string, number> | undefined
  function count(name: string, by = 1): void {
    if (counts !== undefined) counts.set(name, (counts.get(name) ?? 0) + by)
  }

  const promises = new Set<number>()
  createHook({
    init(id, type) {
      if (counts === undefined) return
      if (type === 'PROMISE') {
        promises.add(id)
        count('promises')
        // How many ticks there are depends on which events come together.
      } else if (type !== 'TickObject') count(`job ${type}`)
    },
    before(id) {
      if (counts !== undefined && promises.has(id)) count('resumptions')
    },
  }).enable()

  const measured = (name: string, units: (args: readonly unknown[], result: unknown) => number): Watch => ({
    name,
    onCall(args, result) {
      count(name)
      count(`${name}, units`, units(args, result))
    },
  })
  const ofFirst = ([first]: readonly unknown[]): number => sizeOf(first)
  const ofResult = (_: readonly unknown[], result: unknown): number => sizeOf(result)

  watch(TextEncoder.prototype, 'encode', measured('TextEncoder.encode', ofResult))
  watch(TextEncoder.prototype, 'encodeInto', measured('TextEncoder.encodeInto', ofFirst))
  watch(TextDecoder.prototype, 'decode', measured('TextDecoder.decode', ofFirst))
  watch(JSON, 'parse', measured('JSON.parse', ofFirst))
  watch(JSON, 'stringify', measured('JSON.stringify', ofResult))
  watch(globalThis, 'atob', measured('atob', ofFirst))
  watch(globalThis, 'btoa', measured('btoa', ofFirst))
  watch(globalThis, 'structuredClone', { name: 'structuredClone', onCall: () => count('structuredClone') })
  watch(Buffer, 'from', measured('Buffer.from', ofResult))
  watch(Buffer, 'concat', measured('Buffer.concat', ofResult))
  watch(Buffer.prototype, 'toString', measured('Buffer.toString', ofResult))
  watch(Uint8Array.prototype, 'set', measured('Uint8Array.set', ofFirst))
  watch(Uint8Array.prototype, 'slice', measured('Uint8Array.slice', ofResult))
  watch(ArrayBuffer.prototype, 'slice', measured('ArrayBuffer.slice', ofResult))
  watch(crypto, 'getRandomValues', measured('getRandomValues', ofFirst))
  watch(crypto, 'randomUUID', { name: 'randomUUID', onCall: () => count('randomUUID') })
  for (const name of SUBTLE) watch(crypto.subtle, name, { name, onCall: () => count(`subtle.${name}`) })
  for (const name of CLASSES) watchClass(name, () => count(`new ${name}`))

  return {
    start() {
      promises.clear()
      counts = new Map()
    },
    stop() {
      const taken = Object.fromEntries([...(counts ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)))
      counts = undefined
      return taken
    },
  }
}

const SUBTLE = [
  'digest',
  'sign',
  'verify',
  'importKey',
  'exportKey',
  'encrypt',
  'decrypt',
  'deriveBits',
  'deriveKey',
] as const
const CLASSES = [
  'Request',
  'Response',
  'Headers',
  'URL',
  'ReadableStream',
  'TransformStream',
  'AbortController',
] as const

interface Watch {
  readonly name: string
  readonly onCall: (args: readonly unknown[], result: unknown) => void
}

/** Puts a function in the place of a method, which calls it and then says so. */
function watch(home: object, method: string, { onCall }: Watch): void {
  const original: unknown = Reflect.get(home, method)
  if (typeof original !== 'function') throw new Error(`there is no ${method}`)
  Object.defineProperty(home, method, {
    configurable: true,
    writable: true,
    value: function watched(this: unknown, ...args: unknown[]): unknown {
      const result: unknown = Reflect.apply(original, this, args)
      onCall(args, result)
      return result
    },
  })
}

function watchClass(name: string, onMade: () => void): void {
  const original: unknown = Reflect.get(globalThis, name)
  if (typeof original !== 'function') throw new Error(`there is no ${name}`)
  const watched: object = new Proxy(original, {
    construct(target, args, newTarget) {
      onMade()
      return Reflect.construct(target, args, newTarget === watched ? target : newTarget)
    },
  })
  Object.defineProperty(globalThis, name, { configurable: true, writable: true, value: watched })
}

/** Bytes, or UTF-16 units of a text. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength
  return Array.isArray(value) ? value.length : 0
}
