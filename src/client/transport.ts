// One request to the gateway and its answer: no redirect, bounded in time and bytes, and a failure that says whose it is.

import { isJsonObject, parseJsonBytes } from '../core/json.ts'
import { CLIENT_ANSWER_MAX_BYTES, JSON_DEPTH_MAX, RETRY_AFTER_MAX_SECONDS } from '../core/limits.ts'
import { VERSION } from '../core/version.ts'
import type { ProblemBody } from '../gateway/answers/problem-body.ts'
import { readCapped } from '../net/read-capped.ts'
import { readRetryAfter } from '../net/retry-after.ts'

/** The part of `fetch` that is used. */
export type ClientFetch = (input: string, init: RequestInit) => Promise<Response>

export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure }

export type Failure =
  /** The gateway answered with a problem (RFC 9457). */
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly problem: ProblemBody
      /** From `Retry-After`. */
      readonly retryAfterSeconds?: number
    }
  /** Nobody answered, or it was not a gateway. */
  | { readonly kind: 'unanswered'; readonly reason: string; readonly status?: number }

interface AskOptions<T> {
  readonly timeoutMillis: number
  readonly session?: string
  /** Sent by POST, as JSON or as a form. Neither: GET. */
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  /** What the answer must be, where something is decided by it. */
  readonly isAnswer?: (value: unknown) => value is T
}

/** Never rejects. */
export async function ask<T>(fetch: ClientFetch, url: string, options: AskOptions<T>): Promise<Reply<T>> {
  const { timeoutMillis, session, json, form, isAnswer } = options
  const body = json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json)
  const headers: Record<string, string> = { Accept: 'application/json', 'User-Agent': `Postern/${VERSION}` }
  if (json !== undefined) headers['Content-Type'] = 'application/json'
  if (session !== undefined) headers['Authorization'] = `Bearer ${session}`
  try {
    const signal = AbortSignal.timeout(timeoutMillis)
    const init = { method: body === undefined ? 'GET' : 'POST', headers, redirect: 'manual', signal } as const
    const response = await fetch(url, body === undefined ? init : { ...init, body })
    return await readReply(response, isAnswer)
  } catch (error) {
    return unanswered(describeError(error, timeoutMillis))
  }
}

async function readReply<T>(response: Response, isAnswer: AskOptions<T>['isAnswer']): Promise<Reply<T>> {
  const { status, headers } = response
  // A redirect would take the evidence to another address.
  if (status === 0 || (status >= 300 && status < 400)) return unanswered('the answer is a redirect', status)
  const bytes =
    response.body === null ? new Uint8Array() : await readCapped(response.body.getReader(), CLIENT_ANSWER_MAX_BYTES)
  if (bytes === undefined) return unanswered('the answer is too large', status)
  const read = parseJsonBytes(bytes, JSON_DEPTH_MAX)
  const value = read.ok && isJsonObject(read.value) ? read.value : undefined
  if (response.ok && value !== undefined && isAnswer?.(value) !== false) return { ok: true, value: value as T }
  const isProblem = typeof value?.['code'] === 'string' && typeof value['detail'] === 'string'
  if (value === undefined || response.ok || !isProblem)
    return unanswered(`the answer is of status ${status} and not one of a gateway`, status)
  const retryAfterSeconds = readRetryAfter(headers)
  return {
    ok: false,
    failure: {
      kind: 'refused',
      status,
      problem: value as unknown as ProblemBody,
      ...(retryAfterSeconds === undefined
        ? {}
        : { retryAfterSeconds: Math.min(retryAfterSeconds, RETRY_AFTER_MAX_SECONDS) }),
    },
  }
}

function unanswered(reason: string, status?: number): Reply<never> {
  return { ok: false, failure: { kind: 'unanswered', reason, ...(status === undefined ? {} : { status }) } }
}

function describeError(error: unknown, timeoutMillis: number): string {
  const { name, message, cause } = Object(error) as { readonly name?: string; message?: string; cause?: unknown }
  if (name === 'TimeoutError') return `no answer within ${timeoutMillis} ms`
  const { code, message: why } = Object(cause) as { readonly code?: string; readonly message?: string }
  return [message ?? 'the request failed', code ?? why].filter((part) => part !== undefined).join(': ')
}

/** A failure as one sentence, for a log: who refused what, with the code of each piece of evidence. Holds no token. */
export function describeFailure(failure: Failure): string {
  if (failure.kind === 'unanswered') return `the gateway did not answer: ${failure.reason}`
  const { status, problem } = failure
  const refusals = problem.refusals?.map(({ type, code, detail }) => `${type}: ${code}: ${detail}`) ?? []
  return [`${status} ${problem.code}: ${problem.detail} (requestId ${problem.requestId})`, ...refusals].join('; ')
}
