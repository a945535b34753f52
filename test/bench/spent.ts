// Compares two pieces of work in this process, in turn.
import process from 'node:process'
import type { BenchOptions } from './options.ts'
import { compare, median, type Pair, takePairs } from './pairs.ts'
import type { Row } from './report.ts'

/** Done over and over; both by time, so many times each as fill a round. */
export type Work = () => unknown

export interface Compared {
  readonly what: string
  readonly first: Work
  readonly second: Work
  readonly names: readonly [first: string, second: string]
}

/** Of one time that the work was done. */
export interface Spent {
  readonly micros: number
  /** Of all threads. */
  readonly cpuMicros: number
}

/** Nothing but the work runs between two readings of the clock, so that many short rounds tell more than a few long ones. */
const SHORTER = 3

export async function compareWork({ what, first, second, names }: Compared, options: BenchOptions): Promise<Row> {
  const pairs = await takeWorkPairs(first, second, options)
  return {
    what,
    ratios: { time: compare(pairs, ({ micros }) => micros), CPU: compare(pairs, ({ cpuMicros }) => cpuMicros) },
    figures: {
      [`${names[0]}, µs`]: medianOf(pairs, 'first'),
      [`${names[1]}, µs`]: medianOf(pairs, 'second'),
    },
  }
}

export async function takeWorkPairs(first: Work, second: Work, options: BenchOptions): Promise<readonly Pair<Spent>[]> {
  const times = [await warmUp(first, options), await warmUp(second, options)] as const
  return takePairs(
    options.pairs * SHORTER,
    () => spend(first, times[0]),
    () => spend(second, times[1]),
  )
}

function medianOf(pairs: readonly Pair<Spent>[], side: keyof Pair<Spent>): number {
  return median(pairs.map((pair) => pair[side].micros))
}

/** How often the work fills a round. By CPU time: on a busy machine the wall clock would end before anything is warm. */
async function warmUp(work: Work, { roundMillis, warmUpMillis }: BenchOptions): Promise<number> {
  let times = 1
  let spentMicros = 0
  for (;;) {
    const { cpuMicros } = await spend(work, times)
    spentMicros += cpuMicros * times
    const leftMicros = warmUpMillis * 1000 - spentMicros
    if (leftMicros <= 0) return Math.max(1, Math.round((roundMillis * 1000) / SHORTER / cpuMicros))
    times = Math.max(1, Math.min(times * 2, Math.ceil(leftMicros / cpuMicros)))
  }
}

async function spend(work: Work, times: number): Promise<Spent> {
  const cpuBefore = process.cpuUsage()
  const started = performance.now()
  for (let time = 0; time < times; time++) await work()
  const millis = performance.now() - started
  const { user, system } = process.cpuUsage(cpuBefore)
  return { micros: (millis * 1000) / times, cpuMicros: (user + system) / times }
}
