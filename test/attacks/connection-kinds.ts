// Connections that are opened and kept. No request comes of them, so that only a real process can be tested.
import { boundedBy, type Kind, type Wire } from './kind.ts'

function stalled(wire: Wire, what: string): Kind {
  return {
    name: `stalled-${wire.replace('_', '-')}`,
    what,
    wire,
    request: () => ({ method: 'GET', path: '/healthz' }),
    // Of a server that answers before it closes.
    statuses: [400, 408, 413, 499],
    bounds: boundedBy({}),
  }
}

export const CONNECTION_KINDS: readonly Kind[] = [
  stalled('silent', 'connections on which nothing is sent'),
  stalled('half_headers', 'connections that stop in their headers'),
  stalled('half_body', 'connections that stop in their body'),
  stalled('dripping_headers', 'connections whose headers go on by a byte a second'),
  stalled('dripping_body', 'connections whose body goes on by a byte a second'),
  stalled('unread', 'connections that ask two hundred times and read no answer'),
]
