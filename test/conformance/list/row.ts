// A row of the conformance list: one request to a process, from outside, and what every host answers.
import type { Counterparts } from './counterparts.ts'

/** Where a row is run. */
export interface At {
  readonly url: string
  /** A cluster of the row's own. */
  readonly id: string
  readonly world: Counterparts
  /** Sends a request beforehand; the body of its answer. */
  ask(sent: Sent): Promise<Answer>
}

export interface Sent {
  readonly path: string
  readonly init?: RequestInit
}

export interface Answer {
  readonly code?: string
  readonly session?: { readonly token: string }
  readonly challenge?: string
  readonly nonce?: string
  readonly path?: string
  readonly credential?: string
  readonly refusals?: readonly { readonly code: string }[]
  readonly results?: readonly { readonly error?: { readonly code: string } }[]
}

/** Sections of the row's own cluster by name: each a spec. */
export type Sections = Readonly<Record<string, unknown>>

export interface Row {
  readonly name: string
  readonly sections?: (world: Counterparts) => Sections
  readonly send: (at: At) => Promise<Sent>
  /** The status, the code, and the codes of all evidence or workloads: see {@link tell}. */
  readonly told: string
  /** What it needs is not installed. */
  readonly isSkipped?: boolean
  /** Where it is not run, and why a host cannot be brought to it from outside. */
  readonly except?: { readonly hosts: readonly ListHost[]; readonly why: string }
}

export const LIST_HOSTS = ['workerd', 'node', 'deno', 'package'] as const
/** `package`: the tarball, on Node. */
export type ListHost = (typeof LIST_HOSTS)[number]

/** What of an answer a row states: each code once, in order. `ok` stands for a workload that is mapped. */
export function tell(status: number, { code, refusals = [], results = [] }: Answer): string {
  const others = [...refusals.map((refusal) => refusal.code), ...results.map(({ error }) => error?.code ?? 'ok')]
  return [...new Set([String(status), ...(code === undefined ? [] : [code]), ...others])].join(' ')
}

export function post(path: string, body: unknown, session?: string): Sent {
  const headers = {
    'Content-Type': 'application/json',
    ...(session === undefined ? {} : { Authorization: `Bearer ${session}` }),
  }
  return { path, init: { method: 'POST', headers, body: JSON.stringify(body) } }
}

/** A login to the row's own cluster. */
export function login(at: At, ...attestations: readonly object[]): Sent {
  return post(`/v1/clusters/${at.id}/login`, { attestations })
}

export const evidence = (type: string, token: string): object => ({ type, evidence: { token } })

/** A document of policies of one policy. */
export function policy(requiredAttestors: readonly object[], more: object = {}): Sections {
  return { AgentAttestation: { policies: [{ name: 'p', requiredAttestors, ...more }] } }
}
