// What the gateway passes to an attestor: the settings at compile time, and clock, keys and network per request.
import type { Issue } from '../core/issue.ts'
import type { Json } from '../core/json.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Checked } from '../core/result.ts'
import type { UrlPolicy } from '../net/url-policy.ts'
import type { RequestKeys } from '../token/keys/key-source.ts'
import type { SharedSections } from './shared-sections.ts'
import type { CallOutNote, CallWebhook, ListedWebhook } from './webhook-call.ts'

/**
 * Reports an issue of a document.
 *
 * @param issue its `path` is relative to the value that the function which reports was given, such as one `config`
 */
export type Report = (issue: Issue) => void

/** The settings that compiling an entry depends on. The same for all documents of one gateway and scope. */
export interface EntryContext {
  /** `ISSUER_URL`: a policy must not accept the gateway's own sessions as evidence. */
  readonly issuerUrl: string
  /** `TRUST_DOMAIN`: names of another one, in a certificate or a signature, are not for this gateway. */
  readonly trustDomain: string
  readonly urlPolicy: UrlPolicy
  /**
   * True in documents of the trust domain, where issuers log in: a bearer token must be pinned to exact accounts. A row
   * reports an error where it would otherwise report a warning.
   */
  readonly exactPins: boolean
  /** True if `SEAL_KEYS` is set. Without it no challenge can be sealed, and an entry that requires one is an error. */
  readonly canSeal: boolean
  /**
   * `WEBHOOKS`, by origin: the only ones that are called. Absent: not known, as where documents are checked away from a
   * gateway.
   */
  readonly webhooks?: ReadonlyMap<string, ListedWebhook>
  /** `[AUDIENCE]`: the accepted audiences of an entry that lists none. The same array object for all pins. */
  readonly defaultAudiences: readonly string[]
}

/** The settings that checks depend on. The same for all documents of one gateway. */
export interface PinContext {
  /** The setting `AUDIENCE`. */
  readonly defaultAudience: string
}

/** What a host that the evidence names is asked for, by GET over `http:`. */
export interface HostQuestion {
  /** In lower case: letters, digits, hyphens, dots. */
  readonly hostname: string
  readonly port: number
  readonly path: string
}

/**
 * - `answered`: status 200, and the body, at most `HTTP_DNS_BODY_MAX_BYTES`
 * - `failed`: `cause` as in `FETCH_CAUSES`, or `busy`; `reason` is for the audit record alone, never for the caller
 * - `refused`: the challenge was used before, or the store of used evidence did not answer
 */
export type HostAnswer =
  | { readonly kind: 'answered'; readonly body: Uint8Array }
  | { readonly kind: 'failed'; readonly cause: string; readonly reason: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** @param claim claims the challenge, before the request and after a place for it is free */
export type AskHost = (question: HostQuestion, claim?: () => Promise<Checked<undefined>>) => Promise<HostAnswer>

/** What an attestor may use while it handles one request. */
export interface AttestContext extends PinContext {
  /** Seconds since 1970, read once per request. */
  readonly nowSeconds: number
  /** Accepted clock skew in seconds, 0 to 60 (RFC 7519 section 4.1.4). */
  readonly skewSeconds: number
  /** Key sets of issuers, with the fetch budget of this request. */
  readonly keys: RequestKeys
  /**
   * Reads a section of the trust domain, once per request. The audit record names the version that was used.
   *
   * @param name the section, such as `AWSCertificates`
   * @returns the compiled section, or a refusal: `section_missing`, `section_invalid` or `section_unavailable`
   */
  section<Name extends keyof SharedSections>(name: Name): Promise<Checked<SharedSections[Name]>>
  /**
   * Fetches JSON under the URL policy, bounded in bytes and time. Redirects are not followed.
   *
   * @param url an `https:` URL that the URL policy allows
   * @param body absent: GET; otherwise it is sent as JSON by POST
   * @returns the parsed answer, or the refusal `call_out_unanswered`, which counts as a failure of the gateway (503)
   */
  fetchJson(url: string, body?: Json): Promise<Checked<Json>>
  /**
   * Calls a webhook of the setting `WEBHOOKS`: signed, with the secrets of its origin, bounded in bytes and time, and
   * tried again where no answer came.
   *
   * @returns `answer`: the JSON of a 200, or `webhook_unlisted`, `webhook_bearer_missing`, `call_out_busy` or
   *   `call_out_unanswered`. What it says is for the attestor to judge
   */
  readonly callWebhook: CallWebhook
  /**
   * Asks a host that the evidence names, for an entry that `needs` the feature `listed_networks`. Check first that a policy
   * allows the host. At most `HTTP_DNS_PER_HOST_MAX` requests to one host are under way. Where there is a store of used
   * evidence, `verify` claims the challenge of its evidence by this: each challenge makes one request at most.
   */
  readonly askHost: AskHost
}

/** What an attestor may use for a call-out. */
export interface CallOutContext extends AttestContext {
  /** Adds a call to the audit record of the login, whatever comes of it. */
  noteCallOut(note: CallOutNote): void
}
