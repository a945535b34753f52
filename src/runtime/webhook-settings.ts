// The setting `WEBHOOKS`: a JSON object of origins, each with secrets of its own. It is a secret as a whole, so a problem
// names origins and members and quotes no value.
import { decodeBase64url } from '../core/base64.ts'
import { isJsonObject, type Json, type JsonObject, parseJson } from '../core/json.ts'
import {
  WEBHOOK_BEARER_MAX_LENGTH,
  WEBHOOK_KEY_MAX_BYTES,
  WEBHOOK_KEY_MIN_BYTES,
  WEBHOOK_KEYS_MAX,
  WEBHOOKS_MAX,
} from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import type { Webhook, WebhookKey, Webhooks } from '../gateway/webhook/webhooks.ts'
import { checkUrl } from '../net/url-policy.ts'
import type { AddProblem } from './client-settings.ts'

const NAME = 'WEBHOOKS'
const FORM = '{"https://host:port": {"hmac": [{"kid": "...", "key": "..."}]}}'
/** An object, its origins, their keys, and each of those. */
const DEPTH_MAX = 4
const MEMBERS: ReadonlySet<string> = new Set(['bearer', 'hmac', 'private'])
const KEY_MEMBERS: ReadonlySet<string> = new Set(['kid', 'key'])
/** In the header of signatures a `kid` ends at `=`, and signatures are separated by commas. */
const KID = /^[A-Za-z0-9._-]{1,64}$/
/** `b64token` of RFC 6750 section 2.1. */
const BEARER = /^[A-Za-z0-9._~+/-]+=*$/

export interface WebhookHost {
  /** The host checks resolved addresses itself, which `private` requires. */
  readonly canResolve: boolean
  /** Development: `http` to loopback. */
  readonly allowLoopback: boolean
}

/** Reads the setting; `undefined` if it is not set, or has a problem. */
export function readWebhooks(
  text: string | undefined,
  host: WebhookHost,
  addProblem: AddProblem,
): Webhooks | undefined {
  if (text === undefined) return undefined
  const json = parseJson(text, DEPTH_MAX)
  if (!json.ok) return addProblem(NAME, `is not strict JSON (${json.fault}, offset ${json.offset}): write ${FORM}`)
  if (!isJsonObject(json.value)) return addProblem(NAME, `is not an object of origins: write ${FORM}`)
  const entries = Object.entries(json.value)
  if (entries.length > WEBHOOKS_MAX) return addProblem(NAME, `lists more than ${WEBHOOKS_MAX} origins`)
  const webhooks = new Map<string, Webhook>()
  for (const [index, [origin, entry]] of entries.entries()) {
    // What is no origin may be a secret at the wrong place.
    const named = URL.parse(origin)?.origin === origin ? quoteText(origin) : `entry ${index}`
    const webhook = readWebhook(origin, entry, host, (what) => addProblem(NAME, `${named} ${what}`))
    if (webhook !== undefined) webhooks.set(origin, webhook)
  }
  return webhooks
}

function readWebhook(
  origin: string,
  entry: Json,
  { canResolve, allowLoopback }: WebhookHost,
  fail: (what: string) => undefined,
): Webhook | undefined {
  // One spelling of an origin that a document can name; `private` says whether it may be reached there.
  const checked = checkUrl(origin, { allowLoopback, mayBePrivate: true })
  if (!checked.ok || checked.value.origin !== origin)
    return fail('is not an https origin such as https://webhook.example.com:8443, without a path')
  if (!isJsonObject(entry)) return fail('must have an object with "hmac"')
  const stranger = findStranger(entry, MEMBERS)
  if (stranger !== undefined) return fail(`has an unknown member: known are ${[...MEMBERS].join(', ')}`)
  const { bearer, private: isPrivate } = entry
  const hmac = readKeys(entry['hmac'], fail)
  if (bearer !== undefined && !isBearer(bearer))
    return fail(`has a "bearer" that is not a token (RFC 6750) of at most ${WEBHOOK_BEARER_MAX_LENGTH} characters`)
  if (isPrivate !== undefined && isPrivate !== true)
    return fail('has a "private" that is not true: set it, or remove it')
  if (isPrivate === true && !canResolve)
    return fail('has "private": it is not supported on Workers, which reach public addresses only. Remove it')
  if (hmac === undefined) return undefined
  return { hmac, ...(bearer === undefined ? {} : { bearer }), mayBePrivate: isPrivate === true }
}

function isBearer(json: Json): json is string {
  return typeof json === 'string' && json.length <= WEBHOOK_BEARER_MAX_LENGTH && BEARER.test(json)
}

function readKeys(json: Json | undefined, fail: (what: string) => undefined): Webhook['hmac'] | undefined {
  const what = `must have "hmac": a list of 1 to ${WEBHOOK_KEYS_MAX} keys, each {"kid", "key"}`
  if (!Array.isArray(json) || json.length === 0 || json.length > WEBHOOK_KEYS_MAX) return fail(what)
  const keys: WebhookKey[] = []
  for (const [index, one] of json.entries()) {
    if (!isJsonObject(one) || findStranger(one, KEY_MEMBERS) !== undefined) return fail(what)
    const { kid, key: text } = one
    if (typeof kid !== 'string' || !KID.test(kid))
      return fail(`has a "kid" in key ${index} that is not 1 to 64 letters, digits, ".", "_" and "-"`)
    if (keys.some((other) => other.kid === kid)) return fail(`has two keys with the "kid" of key ${index}`)
    const key = typeof text === 'string' ? decodeBase64url(text) : undefined
    if (key === undefined || key.length < WEBHOOK_KEY_MIN_BYTES || key.length > WEBHOOK_KEY_MAX_BYTES)
      return fail(
        `has a "key" in key ${index} that is not base64url of ${WEBHOOK_KEY_MIN_BYTES} to ${WEBHOOK_KEY_MAX_BYTES} random bytes`,
      )
    keys.push({ kid, key })
  }
  const [first, ...others] = keys
  return first && [first, ...others]
}

function findStranger(object: JsonObject, known: ReadonlySet<string>): string | undefined {
  return Object.keys(object).find((name) => !known.has(name))
}
