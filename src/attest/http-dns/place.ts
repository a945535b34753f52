// Where an agent serves its answer: a host name and a port, and which of them policies allow.
import * as v from 'valibot'
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import { quoteText } from '../../core/printable.ts'
import type { Check } from '../check.ts'
import type { HttpDnsPins } from './config.ts'
import { HOST_NAME_WORDS, isHostName, isHostPort, listMatching, PORT_WORDS } from './host-name.ts'

export interface Place {
  readonly hostname: string
  readonly port: number
}

/** Of a request for a challenge, and of the evidence, which must be the same. */
export const placeSchema = v.strictObject({
  hostname: v.pipe(v.string(), v.custom<string>(isHostName, HOST_NAME_WORDS)),
  port: v.pipe(v.number(), v.custom<number>(isHostPort, PORT_WORDS)),
})

export function* checkPlace({ hostname, port }: Place, { hostnames, ports }: HttpDnsPins): Generator<Check> {
  const isNamed = listMatching(hostname).some((pattern) => hostnames.includes(pattern))
  yield {
    name: 'host name',
    expected: hostnames,
    actual: hostname,
    refusal: isNamed
      ? undefined
      : {
          code: 'host_name_not_allowed',
          detail: `the host name ${quoteText(hostname)} is not allowed to log in`,
          audit: { allowedHostnames: hostnames },
        },
  }
  if (ports === undefined) return
  const allowedPorts = ports.map(String)
  yield {
    name: 'port',
    expected: allowedPorts,
    actual: String(port),
    refusal: ports.includes(port)
      ? undefined
      : { code: 'port_not_allowed', detail: `the port ${port} is not allowed to log in`, audit: { allowedPorts } },
  }
}

type Ports = Set<number> | 'any'

/** By the list of pins, which is the same object for every login of one document. */
const INDEXES = new WeakMap<readonly HttpDnsPins[], ReadonlyMap<string, Ports>>()

/** Whether any policy allows the place: no other host is asked for a caller. */
export function isAllowed({ hostname, port }: Place, pins: readonly HttpDnsPins[]): boolean {
  let index = INDEXES.get(pins)
  if (index === undefined) {
    index = indexPins(pins)
    INDEXES.set(pins, index)
  }
  return listMatching(hostname).some((pattern) => {
    const ports = index.get(pattern)
    return ports !== undefined && (ports === 'any' || ports.has(port))
  })
}

function indexPins(pins: readonly HttpDnsPins[]): ReadonlyMap<string, Ports> {
  const index = new Map<string, Ports>()
  for (const { hostnames, ports } of pins)
    for (const pattern of hostnames) {
      const known = index.get(pattern) ?? new Set<number>()
      if (ports !== undefined && known !== 'any') for (const port of ports) known.add(port)
      index.set(pattern, ports === undefined ? 'any' : known)
    }
  return index
}

const HOST_NAME = 'http_dns.hostname'
const PORT = 'http_dns.port'

export function listPlaceAttributes({ hostname, port }: Place): readonly Attribute[] {
  return [
    { origin: 'http_dns', name: HOST_NAME, value: hostname },
    { origin: 'http_dns', name: PORT, value: port },
  ]
}

export function restorePlace(attributes: Attributes): { readonly facts: Place } | undefined {
  const [hostname, port] = [attributes.get(HOST_NAME), attributes.get(PORT)]
  return isHostName(hostname) && isHostPort(port) ? { facts: { hostname, port } } : undefined
}
