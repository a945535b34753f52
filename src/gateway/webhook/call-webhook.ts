// Calls webhooks: those of the setting alone, a few at a time for each, every request signed, the same bytes in each try.
import type { CallWebhook, WebhookCall, WebhookReply } from '../../attest/webhook-call.ts'
import type { Clock } from '../../core/clock.ts'
import { computeDigest } from '../../core/digest.ts'
import { floorToSeconds } from '../../core/instant.ts'
import type { Json } from '../../core/json.ts'
import { CALL_OUT_MAX_BYTES, CALL_OUT_TIMEOUT_MILLIS, WEBHOOK_CALLS_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import { type FetchBounds, type FetchFailure, type FetchLike, fetchJson } from '../../net/bounded-fetch.ts'
import type { FetchCause } from '../../net/fetch-causes.ts'
import { checkUrl } from '../../net/url-policy.ts'
import { isJsonType } from '../request-body.ts'
import { describeFetchFailure, refuseBusy, refuseUnanswered, refuseUnset } from './call-out-refusals.ts'
import { signRequest } from './sign-request.ts'
import type { Webhook, Webhooks } from './webhooks.ts'

export interface WebhookPorts {
  readonly webhooks: Webhooks
  readonly fetch: FetchLike
  readonly clock: Clock
  readonly allowLoopback: boolean
}

/** Creates the caller of one isolate. It keeps when calls end at the latest, and no promise. */
export function createWebhookCaller(ports: WebhookPorts): CallWebhook {
  const slots = createSlots(ports.clock)

  return async function callWebhook(call) {
    const requestDigest = await computeDigest(encodeUtf8(call.body))
    const found = findWebhook(call, ports)
    if (!found.ok) return { requestDigest, tries: 0, durationMillis: 0, answer: found }
    const slot = slots.take(new URL(call.url).origin)
    if (slot === undefined) {
      const answer = refuse(refuseBusy(call.url, `not made: ${WEBHOOK_CALLS_MAX} calls to this origin are under way`))
      return { requestDigest, tries: 0, durationMillis: 0, answer }
    }
    const startedMillis = ports.clock()
    try {
      const { tries, answer } = await tryAll(call, requestDigest, found.value, ports)
      return { requestDigest, tries, durationMillis: Math.max(0, ports.clock() - startedMillis), answer }
    } finally {
      slot.free()
    }
  }
}

/** The webhook that may be called at this URL, with its secrets; or why there is none. */
function findWebhook({ url, sendsBearer }: WebhookCall, { webhooks, allowLoopback }: WebhookPorts): Checked<Webhook> {
  const { origin } = new URL(url)
  const webhook = webhooks.get(origin)
  if (webhook === undefined)
    return refuse(refuseUnset('webhook_unlisted', url, 'not made: WEBHOOKS does not list this origin'))
  const checked = checkUrl(url, { allowLoopback, mayBePrivate: webhook.mayBePrivate })
  if (!checked.ok) return refuse(refuseUnanswered(url, `not made: ${checked.reason}`))
  if (sendsBearer && webhook.bearer === undefined)
    return refuse(refuseUnset('webhook_bearer_missing', url, 'not made: WEBHOOKS has no bearer for this origin'))
  return pass(webhook)
}

/**
 * Bounds the calls under way to one origin. A call counts until it ends, or until it must have ended: on Workers what
 * belongs to a request that is cancelled never goes on, and would otherwise count forever.
 */
function createSlots(clock: Clock) {
  const endsMillis = new Map<string, readonly { readonly atMillis: number }[]>()
  return {
    take(origin: string): { free(): void } | undefined {
      const now = clock()
      const underWay = (endsMillis.get(origin) ?? []).filter(({ atMillis }) => atMillis > now)
      if (underWay.length >= WEBHOOK_CALLS_MAX) return undefined
      const own = { atMillis: now + CALL_OUT_TIMEOUT_MILLIS }
      endsMillis.set(origin, [...underWay, own])
      return {
        free(): void {
          endsMillis.set(
            origin,
            (endsMillis.get(origin) ?? []).filter((one) => one !== own),
          )
        },
      }
    },
  }
}

async function tryAll(
  call: WebhookCall,
  requestDigest: string,
  webhook: Webhook,
  { fetch, clock }: WebhookPorts,
): Promise<Pick<WebhookReply, 'tries' | 'answer'>> {
  const { url, requestId, body, timeoutMillis, maxRetries, authorities, sendsBearer } = call
  const timestampSeconds = floorToSeconds(clock())
  const signed = await signRequest({ url, timestampSeconds, requestId, bodyDigest: requestDigest }, webhook)
  const bearer = sendsBearer ? { authorization: `Bearer ${webhook.bearer}` } : {}
  const bounds: FetchBounds = {
    maxBytes: CALL_OUT_MAX_BYTES,
    timeoutMillis,
    post: { json: body, headers: { ...signed, ...bearer } },
    reach: { mayBePrivate: webhook.mayBePrivate, ...(authorities === undefined ? {} : { authorities }) },
  }
  for (let tries = 1; ; tries++) {
    const fetched = await fetchJson(fetch, url, bounds)
    if (fetched.ok) return { tries, answer: checkContentType(fetched.value, fetched.headers, url) }
    const { failure } = fetched
    if (tries > maxRetries || !mayTryAgain(failure))
      return { tries, answer: refuse(refuseUnanswered(url, describeFetchFailure(failure))) }
  }
}

function checkContentType(value: Json, headers: Headers, url: string): Checked<Json> {
  const type = headers.get('content-type')
  if (isJsonType(type ?? undefined)) return pass(value)
  const given = type === null ? 'no content type' : `the content type ${quoteText(type)}`
  return refuse(refuseUnanswered(url, `content_type: the answer has ${given}, and must have application/json`))
}

/** No answer came. A certificate that is refused, or an answer that began, is the same the next time. */
const UNANSWERED: ReadonlySet<FetchCause> = new Set<FetchCause>([
  ...(['dns_unavailable', 'connection_refused', 'host_unreachable', 'connection_reset', 'connection_lost'] as const),
  ...(['connect_timeout', 'answer_timeout', 'unreachable'] as const),
])
/** Gateways answer so for a service that did not (RFC 9110 sections 15.6.3 to 15.6.5). */
const PASSING_STATUSES: ReadonlySet<unknown> = new Set([502, 503, 504])

function mayTryAgain({ kind, facts }: FetchFailure): boolean {
  return UNANSWERED.has(kind) || PASSING_STATUSES.has(facts['status'])
}
