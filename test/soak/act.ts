// What a fault is handed, and what it hands back.
import type { Random } from '../fuzz/mutate.ts'
import type { TestIssuer } from '../token/issuer.ts'
import type { Agents } from './agents.ts'
import type { Policies } from './policies.ts'
import type { SoakGateway } from './start-gateway.ts'

export interface ActContext {
  readonly gateway: SoakGateway
  /** Of the changing document. */
  readonly issuer: TestIssuer
  readonly agents: Agents
  readonly policies: Policies
  readonly random: Random
  /** Reports a breach that is in no answer. */
  readonly report: (what: string) => void
  /** How long it lasts. */
  readonly seconds: number
}

/** Begins a fault; the result ends it. */
export type Act = (context: ActContext) => Promise<() => Promise<void>>

export function pause(millis: number): Promise<void> {
  return new Promise((later) => setTimeout(later, millis))
}

/** Stores the next version of the changing document. */
export async function replaceDocument({ gateway, policies }: ActContext, key: string): Promise<void> {
  await gateway.put(key, policies.nextText())
  policies.advance()
}
