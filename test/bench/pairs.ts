// Ratios of two things measured in turn. The speed of a shared machine moves by more than what is measured, so only the
// ratio of neighbours in time means anything.

/** What the pairs of one comparison say. A ratio above 1: the first cost more than the second. */
export interface Ratio {
  readonly median: number
  readonly lowerQuartile: number
  readonly upperQuartile: number
  readonly pairs: number
  /** Pairs on the other side of 1 than the median. */
  readonly disagreeing: number
}

export interface Pair<T> {
  readonly first: T
  readonly second: T
}

/** Runs both in turn, `pairs` times. Who begins alternates, so that a steady drift favours neither. */
export async function takePairs<T>(
  pairs: number,
  first: () => T | Promise<T>,
  second: () => T | Promise<T>,
): Promise<readonly Pair<T>[]> {
  const taken: Pair<T>[] = []
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % 2 === 0) {
      const a = await first()
      taken.push({ first: a, second: await second() })
    } else {
      const b = await second()
      taken.push({ first: await first(), second: b })
    }
  }
  return taken
}

/** Ratios of what `costOf` says of each pair. Throws where a pair has no cost: a run without one proves nothing. */
export function compare<T>(pairs: readonly Pair<T>[], costOf: (value: T) => number): Ratio {
  const ratios = pairs.map(({ first, second }) => costOf(first) / costOf(second))
  const bad = ratios.find((ratio) => !Number.isFinite(ratio) || ratio <= 0)
  if (bad !== undefined || ratios.length === 0) throw new Error(`a pair has the ratio ${bad}`)
  const middle = median(ratios)
  return {
    median: middle,
    lowerQuartile: quantile(ratios, 0.25),
    upperQuartile: quantile(ratios, 0.75),
    pairs: ratios.length,
    disagreeing: ratios.filter((ratio) => ratio > 1 !== middle > 1).length,
  }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Linear between the two nearest values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}
