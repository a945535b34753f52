// Answers refusals as `application/problem+json` (RFC 9457) with a stable `code`. Only here a code becomes a status.
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { PROBLEM_TEXT_MAX_LENGTH } from '../core/limits.ts'
import { printable, printableJson } from '../core/printable.ts'
import { findReason, REFUSALS, type Refusal } from '../core/refusal.ts'
import type { EvidenceRefusal } from '../policy/login/trials.ts'
import type { Answer } from './answers/answer.ts'
import type { ProblemBody } from './answers/problem-body.ts'
import { chooseChallenge } from './www-authenticate.ts'

export interface ProblemExtras extends Pick<ProblemBody, 'reason' | 'configuration' | 'checks'> {
  /** Replaces the status of the code: 401 instead of 403 if no evidence was verified. */
  readonly status?: number
  readonly refusals?: readonly EvidenceRefusal[]
}

/** The realm of a request that is refused before the settings are read. */
const DEFAULT_REALM = 'postern'

/**
 * Answers a refused request. `refusal.audit` is never sent. Strings that the caller sent are made printable and short,
 * so the answer has at most `PROBLEM_MAX_BYTES`.
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
  if (refusal.isCharged === true) c.set('isCharged', true)
  const challenge = chooseChallenge(refusal, status, c.get('realm') ?? DEFAULT_REALM)
  if (challenge !== undefined) c.header('WWW-Authenticate', challenge)
  if (refusal.retryAfterSeconds !== undefined) c.header('Retry-After', String(Math.ceil(refusal.retryAfterSeconds)))
  return c.body(`${printableJson(body)}\n`, status as ContentfulStatusCode, {
    'Content-Type': 'application/problem+json',
  })
}

/**
 * Answers with JSON and a final newline, for terminals. The caller must name the type, which is inferred from a
 * published schema: without it the call does not compile.
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
  // A code of whole requests has no reason of its own: the evidence counts as unverified.
  return { type, code, reason: findReason(code) ?? 'unverified', detail: makePrintable(detail) }
}

function makePrintable(text: string): string {
  return printable(text, PROBLEM_TEXT_MAX_LENGTH)
}
