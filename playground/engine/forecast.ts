// What becomes of a login with time: every instant at which the answer turns, found by asking the engine and halving.
import type { PlaygroundEngine } from './playground-engine.ts'
import type { Situation } from './situation.ts'
import { type Summary, summarizeLogin } from './summarize-login.ts'

export interface Turn {
  /** The first second with this answer; of the first turn, where the search begins. */
  readonly atSeconds: number
  readonly summary: Summary
}

export interface Forecast {
  /** In order; the first is the answer at the beginning. */
  readonly turns: readonly Turn[]
  readonly endSeconds: number
  /** The answer a day after the login. */
  readonly tomorrow: Summary
}

const DAY_SECONDS = 86_400
const WEEK_SECONDS = 7 * DAY_SECONDS
/** More turns than a person reads; a document with so many instants is cut. */
const PROBES_MAX = 40

/**
 * Looks from an hour before the first instant that is known to a week after the last.
 *
 * @param instants - those of the evidence: answers turn near them
 * @param isStale - asked between evaluations: the answer is wanted no longer, and `undefined` is returned
 */
export async function forecast(
  engine: PlaygroundEngine,
  situation: Situation,
  instants: readonly number[],
  isStale: () => Promise<boolean>,
): Promise<Forecast | undefined> {
  const known = new Map<number, Summary>()
  async function ask(atSeconds: number): Promise<Summary> {
    const asked = known.get(atSeconds)
    if (asked !== undefined) return asked
    // The mapping does not depend on what is asked here.
    const { login } = await engine.evaluate({ ...situation, workload: '', atSeconds })
    const summary = summarizeLogin(login)
    known.set(atSeconds, summary)
    return summary
  }

  const { atSeconds } = situation
  const probes = listProbes([...instants, atSeconds, atSeconds + DAY_SECONDS])
  const turns: Turn[] = []
  for (const [index, probe] of probes.entries()) {
    if (await isStale()) return undefined
    const summary = await ask(probe)
    const previous = turns.at(-1)
    if (previous !== undefined && isSame(previous.summary, summary)) continue
    let [before, after] = [probes[index - 1] ?? probe, probe]
    while (previous !== undefined && after - before > 1) {
      if (await isStale()) return undefined
      const middle = Math.floor((before + after) / 2)
      if (isSame(previous.summary, await ask(middle))) before = middle
      else after = middle
    }
    turns.push({ atSeconds: after, summary: await ask(after) })
    // Halving finds one turn; what follows it may have another before the probe.
    const found = turns.at(-1)
    if (found !== undefined && !isSame(found.summary, summary)) turns.push({ atSeconds: probe, summary })
  }
  return { turns, endSeconds: probes.at(-1) ?? atSeconds, tomorrow: await ask(atSeconds + DAY_SECONDS) }
}

/** The same to a reader. Details name ages, which change with every second. */
function isSame(a: Summary, b: Summary): boolean {
  return a.tone === b.tone && a.title === b.title
}

function listProbes(instants: readonly number[]): readonly number[] {
  const sorted = [...new Set(instants)].sort((a, b) => a - b).slice(0, PROBES_MAX)
  const [first = 0] = sorted
  const last = sorted.at(-1) ?? first
  return [Math.max(0, first - 3600), ...sorted, last + 3600, last + WEEK_SECONDS]
}
