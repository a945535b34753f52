// Asks a host that the evidence of a login names, which an unauthenticated caller chose: one GET without redirect, a few
// bytes, a deadline, and few at once to one host name.
import type { AskHost, HostAnswer } from '../attest/attest-context.ts'
import { HTTP_DNS_BODY_MAX_BYTES, HTTP_DNS_PER_HOST_MAX, HTTP_DNS_TIMEOUT_MILLIS } from '../core/limits.ts'
import { type FetchFailure, type FetchLike, fetchBytes } from '../net/bounded-fetch.ts'
import { fillFacts } from '../net/cause-row.ts'
import { FETCH_CAUSES } from '../net/fetch-causes.ts'

/** Creates the function of one gateway. @param fetch that of a host with the feature `listed_networks` */
export function createHostAsker(fetch: FetchLike): AskHost {
  const underWay = new Map<string, number>()

  function change(hostname: string, by: 1 | -1): void {
    const count = (underWay.get(hostname) ?? 0) + by
    if (count === 0) underWay.delete(hostname)
    else underWay.set(hostname, count)
  }

  return async function askHost({ hostname, port, path }, claim): Promise<HostAnswer> {
    if ((underWay.get(hostname) ?? 0) >= HTTP_DNS_PER_HOST_MAX)
      return {
        kind: 'failed',
        cause: 'busy',
        reason: `${HTTP_DNS_PER_HOST_MAX} requests to it were under way: not asked`,
      }
    change(hostname, 1)
    try {
      const claimed = await claim?.()
      if (claimed?.ok === false) return { kind: 'refused', refusal: claimed.refusal }
      const fetched = await fetchBytes(fetch, `http://${hostname}:${port}${path}`, {
        accept: 'text/plain',
        maxBytes: HTTP_DNS_BODY_MAX_BYTES,
        timeoutMillis: HTTP_DNS_TIMEOUT_MILLIS,
        reach: { mayBePrivate: false, listedNetworks: true },
      })
      return fetched.ok ? { kind: 'answered', body: fetched.bytes } : describeFailure(fetched.failure)
    } finally {
      change(hostname, -1)
    }
  }
}

function describeFailure({ kind: cause, facts }: FetchFailure): HostAnswer {
  const reason = cause === 'address_private' ? ADDRESS_NOT_LISTED : fillFacts(FETCH_CAUSES[cause].what, facts)
  return { kind: 'failed', cause, reason }
}

const ADDRESS_NOT_LISTED =
  'its host name has no address that may be reached: list its network in HTTP_DNS_NETWORKS (loopback, link-local, multicast and metadata addresses are never reached)'
