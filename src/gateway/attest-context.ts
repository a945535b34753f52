// What attestors get from one request: keys, sections of the trust domain, fetches under the URL policy, the time.
import type { AttestContext } from '../attest/attest-context.ts'
import type { SharedSections } from '../attest/shared-sections.ts'
import type { Json } from '../core/json.ts'
import { CALL_OUT_MAX_BYTES, CALL_OUT_TIMEOUT_MILLIS } from '../core/limits.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { fetchJson } from '../net/bounded-fetch.ts'
import { checkUrl } from '../net/url-policy.ts'
import type { RequestSnapshot } from './request-snapshot.ts'
import type { Services } from './services.ts'
import { describeFetchFailure, refuseUnanswered } from './webhook/call-out-refusals.ts'

/**
 * Makes the context of one login or challenge.
 *
 * @param nowSeconds the time by which evidence is verified, in seconds since the epoch
 */
export function createAttestContext(
  services: Pick<Services, 'settings' | 'keySources' | 'fetch' | 'urlPolicy' | 'callWebhook' | 'askHost'>,
  snapshot: RequestSnapshot,
  nowSeconds: number,
): AttestContext {
  const { settings, keySources, fetch, urlPolicy, callWebhook, askHost } = services
  async function section<Name extends keyof SharedSections>(name: Name): Promise<Checked<SharedSections[Name]>> {
    const read = await snapshot.lendSection(undefined, name)
    if (!read.ok) {
      const { code: cause, audit } = read.refusal
      const failed = { ...read.refusal, audit: { ...audit, section: name } }
      if (cause !== 'configuration_invalid') return refuse({ ...failed, code: 'section_unavailable' })
      // An unsigned request reaches this, so the answer must not name the section: only the audit record does.
      const detail = 'what the gateway verifies this evidence with has never compiled: ask its operator'
      return refuse({ ...failed, code: 'section_invalid', detail })
    }
    if (read.value !== undefined) return pass(read.value)
    const detail = 'the gateway is not configured to verify this evidence: contact its operator'
    return refuse({ code: 'section_missing', detail, audit: { section: name } })
  }

  async function fetchBounded(url: string, body?: Json): Promise<Checked<Json>> {
    const checked = checkUrl(url, urlPolicy)
    if (!checked.ok) return refuse(refuseUnanswered(url, checked.reason))
    const fetched = await fetchJson(fetch, url, {
      maxBytes: CALL_OUT_MAX_BYTES,
      timeoutMillis: CALL_OUT_TIMEOUT_MILLIS,
      ...(body === undefined ? {} : { post: { json: JSON.stringify(body) } }),
    })
    return fetched.ok ? pass(fetched.value) : refuse(refuseUnanswered(url, describeFetchFailure(fetched.failure)))
  }

  return {
    nowSeconds,
    skewSeconds: settings.clockSkewSeconds,
    defaultAudience: settings.audience,
    keys: keySources.forRequest(snapshot.background),
    section,
    fetchJson: fetchBounded,
    callWebhook,
    askHost,
  }
}
