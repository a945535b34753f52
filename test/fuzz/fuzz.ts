// Runs one target: mutated inputs go to a parser, which must answer each in bounded time, without a throw, and the same twice. What an
// answer is like (its codes) steers: an input with an answer of a new kind is kept and mutated further.
import process from 'node:process'
import { createRandom, mutate } from './mutate.ts'

export interface Target {
  readonly name: string
  /** Valid inputs to begin with, and inputs that once broke it. */
  readonly seeds: readonly Uint8Array[]
  /** The longest input that the parser is ever given. */
  readonly maxBytes: number
  /** Parses, and says of what kind the answer is. */
  readonly run: (input: Uint8Array) => string | Promise<string>
}

export interface Crasher {
  readonly input: Uint8Array
  readonly why: string
}

export interface FuzzResult {
  readonly runs: number
  /** Kinds of answers that were seen. */
  readonly kinds: number
  readonly slowestMillis: number
  readonly crasher?: Crasher
}

export interface FuzzOptions {
  readonly seed: number
  /** Ends after this many runs, or this many milliseconds, whichever comes first. */
  readonly runs: number
  readonly millis: number
  /** An input that takes longer is a crasher: it was tried three times. */
  readonly slowMillis: number
}

const CORPUS_MAX = 2_000

export async function fuzz({ seeds, maxBytes, run }: Target, options: FuzzOptions): Promise<FuzzResult> {
  const random = createRandom(options.seed)
  const corpus = [...seeds]
  const kinds = new Set<string>()
  const end = performance.now() + options.millis
  let slowestMillis = 0
  let runs = 0
  for (const seed of seeds) kinds.add(await run(seed))
  for (; runs < options.runs && performance.now() < end; runs++) {
    const input = mutate(corpus[random.below(corpus.length)] ?? new Uint8Array(), corpus, random, maxBytes)
    const tried = await tryOnce(run, input)
    slowestMillis = Math.max(slowestMillis, tried.millis)
    const why = 'why' in tried ? tried.why : await findFault(run, input, tried, options.slowMillis)
    if (why !== undefined) return { runs, kinds: kinds.size, slowestMillis, crasher: { input, why } }
    if (!('kind' in tried) || kinds.has(tried.kind) || corpus.length >= CORPUS_MAX) continue
    kinds.add(tried.kind)
    corpus.push(input)
  }
  return { runs, kinds: kinds.size, slowestMillis }
}

type Tried = { readonly millis: number } & ({ readonly kind: string } | { readonly why: string })

/** By CPU time: on a busy machine the clock goes on while nothing runs. */
async function tryOnce(run: Target['run'], input: Uint8Array): Promise<Tried> {
  const started = readCpuMillis()
  try {
    const kind = await run(input)
    return { millis: readCpuMillis() - started, kind }
  } catch (error) {
    return {
      millis: readCpuMillis() - started,
      why: `it throws ${error instanceof Error ? error.stack : String(error)}`,
    }
  }
}

function readCpuMillis(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Slow once may be the machine; slow three times is the input. An answer that differs the second time depends on something else. */
async function findFault(
  run: Target['run'],
  input: Uint8Array,
  first: Tried,
  slowMillis: number,
): Promise<string | undefined> {
  if (first.millis > slowMillis) {
    const again = [await tryOnce(run, input), await tryOnce(run, input)].map(({ millis }) => millis)
    const least = Math.min(first.millis, ...again)
    if (least > slowMillis) return `it takes ${Math.round(least)} ms`
  }
  // Each tenth: twice the work for every input would halve what is tried.
  if (input.length % 10 !== 0 || !('kind' in first)) return undefined
  const second = await tryOnce(run, input)
  return 'kind' in second && second.kind === first.kind ? undefined : 'the second answer differs'
}
