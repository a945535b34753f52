// The settings about the clients of a gateway: how many of their requests may verify nothing, and which proxies say whose
// request it is.
import { ANONYMOUS_PER_MINUTE_MAX, TRUSTED_PROXIES_MAX } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import type { Settings } from '../gateway/settings.ts'
import { type Network, parseNetwork } from '../net/client-address.ts'

export type AddProblem = (name: string, what: string) => undefined

type ClientSettings = Pick<Settings, 'anonymousPerMinute' | 'trustedProxies'>

/** Reads `ANONYMOUS_PER_MINUTE`, `CLIENT_ADDRESS_HEADER` and `TRUSTED_PROXIES`, with the readers of all settings. */
export function readClientSettings(
  readText: (name: string) => string | undefined,
  readInteger: (name: string, min: number, max: number, fallback: number) => number,
  addProblem: AddProblem,
): ClientSettings {
  const anonymousPerMinute = readInteger('ANONYMOUS_PER_MINUTE', 1, ANONYMOUS_PER_MINUTE_MAX, 0)
  const header = readText('CLIENT_ADDRESS_HEADER')?.toLowerCase()
  const proxies = readText('TRUSTED_PROXIES')
  if (header !== undefined && !/^[a-z0-9][a-z0-9-]{0,63}$/.test(header))
    addProblem('CLIENT_ADDRESS_HEADER', 'must be the name of a header, such as X-Forwarded-For')
  if (header === 'forwarded')
    addProblem('CLIENT_ADDRESS_HEADER', 'cannot be Forwarded, which is no list of addresses: use X-Forwarded-For')
  if (header !== undefined && proxies === undefined)
    addProblem('TRUSTED_PROXIES', 'is required with CLIENT_ADDRESS_HEADER: any client can send that header')
  if (header === undefined && proxies !== undefined)
    addProblem('CLIENT_ADDRESS_HEADER', 'is required with TRUSTED_PROXIES: name the header that the proxies add to')
  const networks = readNetworks(proxies, addProblem)
  return {
    ...(anonymousPerMinute === 0 ? {} : { anonymousPerMinute }),
    ...(header === undefined ? {} : { trustedProxies: { header, networks } }),
  }
}

function readNetworks(value: string | undefined, addProblem: AddProblem): readonly Network[] {
  const parts = value?.split(',').map((part) => part.trim()) ?? []
  if (parts.length > TRUSTED_PROXIES_MAX) addProblem('TRUSTED_PROXIES', `has more than ${TRUSTED_PROXIES_MAX} networks`)
  return parts.flatMap((part) => {
    const network = parseNetwork(part)
    if (network === undefined)
      addProblem('TRUSTED_PROXIES', `${quoteText(part)} is not an address or a network such as 10.0.0.0/8 or fd00::/8`)
    return network ?? []
  })
}
