// What must hold for every answer, whatever is broken meanwhile.
import { type Answer, type FaultName, findFault, LANES, type Lane, WELL_MILLIS } from './faults.ts'

/** What must never be admitted: `replayed` is evidence of `once` that was used, `confused` a token by a published symmetric key. */
export const HOSTILE = ['stranger', 'forged', 'confused', 'expired', 'malformed', 'replayed'] as const
export type Sent = Lane | (typeof HOSTILE)[number]

export interface Answered {
  readonly sent: Sent
  /** 0: none. */
  readonly status: number
  /** Of the answer if it is a failure of the gateway, else of the first refused evidence. */
  readonly code?: string
  /** The policy that admitted. */
  readonly policy?: string
  readonly text: string
  readonly millis: number
  /** Milliseconds since the epoch, by the clock of the test. */
  readonly atMillis: number
  /** What was broken, or might not yet have recovered, at any moment of it. */
  readonly around: readonly FaultName[]
  /** Between the making of its evidence and the answer the clock stepped, or the gateway did not yet have it. */
  readonly isAcrossStep: boolean
  /** For how long of it the gateway or the test could not run: see processor-wait.ts. */
  readonly waitedMillis: number
  /** It waited for so long lately that a connection to a store was given up: see {@link STARVED_MILLIS}. */
  readonly isStarved: boolean
}

/** How long after a document was replaced a gateway may still decide by it: docs/operate.md. */
export const STALE_MAX_MILLIS = 95_000

/** After so long without a processor, deadlines of the gateway's own run out. */
export const LOADED_MILLIS = 1_000

/** A gateway that waits so long for a processor gives up its connection to Redis, and has a new one within the time after it. */
export const STARVED_MILLIS = 4_000
export const STARVED_FOR_MILLIS = 15_000

export interface Rules {
  /** Strings that no answer may hold. */
  readonly canaries: readonly string[]
  /** Until when a policy of a document was in force; absent: it still is. */
  readonly endOf: (policy: string) => number | undefined
}

export interface Breach {
  readonly what: string
  /** The machine was the reason, as far as can be told. */
  readonly isLoad: boolean
}

export function isLane(sent: Sent): sent is Lane {
  return LANES.some((lane) => lane === sent)
}

export function findBreaches(answered: Answered, { canaries, endOf }: Rules): readonly Breach[] {
  const { sent, status, policy, text, atMillis, around } = answered
  const found: Breach[] = []
  const add = (what: string, isLoad = false): void => void found.push({ what, isLoad })
  const during = around.length === 0 ? 'with nothing broken' : `during ${around.join(', ')}`
  if (status === 200 && !isLane(sent)) add(`admitted: ${sent}, ${during}`)
  if (status >= 500 && status !== 503) add(`${nameAnswer(answered)}, ${during}`)
  const end = policy === undefined ? undefined : endOf(policy)
  if (status === 200 && end !== undefined && atMillis - end > STALE_MAX_MILLIS)
    add(`admitted by ${policy}, ${Math.round((atMillis - end) / 1000)} s after it was replaced or deleted`)
  if (canaries.some((canary) => text.includes(canary))) add('a secret in an answer')
  if (isLane(sent)) addLaneBreaches(answered, sent, during, add)
  else if (around.length === 0 && status !== 401 && status !== 403)
    add(`${sent} got ${nameAnswer(answered)} with nothing broken`, isExcused(answered))
  return found
}

function addLaneBreaches(
  answered: Answered,
  lane: Lane,
  during: string,
  add: (what: string, isLoad?: boolean) => void,
): void {
  const { status, millis, around, waitedMillis, isAcrossStep } = answered
  const rows = around.map(findFault)
  const may: readonly Answer[] = rows.flatMap((row) => row.may[lane] ?? [])
  const bounds = rows.map(({ may: concerned, withinMillis }) => (concerned[lane] && withinMillis) ?? WELL_MILLIS)
  const within = Math.max(WELL_MILLIS, ...bounds)
  // A socket may be listened on long before there is a gateway behind it.
  const isDown = status === 0 && rows.some((row) => row.isDown)
  if (millis > within && !isDown)
    add(
      `a login of ${lane} took ${Math.round(millis)} ms instead of ${within} ${during}`,
      millis - waitedMillis <= within,
    )
  // Evidence of an hour that the step left behind, or a load of keys whose lease it ended.
  if (isAcrossStep && (status === 401 || nameAnswer(answered) === '503 signing_key_unavailable')) return
  if (status !== 200 && !may.includes(nameAnswer(answered)))
    add(`a login of ${lane} got ${nameAnswer(answered)} ${during}`, isExcused(answered))
}

function nameAnswer({ status, code }: Answered): Answer {
  return code === undefined ? String(status) : `${status} ${code}`
}

/** A refusal after a deadline of the gateway's own, the shortest of which is 2 s, while it was kept waiting: a fault comes at once. */
function isExcused({ status, code, millis, waitedMillis, isStarved }: Answered): boolean {
  if (isStarved && code === 'replay_unavailable') return true
  return (status === 503 || status === 0) && millis > 1_500 && waitedMillis > LOADED_MILLIS
}
