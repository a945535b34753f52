// What goes wrong when, from a seed: one fault after another, each with a time to recover after it.
import { createRandom } from '../fuzz/mutate.ts'

export const FAULTS = [
  'issuer_down',
  'issuer_slow',
  'issuer_lying',
  'issuer_rotating',
  'store_gone',
  'document_bad',
  'document_torn',
  'document_replaced',
  'document_deleted',
  'half_open',
  'killed',
] as const
export type FaultName = (typeof FAULTS)[number]

export interface Step {
  readonly fault: FaultName
  /** Seconds from the start of the soak. */
  readonly from: number
  readonly until: number
}

/** How long the gateway has to be as before once a fault is over. */
export const RECOVERY_SECONDS = 12

/** Every fault comes once before one comes again. @param seconds - how long the soak takes */
export function makeSchedule(seed: number, seconds: number): readonly Step[] {
  const random = createRandom(seed)
  const steps: Step[] = []
  let left: FaultName[] = []
  for (let from = 5; ; ) {
    if (left.length === 0) left = [...FAULTS]
    const [fault] = left.splice(random.below(left.length), 1)
    const until = from + 3 + random.below(5)
    if (fault === undefined || until + RECOVERY_SECONDS > seconds) return steps
    steps.push({ fault, from, until })
    from = until + RECOVERY_SECONDS
  }
}
