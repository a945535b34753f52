// What one suite came to: how many cases ended in which way, and the names of those that are wrong.

export interface Tally {
  /** Counts one case that ended as it must, or that was left out, under a sentence that says how. */
  readonly count: (outcome: string) => void
  /** Counts one case whose answer contradicts the suite. */
  readonly fail: (name: string, why: string) => void
  readonly outcomes: ReadonlyMap<string, number>
  readonly wrong: readonly string[]
}

export function createTally(): Tally {
  const outcomes = new Map<string, number>()
  const wrong: string[] = []
  return {
    count: (outcome) => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1),
    fail: (name, why) => void wrong.push(`${name}: ${why}`),
    outcomes,
    wrong,
  }
}

const SHOWN_MAX = 20

/** Writes the counts of a suite, and at most the first wrong cases by name. */
export function formatTally(title: string, { outcomes, wrong }: Tally): string {
  const width = Math.max(...[...outcomes.values(), wrong.length].map((count) => String(count).length))
  const line = (count: number, words: string): string => `  ${String(count).padStart(width)}  ${words}`
  const lines = [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([outcome, count]) => line(count, outcome))
  const rest = wrong.length > SHOWN_MAX ? [`  and ${wrong.length - SHOWN_MAX} more`] : []
  const named = wrong.slice(0, SHOWN_MAX).map((name) => `  ✗ ${name}`)
  return [title, ...lines, line(wrong.length, 'wrong'), ...named, ...rest].join('\n')
}
