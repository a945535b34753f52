// What an author may write for `http_dns`. Both fields are documented.
import * as v from 'valibot'
import { digestText } from '../../core/digest.ts'
import { HTTP_DNS_HOST_NAMES_MAX, HTTP_DNS_PORTS_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { isPrivateName } from '../../net/url-policy.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import type { Anchor, HostNeed } from '../shapes.ts'
import { isHostPattern, isHostPort, isWildcard, PORT_WORDS } from './host-name.ts'

export interface HttpDnsPins {
  /** Host names, and wildcards such as `*.example.com`. */
  readonly hostnames: readonly string[]
  /** Absent: any that {@link isHostPort} accepts. */
  readonly ports: readonly number[] | undefined
}

export const httpDnsConfigSchema = v.strictObject({
  allowedHostnames: v.pipe(
    v.array(v.pipe(v.string(), v.nonEmpty())),
    v.nonEmpty(),
    v.maxLength(HTTP_DNS_HOST_NAMES_MAX),
    v.description('Host names, any one of them; `*.` in front stands for exactly one label'),
  ),
  allowedPorts: v.optional(
    v.pipe(
      v.array(v.number()),
      v.nonEmpty(),
      v.maxLength(HTTP_DNS_PORTS_MAX),
      v.description('Ports, any one of them: 80, or 1024 and above; default all of these'),
    ),
  ),
})

export type HttpDnsConfig = v.InferOutput<typeof httpDnsConfigSchema>

interface Entry {
  readonly anchor: Anchor<null>
  readonly pins: HttpDnsPins
  readonly scoped: true
  readonly needs: HostNeed
}

/** The resolver and the network of the gateway verify, the same for every policy. */
const ANCHOR: Anchor<null> = { id: digestText('http_dns'), value: null }

export function compileHttpDns(
  { allowedHostnames: hostnames, allowedPorts: ports }: HttpDnsConfig,
  { exactPins }: EntryContext,
  report: Report,
): Entry | undefined {
  let isWhole = true
  const fail: Report = (issue) => {
    isWhole = false
    report(issue)
  }
  for (const [index, pattern] of hostnames.entries()) {
    const path = ['allowedHostnames', index]
    if (!isHostPattern(pattern)) {
      const message = `Cannot use ${quoteText(pattern)} as a host name: write it in lower case, without a dot at its end, as it is in the DNS; "*" may only be the whole first label, as in "*.example.com"; IP addresses are not allowed`
      fail({ code: 'value_invalid', path, message })
    } else if (isWildcard(pattern)) {
      lintWildcard(pattern, exactPins, (issue) => (exactPins ? fail : report)({ ...issue, path }))
    }
  }
  for (const [index, port] of (ports ?? []).entries()) {
    if (isHostPort(port)) continue
    const message = `Cannot use ${port} as a port: expected ${PORT_WORDS}`
    fail({ code: 'value_out_of_range', path: ['allowedPorts', index], message })
  }
  if (ports === undefined) {
    const message =
      'Every port from 1024 on is accepted, and any user of the host can listen on one of them: list the port of the agent in allowedPorts'
    if (exactPins) fail({ code: 'pin_missing', path: [], message })
    else report({ code: 'trust_unscoped', path: [], message })
  }
  if (!isWhole) return undefined
  return { anchor: ANCHOR, pins: { hostnames, ports }, scoped: true, needs: { feature: 'listed_networks' } }
}

/** A wildcard of one public label admits whoever registers a name below it. */
function lintWildcard(pattern: string, exactPins: boolean, report: Report): void {
  const parent = pattern.slice(2)
  if (exactPins) {
    const message = `Every host below ${quoteText(parent)} could log in as an issuer: list each host name`
    report({ code: 'pin_missing', path: [], message })
  } else if (!parent.includes('.') && !isPrivateName(`any.${parent}`)) {
    const message = `Anyone who registers a name below ${quoteText(parent)} can log in: name a domain that only you can add names to`
    report({ code: 'trust_unscoped', path: [], message })
  }
}
