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

/** The entries of each pattern. */
type Index = ReadonlyMap<string, readonly HttpDnsPins[]>

/** By the list of pins, which is the same object for every login of one document. */
const INDEXES = new WeakMap<readonly HttpDnsPins[], Index>()

/** Whether any policy allows the place: no other host is asked for a caller. */
export function isAllowed({ hostname, port }: Place, pins: readonly HttpDnsPins[]): boolean {
  let index = INDEXES.get(pins)
  if (index === undefined) {
    index = indexPins(pins)
    INDEXES.set(pins, index)
  }
  return listMatching(hostname).some((pattern) =>
    index.get(pattern)?.some(({ ports }) => ports === undefined || ports.includes(port)),
  )
}

/** Holds a reference per pattern: names times ports would be many more than the document has. */
function indexPins(pins: readonly HttpDnsPins[]): Index {
  const index = new Map<string, HttpDnsPins[]>()
  for (const one of pins)
    for (const pattern of one.hostnames) {
      const entries = index.get(pattern)
      if (entries === undefined) index.set(pattern, [one])
      else entries.push(one)
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
