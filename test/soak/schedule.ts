// What goes wrong when, from a seed: one fault after another, each with the time to recover that its row allows.
import { createRandom } from '../fuzz/mutate.ts'
import { type FaultName, findFault } from './faults.ts'

export interface Step {
  readonly fault: FaultName
  /** Seconds from the start of the soak. */
  readonly from: number
  readonly until: number
}

/** After this the gateway must be as if nothing had been, for at least as long again. */
export const CALM_SECONDS = 3
/** A fault whose recovery takes longer than this is followed by others, which then may cost what both may. */
const WAIT_MAX_SECONDS = 6

/** How long the next fault waits for the end of the one before. */
export function countQuietSeconds(fault: FaultName): number {
  return Math.min(findFault(fault).recovers, WAIT_MAX_SECONDS) + CALM_SECONDS
}

/** Every fault comes once before one comes again. @param seconds - how long the soak takes */
export function makeSchedule(seed: number, seconds: number, faults: readonly FaultName[]): readonly Step[] {
  const random = createRandom(seed)
  const steps: Step[] = []
  let left: FaultName[] = []
  for (let from = 4; ; ) {
    if (left.length === 0) left = [...faults]
    const [fault] = left.splice(random.below(left.length), 1)
    if (fault === undefined) return steps
    const [least, most] = findFault(fault).lasts
    const until = from + least + random.below(most - least + 1)
    if (until + countQuietSeconds(fault) > seconds) return steps
    steps.push({ fault, from, until })
    from = until + countQuietSeconds(fault)
  }
}
