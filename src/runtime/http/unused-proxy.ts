// An egress proxy is not used: the gateway connects to the address that it has checked, and a proxy would resolve the name
// again, to an address without a check. An operator who has configured one must read so when a connection fails.
import type { Environment } from '../settings.ts'

/** As curl reads them; the lower-case spelling is the older one. */
const NAMES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'] as const

/** The variable that configures one, if any does. */
export function findUnusedProxy(environment: Environment): string | undefined {
  return NAMES.find((name) => typeof environment[name] === 'string' && environment[name] !== '')
}
