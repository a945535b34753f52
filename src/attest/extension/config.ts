// What an author may write for `extension`; upstream documents these fields. Which webhooks a gateway may call is a setting
// of its operator, so that a document compiles alike everywhere: what is not listed is a finding, and refuses.
import * as v from 'valibot'
import { readAuthority } from '../../certificate/authority.ts'
import { readPemBlocks } from '../../certificate/pem.ts'
import { digestText } from '../../core/digest.ts'
import { parseDurationMillis } from '../../core/duration.ts'
import type { IssueCode } from '../../core/issue.ts'
import {
  CALL_OUT_TIMEOUT_MILLIS,
  CERTIFICATE_AUTHORITIES_MAX,
  PEM_MAX_LENGTH,
  QUOTED_CLAIM_MAX_CHARACTERS,
  WEBHOOK_RETRIES_MAX,
  WEBHOOK_TIMEOUT_DEFAULT_MILLIS,
  WEBHOOK_TIMEOUT_MIN_MILLIS,
} from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { StringForm } from '../../core/string-form.ts'
import { checkUrl } from '../../net/url-policy.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import { defineUrl } from '../oidc/config-texts.ts'
import type { Anchor, HostNeed } from '../shapes.ts'
import type { ListedWebhook } from '../webhook-call.ts'

const TIMEOUT_FORM: StringForm = {
  accepts: (text) => isTimeout(parseDurationMillis(text)),
  words: `a duration from ${WEBHOOK_TIMEOUT_MIN_MILLIS}ms to ${CALL_OUT_TIMEOUT_MILLIS / 1000}s, such as 5s`,
  repair: (source) => `${source}s`,
}

export const extensionConfigSchema = v.strictObject({
  webhookURL: defineUrl('HTTPS URL of the webhook; its origin must be listed in the setting WEBHOOKS'),
  timeout: v.optional(
    v.pipe(
      v.string(),
      v.metadata({ form: TIMEOUT_FORM }),
      v.description('Longest time for one try; default 2s. With all retries at most 10s'),
    ),
  ),
  caCerts: v.optional(
    v.pipe(
      v.string(),
      v.nonEmpty(),
      v.maxLength(CERTIFICATE_AUTHORITIES_MAX * PEM_MAX_LENGTH),
      v.description('Certificates of authorities in PEM: TLS to the webhook trusts exactly these. Node and Deno'),
    ),
  ),
  authType: v.optional(
    v.pipe(v.picklist(['BEARER']), v.description('BEARER: the bearer token of WEBHOOKS is sent as Authorization')),
  ),
  maxRetries: v.optional(
    v.pipe(v.number(), v.description('Further tries where no answer came, or 502, 503 or 504; 0 to 9, default 0')),
  ),
})

export type ExtensionConfig = v.InferOutput<typeof extensionConfigSchema>

/** What decides: another webhook, or other authorities, may give another answer. */
export interface ExtensionPins {
  readonly webhookURL: string
  readonly authorities: readonly string[] | undefined
}

/** How the webhook is asked; it verifies nothing. */
export interface ExtensionAnchor {
  readonly timeoutMillis: number
  readonly maxRetries: number
  readonly sendsBearer: boolean
  /** In PEM. */
  readonly authorities?: readonly string[]
}

interface Entry {
  readonly anchor: Anchor<ExtensionAnchor>
  readonly pins: ExtensionPins
  readonly scoped: boolean
  readonly needs?: HostNeed
}

export function compileExtension(config: ExtensionConfig, context: EntryContext, report: Report): Entry | undefined {
  let failed = false
  function fail(code: IssueCode, field: keyof ExtensionConfig, message: string): undefined {
    failed = true
    report({ code, path: [field], message })
  }
  const url = readUrl(config.webhookURL, context, fail)
  const timeoutMillis = readTimeout(config.timeout, fail)
  const maxRetries = readRetries(config.maxRetries, fail)
  const tries = maxRetries + 1
  if (!failed && timeoutMillis * tries > CALL_OUT_TIMEOUT_MILLIS) {
    const most = Math.floor(CALL_OUT_TIMEOUT_MILLIS / tries)
    const message = `Cannot wait ${timeoutMillis} ms for each of ${tries} tries: a login waits at most ${CALL_OUT_TIMEOUT_MILLIS} ms. Set timeout to at most ${most}ms, or maxRetries lower`
    fail('value_out_of_range', config.timeout === undefined ? 'maxRetries' : 'timeout', message)
  }
  const authorities = config.caCerts === undefined ? undefined : readAuthorities(config.caCerts, fail)
  if (failed || url === undefined) return undefined
  const sendsBearer = config.authType === 'BEARER'
  for (const { code, message } of findWebhookFaults(url, sendsBearer, context))
    report({ code, path: [code === 'webhook_bearer_missing' ? 'authType' : 'webhookURL'], message })
  const inPem = authorities?.map((base64) => `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`)
  return {
    anchor: {
      // A call-out verifies nothing, so all webhooks of a document are one anchor.
      id: 'extension',
      value: { timeoutMillis, maxRetries, sendsBearer, ...(inPem === undefined ? {} : { authorities: inPem }) },
    },
    pins: { webhookURL: url.href, authorities: authorities?.map(digestText) },
    // Whom it admits is the webhook's decision.
    scoped: true,
    ...(inPem === undefined ? {} : { needs: { feature: 'own_authorities', path: ['caCerts'] } }),
  }
}

