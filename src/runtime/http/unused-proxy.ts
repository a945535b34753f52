// Finds an egress proxy in the environment. The gateway does not use it, because a proxy would resolve the name again and
// connect to an unchecked address. If a connection fails, the operator must learn that the proxy was ignored.
import type { Environment } from '../settings.ts'

/** The variables that curl reads, in both spellings. */
const NAMES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'] as const

/** The name of the variable that configures a proxy, or `undefined`. */
export function findUnusedProxy(environment: Environment): string | undefined {
  return NAMES.find((name) => typeof environment[name] === 'string' && environment[name] !== '')
}
