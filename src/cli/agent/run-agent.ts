// The agent as a daemon: logs in, writes the session, and again before it ends; says on standard error what it did, and why it was
// refused.
import type { Client } from '../../client/client.ts'
import { describeFailure } from '../../client/transport.ts'
import type { Clock, Sleep } from '../../core/clock.ts'
import type { AgentOptions } from './agent-options.ts'
import { COLLECTORS } from './collectors.ts'
import { type CollectHost, type LoggedIn, logIn } from './log-in.ts'
import { planNext, planRetry } from './plan-renewal.ts'

export interface AgentState {
  /** When the written session ends, in milliseconds since the epoch. */
  readonly expiresAtMillis: number | undefined
  /** Why the last login failed. */
  readonly failure: string | undefined
}

export interface AgentHost {
  readonly client: Client
  readonly context: CollectHost
  readonly clock: Clock
  readonly sleep: Sleep
  /** From 0 to 1. */
  readonly random: () => number
  readonly say: (line: string) => void
  readonly write: (token: string) => Promise<void>
  readonly noteState: (state: AgentState) => void
  /** Ends the daemon after what it is doing. */
  readonly ending: AbortSignal
}

/** Runs until `ending`. */
export async function runAgent(options: Pick<AgentOptions, 'clusterId' | 'types'>, host: AgentHost): Promise<void> {
  const { clock, ending } = host
  let failures = 0
  let expiresAtMillis: number | undefined
  /** The digest of evidence that was used before. */
  let used: string | undefined
  while (!ending.aborted) {
    const result = await logIn(host.client, options.clusterId, options.types, host.context)
    const failure = await report(result, host)
    failures = failure === undefined ? 0 : failures + 1
    if (result.kind === 'admitted' && failure === undefined)
      expiresAtMillis = Date.parse(result.answer.session.expiresAt)
    host.noteState({ expiresAtMillis, failure })
    const isUnwritten = result.kind === 'admitted' && failure !== undefined
    const plan = isUnwritten
      ? planRetry(clock(), failures, host.random())
      : planNext(result, clock(), failures, host.random())
    if (plan.kind === 'at') {
      await waitUntil(plan.millis, host)
      continue
    }
    used = result.kind === 'failed' ? result.evidence?.digest : undefined
    host.say('waiting for new evidence: this one was used before, and is accepted once')
    await waitForNewEvidence(used, plan.pollMillis, options.types, host)
  }
}

/** What the operator reads; why there is no new session in the file, if there is none. */
async function report(result: LoggedIn, { write, say }: AgentHost): Promise<string | undefined> {
  if (result.kind === 'admitted') {
    const { session, policy } = result.answer
    try {
      await write(session.token)
    } catch (error) {
      const reason = `admitted by the policy ${policy}, and the session cannot be written: ${error instanceof Error ? error.message : ''}`
      say(reason)
      return reason
    }
    say(`admitted by the policy ${policy}: the session is good until ${session.expiresAt}`)
    return undefined
  }
  const reason =
    result.kind === 'uncollected'
      ? `no evidence: ${result.reason}`
      : `${describeFailure(result.failure)}${nextStep(result)}`
  say(reason)
  return reason
}

/** What the operator of the gateway can do with a refusal, which the agent's side cannot see. */
export function nextStep(result: Extract<LoggedIn, { readonly kind: 'failed' }>): string {
  if (result.failure.kind !== 'refused') return ''
  const { requestId } = result.failure.problem
  return `. What the policy expects is in the gateway's audit record of ${requestId}`
}

async function waitUntil(millis: number, { clock, sleep, ending }: AgentHost): Promise<void> {
  // In steps, so that a machine that slept does not sleep on.
  while (!ending.aborted && clock() < millis) await pause(Math.min(millis - clock(), STEP_MILLIS), { sleep, ending })
}

async function waitForNewEvidence(
  used: string | undefined,
  pollMillis: number,
  types: readonly string[],
  host: AgentHost,
): Promise<void> {
  // What answers a challenge is new each time, and the gateway need not be asked for one to look.
  const lasting = types.filter((type) => COLLECTORS.get(type)?.needsChallenge !== true)
  const collectOnly: Client = { ...host.client, login: async () => ({ ok: false, failure: NOTHING_SENT }) }
  while (!host.ending.aborted) {
    await pause(pollMillis, host)
    const looked = await logIn(collectOnly, undefined, lasting, host.context)
    if (looked.kind === 'failed' && looked.evidence?.digest !== used) return
  }
}

const NOTHING_SENT = { kind: 'unanswered', reason: 'nothing was sent' } as const

const STEP_MILLIS = 5_000

/** Ends early, without an error, when the agent does. */
async function pause(millis: number, { sleep, ending }: Pick<AgentHost, 'sleep' | 'ending'>): Promise<void> {
  if (ending.aborted) return
  const timer = new AbortController()
  await Promise.race([
    sleep(millis, timer.signal),
    new Promise<void>((ended) => ending.addEventListener('abort', () => ended(), { once: true, signal: timer.signal })),
  ])
  timer.abort('done')
}