type Fail = (code: IssueCode, field: keyof ExtensionConfig, message: string) => undefined

/** The form alone: whether the gateway may reach the host is a matter of its settings. */
function readUrl(text: string, { urlPolicy }: EntryContext, fail: Fail): URL | undefined {
  const checked = checkUrl(text, { allowLoopback: urlPolicy.allowLoopback, mayBePrivate: true })
  if (checked.ok) return checked.value
  const quoted = quoteText(text, QUOTED_CLAIM_MAX_CHARACTERS)
  return fail('url_forbidden', 'webhookURL', `Cannot call ${quoted}: ${checked.reason}`)
}

function isTimeout(millis: number | undefined): boolean {
  return millis !== undefined && millis >= WEBHOOK_TIMEOUT_MIN_MILLIS && millis <= CALL_OUT_TIMEOUT_MILLIS
}

function readTimeout(text: string | undefined, fail: Fail): number {
  if (text === undefined) return WEBHOOK_TIMEOUT_DEFAULT_MILLIS
  const millis = parseDurationMillis(text)
  if (millis !== undefined && isTimeout(millis)) return millis
  const code = millis === undefined ? 'value_invalid' : 'value_out_of_range'
  fail(code, 'timeout', `Cannot use ${quoteText(text)} as a time-out: write ${TIMEOUT_FORM.words}`)
  return WEBHOOK_TIMEOUT_DEFAULT_MILLIS
}

function readRetries(count: number | undefined, fail: Fail): number {
  if (count === undefined) return 0
  if (Number.isInteger(count) && count >= 0 && count <= WEBHOOK_RETRIES_MAX) return count
  fail('value_out_of_range', 'maxRetries', `Cannot retry ${count} times: write 0 to ${WEBHOOK_RETRIES_MAX}`)
  return 0
}

/** Base64 of each certificate, in an order that does not depend on the author's. */
function readAuthorities(pem: string, fail: Fail): readonly string[] {
  const found = new Set<string>()
  for (const [index, block] of readPemBlocks(pem, 'CERTIFICATE').entries()) {
    const read = readAuthority(block)
    if ('fault' in read) fail('value_invalid', 'caCerts', `Block ${index + 1}: ${read.fault}`)
    else found.add(read.base64)
  }
  if (found.size > CERTIFICATE_AUTHORITIES_MAX)
    fail('value_out_of_range', 'caCerts', `Cannot trust more than ${CERTIFICATE_AUTHORITIES_MAX} authorities`)
  return [...found].sort()
}

interface WebhookFault {
  readonly code: 'webhook_unlisted' | 'webhook_private' | 'webhook_bearer_missing'
  readonly message: string
}

/** Why this gateway cannot call the webhook; the policy admits no login then, and others are unaffected. */
function findWebhookFaults(
  url: URL,
  sendsBearer: boolean,
  { webhooks, urlPolicy }: EntryContext,
): readonly WebhookFault[] {
  if (webhooks === undefined) return []
  const origin = quoteText(url.origin, QUOTED_CLAIM_MAX_CHARACTERS)
  const listed: ListedWebhook | undefined = webhooks.get(url.origin)
  if (listed === undefined) {
    const message = `The gateway does not call ${origin}: this policy admits no login, other policies are unaffected. List the origin in WEBHOOKS`
    return [{ code: 'webhook_unlisted', message }]
  }
  const faults: WebhookFault[] = []
  const { mayBePrivate } = listed
  const reached = checkUrl(url.href, { allowLoopback: urlPolicy.allowLoopback, mayBePrivate })
  if (!reached.ok) {
    const message = `The gateway cannot call ${origin}: ${reached.reason}. On Node and Deno set "private": true for it in WEBHOOKS; Workers reach public addresses only`
    faults.push({ code: 'webhook_private', message })
  }
  if (sendsBearer && !listed.hasBearer) {
    const message = `The gateway has no bearer token for ${origin}: this policy admits no login. Set "bearer" for it in WEBHOOKS, or remove authType`
    faults.push({ code: 'webhook_bearer_missing', message })
  }
  return faults
}
