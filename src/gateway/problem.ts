// Refusals on the wire: `application/problem+json` (RFC 9457) with a stable `code`. The one place that turns a code
// into a status.
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { PROBLEM_TEXT_MAX_LENGTH } from '../core/limits.ts'
import { printable, printableJson } from '../core/printable.ts'
import { REFUSALS, type Refusal } from '../core/refusal.ts'
import type { EvidenceRefusal } from '../policy/login/trials.ts'
import type { Answer } from './answers/answer.ts'
import type { ProblemBody } from './answers/problem-body.ts'
import { chooseChallenge } from './www-authenticate.ts'

export interface ProblemExtras extends Pick<ProblemBody, 'reason' | 'configuration' | 'checks'> {
  /** 401 instead of 403: nothing of what the caller sent was verified. */
  readonly status?: number
  readonly refusals?: readonly EvidenceRefusal[]
}

/** For a request that is refused before its gateway's settings are looked at. */
const DEFAULT_REALM = 'postern'

/**
 * The answer to a refused request. `refusal.audit` never leaves through here. What the caller sent comes back printable
 * and short: the answer never has more than `PROBLEM_MAX_BYTES`.
 */
export function answerProblem(c: Context, refusal: Refusal, extras: ProblemExtras = {}): Response {
  const row = REFUSALS[refusal.code]
  const status = extras.status ?? row.status
  const body: ProblemBody = {
    type: `urn:postern:${refusal.code}`,
    title: row.title,
    status,
    code: refusal.code,
    ...(extras.reason === undefined ? {} : { reason: extras.reason }),
    detail: makePrintable(refusal.detail),
    ...(refusal.where === undefined ? {} : { where: makePrintable(refusal.where) }),
    requestId: c.get('requestId'),
    ...(extras.refusals === undefined ? {} : { refusals: extras.refusals.map(toProblemRefusal) }),
    ...(extras.configuration === undefined ? {} : { configuration: extras.configuration }),
    ...(extras.checks === undefined ? {} : { checks: extras.checks }),
  }
  const challenge = chooseChallenge(refusal, status, c.get('realm') ?? DEFAULT_REALM)
  if (challenge !== undefined) c.header('WWW-Authenticate', challenge)
  if (refusal.retryAfterSeconds !== undefined) c.header('Retry-After', String(Math.ceil(refusal.retryAfterSeconds)))
  return c.body(`${printableJson(body)}\n`, status as ContentfulStatusCode, {
    'Content-Type': 'application/problem+json',
  })
}

/**
 * An answer of JSON, with a newline at its end for whoever reads it in a terminal. Its type is that of a published schema,
 * and is named where this is called: without a name no answer compiles.
 *
 * @example answerJson<Liveness>(c, { status: 'ok' })
 */
export function answerJson<Published extends Answer = never>(
  c: Context,
  answer: NoInfer<Published>,
  write: (answer: Published) => string = JSON.stringify,
): Response {
  return c.body(`${write(answer)}\n`, 200, { 'Content-Type': 'application/json' })
}

function toProblemRefusal({ type, refusal }: EvidenceRefusal): NonNullable<ProblemBody['refusals']>[number] {
  const { code, detail } = refusal
  // A code of whole requests does not say how far the evidence got.
  return { type, code, reason: REFUSALS[code].reason ?? 'unverified', detail: makePrintable(detail) }
}

function makePrintable(text: string): string {
  return printable(text, PROBLEM_TEXT_MAX_LENGTH)
}
