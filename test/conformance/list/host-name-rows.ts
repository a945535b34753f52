// Hosts that prove their names over HTTP, on the hosts of the gateway that can connect to the address that they have checked; on
// the one that cannot, what it says.
import { makeAnswer } from '../../../src/attest/http-dns/http-dns.ts'
import { type At, login, policy, post, type Row } from './row.ts'

const LISTED = { hosts: ['workerd'], why: 'Workers connect to no address that they have checked' } as const
const UNLISTED = {
  hosts: ['node', 'deno', 'package'],
  why: 'they connect to the address that they have checked',
} as const

interface Options {
  readonly config?: (port: number) => readonly object[]
  /** What is served in place of the answer. */
  readonly served?: string
  readonly change?: object
}

function named(name: string, told: string, { config, served, change = {} }: Options = {}): Row {
  return {
    name: `a host name: ${name}`,
    told,
    except: LISTED,
    sections: ({ answering: { hostname, port } }) =>
      config === undefined
        ? policy([{ type: 'http_dns', config: { allowedHostnames: [hostname], allowedPorts: [port] } }])
        : { AgentAttestation: { policies: config(port) } },
    async send(at) {
      const { answering } = at.world
      const place = { hostname: answering.hostname, port: answering.port }
      const { challenge = '', path = '' } = await at.ask(asked(at, place))
      answering.serve(path, served ?? makeAnswer(['postern-login/1', at.url, 'agent', at.id, challenge].join('\n')))
      return login(at, { type: 'http_dns', evidence: { ...place, ...change }, challenge })
    },
  }
}
const asked = (at: At, request: object) => post(`/v1/clusters/${at.id}/challenge`, { type: 'http_dns', request })
const requiring = (name: string, allowedPorts: readonly number[], more: readonly object[] = []): object => ({
  name,
  requiredAttestors: [{ type: 'http_dns', config: { allowedHostnames: ['localhost'], allowedPorts } }, ...more],
})

export const HOST_NAME_ROWS: readonly Row[] = [
  named('that serves the answer', '200'),
  named('that serves something else', '401 login_refused http_dns_unproved', { served: 'x' }),
  named('that no policy allows', '401 login_refused http_dns_unproved', { config: () => [requiring('p', [80])] }),
  named('of a port that is not allowed', '403 login_refused port_not_allowed', {
    config: (port) => [
      requiring('p', [80]),
      requiring('another', [port], [{ type: 'github', config: { repositoryIDs: ['1'] } }]),
    ],
  }),
  named('of another challenge', '401 login_refused challenge_mismatch', { change: { port: 80 } }),
  {
    name: 'a host name: where the gateway cannot check addresses',
    told: '503 attestor_unsupported_here host_unsupported',
    except: UNLISTED,
    sections: () => policy([{ type: 'http_dns', config: { allowedHostnames: ['localhost'], allowedPorts: [80] } }]),
    send: async (at) => asked(at, { hostname: 'localhost', port: 80 }),
  },
]
