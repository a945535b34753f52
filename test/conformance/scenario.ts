// A request and the answer that every host gives.
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

/** Sends a request to the host beforehand; resolves with the body of the answer. */
export type Ask = (path: string, init: RequestInit) => Promise<unknown>

export interface Scenario {
  readonly name: string
  readonly request: (
    cluster: StandInCluster,
    ask: Ask,
  ) => Promise<{ readonly path: string; readonly init?: RequestInit }>
  readonly expected: Expected
}
