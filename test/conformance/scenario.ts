// A request that every host answers alike, and what it answers.
import type { StandInCluster } from '../../dev/stand-in-cluster.ts'

export interface Expected {
  readonly status: number
  readonly code?: string
  readonly reason?: string
  /** Codes of the refusals of the evidence. */
  readonly refusals?: readonly string[]
  /** Part of an attribute list or another member of the body. */
  readonly body?: Readonly<Record<string, unknown>>
}

/** Asks the host something beforehand, and yields the body of its answer. */
export type Ask = (path: string, init: RequestInit) => Promise<unknown>

export interface Scenario {
  readonly name: string
  readonly request: (
    cluster: StandInCluster,
    ask: Ask,
  ) => Promise<{ readonly path: string; readonly init?: RequestInit }>
  readonly expected: Expected
}
