// Connections that are opened and kept. No request comes of them, so that only a real process can be tested.
import { type Kind, makeBounds, type Wire } from './kind.ts'

function makeStalledKind(wire: Wire, what: string): Kind {
  return {
    name: `stalled-${wire.replace('_', '-')}`,
    what,
    wire,
    request: () => ({ method: 'GET', path: '/healthz' }),
    // Of a server that answers before it closes.
    statuses: [400, 408, 413, 499],
    bounds: makeBounds({}),
  }
}

export const CONNECTION_KINDS: readonly Kind[] = [
  makeStalledKind('silent', 'connections on which nothing is sent'),
  makeStalledKind('half_headers', 'connections that stop in their headers'),
  makeStalledKind('half_body', 'connections that stop in their body'),
  makeStalledKind('dripping_headers', 'connections whose headers go on by a byte a second'),
  makeStalledKind('dripping_body', 'connections whose body goes on by a byte a second'),
  makeStalledKind('unread', 'connections that ask two hundred times and read no answer'),
]
