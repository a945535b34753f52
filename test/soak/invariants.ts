// What must hold for every answer, whatever is broken meanwhile.
import type { FaultName } from './schedule.ts'

export type Sent = 'good' | 'stranger' | 'forged' | 'expired' | 'malformed'

export interface Answered {
  readonly sent: Sent
  readonly status: number
  /** The policy that admitted. */
  readonly policy?: string
  readonly code?: string
  readonly text: string
  readonly millis: number
  /** Milliseconds since the epoch. */
  readonly atMillis: number
  /** The fault at that time. */
  readonly fault: FaultName | undefined
  readonly isRecovering: boolean
}

/** What may be answered to a login that should be admitted, by what is broken. Unlisted: `200` alone, once recovered. */
const GOOD_DURING: Readonly<Record<FaultName, readonly number[]>> = {
  issuer_down: [200, 503],
  issuer_slow: [200, 503],
  // A lying issuer publishes no key of this name.
  issuer_lying: [200, 401, 503],
  // Refetches for unknown keys have a budget.
  issuer_rotating: [200, 401],
  store_gone: [200, 503],
  document_bad: [200],
  document_torn: [200],
  document_replaced: [200, 403],
  document_deleted: [200, 403, 404],
  half_open: [200],
  killed: [200, 0],
}

/** A good login is answered within this, also while something is broken. */
export const GOOD_MAX_MILLIS = 12_000

/** How long after a document was replaced a gateway on a directory may still decide by it: docs/operate.md. */
export const STALE_MAX_MILLIS = 95_000

export interface Rules {
  /** Strings that no answer and no output may hold. */
  readonly canaries: readonly string[]
  /** Until when a policy of a document was in force; absent: it still is. */
  readonly endOf: (policy: string) => number | undefined
}

/** Each breach as a sentence. */
export function findBreaches(answered: Answered, { canaries, endOf }: Rules): readonly string[] {
  const { sent, status, policy, code, text, millis, fault, isRecovering, atMillis } = answered
  const breaches: string[] = []
  const isAdmitted = status === 200
  if (isAdmitted && sent !== 'good') breaches.push(`admitted: ${sent}`)
  if (status >= 500 && status !== 503) breaches.push(`status ${status} ${code ?? ''}`)
  const end = policy === undefined ? undefined : endOf(policy)
  if (isAdmitted && end !== undefined && atMillis - end > STALE_MAX_MILLIS)
    breaches.push(`admitted by ${policy}, ${Math.round((atMillis - end) / 1000)} s after it was replaced or deleted`)
  if (canaries.some((canary) => text.includes(canary))) breaches.push('a secret in an answer')
  if (sent === 'good') {
    if (millis > GOOD_MAX_MILLIS) breaches.push(`a good login took ${Math.round(millis)} ms`)
    const allowed = fault === undefined ? [200] : GOOD_DURING[fault]
    if (!isRecovering && !allowed.includes(status))
      breaches.push(
        `a good login got ${status} ${code ?? ''} ${fault === undefined ? 'with nothing broken' : `during ${fault}`}`,
      )
  } else if (!isRecovering && fault === undefined && status !== 401 && status !== 403) {
    breaches.push(`${sent}: ${status} ${code ?? ''}`)
  }
  return breaches
}
