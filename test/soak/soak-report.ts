// What a soak counts: logins of each lane by second and by fault, and how long it took until all was well again.
import type { HostName } from '../conformance/hosts.ts'
import { type FaultName, LANES, type Lane, type Profile } from './faults.ts'

/** A fault as it was, in seconds from the start. */
export interface Happened {
  readonly fault: FaultName
  readonly from: number
  /** Absent while it lasts. */
  until?: number
  /** The last login of a lane that was not admitted after its end and before the next fault, in seconds after its end. */
  wellAfter: number
  /** `/readyz` answered 200 again, in seconds after the end. */
  readyAfter: number
}

export interface Count {
  admitted: number
  sent: number
}

export interface SoakReport {
  readonly host: HostName
  readonly profile: Profile
  readonly seed: number
  readonly seconds: number
  readonly happened: readonly Happened[]
  /** Faults of the profile that this machine cannot make. */
  readonly leftOut: readonly FaultName[]
  readonly answers: number
  /** Good logins by lane, and by the second of their start. */
  readonly perSecond: Readonly<Record<Lane, readonly Count[]>>
  readonly byFault: Readonly<Record<string, Readonly<Record<Lane, Count>>>>
  readonly slowestMillis: Readonly<Record<Lane, number>>
  /** Each breach, with the second when it was seen; the first ones. */
  readonly breaches: readonly string[]
  readonly breachCount: number
  /** What came late for no other reason than that the machine was busy. */
  readonly late: readonly string[]
  /** Of the time that logins took, the share in which the gateway or the test waited for a processor. */
  readonly waitedShare: number
}

export function byLane<T>(make: () => T): Record<Lane, T> {
  return Object.fromEntries(LANES.map((lane) => [lane, make()])) as Record<Lane, T>
}

export interface Tally {
  readonly perSecond: Record<Lane, Count[]>
  readonly byFault: Record<string, Record<Lane, Count>>
  readonly slowestMillis: Record<Lane, number>
  /** @param during - the fault that lasted when the login was sent */
  note(lane: Lane, second: number, isAdmitted: boolean, millis: number, during: FaultName | undefined): void
}

export function createTally(seconds: number): Tally {
  const perSecond = byLane(() => Array.from({ length: seconds + 60 }, (): Count => ({ admitted: 0, sent: 0 })))
  const byFault: Record<string, Record<Lane, Count>> = {}
  const slowestMillis = byLane(() => 0)
  return {
    perSecond,
    byFault,
    slowestMillis,
    note(lane, second, isAdmitted, millis, during) {
      const name = during ?? 'nothing'
      byFault[name] ??= byLane((): Count => ({ admitted: 0, sent: 0 }))
      for (const count of [perSecond[lane][Math.floor(second)], byFault[name][lane]]) {
        if (count === undefined) continue
        count.sent++
        if (isAdmitted) count.admitted++
      }
      slowestMillis[lane] = Math.max(slowestMillis[lane], millis)
    },
  }
}
