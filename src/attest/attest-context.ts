// What the host, the settings and the request lend to an attestor.
import type { Issue } from '../core/issue.ts'
import type { Json } from '../core/json.ts'
import type { Checked } from '../core/result.ts'
import type { UrlPolicy } from '../net/url-policy.ts'
import type { RequestKeys } from '../token/keys/key-source.ts'
import type { SharedSections } from './shared-sections.ts'

/** Reports an issue; the path is relative to what the caller of the reporting function has in hand. */
export type Report = (issue: Issue) => void

/** What compiling an entry needs to know besides its text. The same for all documents of one gateway and scope. */
export interface EntryContext {
  /** `ISSUER_URL`: a policy must not accept the gateway's own sessions as evidence. */
  readonly issuerUrl: string
  readonly urlPolicy: UrlPolicy
  /** In the trust domain, where an issuer logs in, a bearer token must be pinned exactly: an issue, not a lint. */
  readonly exactPins: boolean
  /** `SEAL_KEYS` are set: challenges can be sealed. */
  readonly canSeal: boolean
  /** `AUDIENCE` alone: what a token must be meant for unless its policy says otherwise. One list for all pins. */
  readonly defaultAudiences: readonly string[]
}

/** What checks may need besides facts and pins. The same for all documents of one gateway. */
export interface PinContext {
  /** `AUDIENCE` */
  readonly defaultAudience: string
}

/** What one request lends. */
export interface AttestContext extends PinContext {
  readonly nowSeconds: number
  /** 0 to 60 */
  readonly skewSeconds: number
  readonly keys: RequestKeys
  /**
   * A section of the trust domain, read once per request; the audit record names the version that was used. Refuses with
   * `section_missing`, `section_invalid` or `section_unavailable`.
   */
  section<Name extends keyof SharedSections>(name: Name): Promise<Checked<SharedSections[Name]>>
  /**
   * Gets JSON, or posts `body` and gets JSON back: under the URL policy, bounded in bytes and time, no redirect. Refuses
   * with `call_out_unanswered`, which is the gateway's failure and never the caller's.
   */
  fetchJson(url: string, body?: Json): Promise<Checked<Json>>
}
