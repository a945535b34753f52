// Sessions, of agents and issuers, as each route takes them.
import { type At, evidence, login, policy, post, type Row, type Sent } from './row.ts'

/** Service accounts of issuers, by the policy of the trust domain that admits them. */
export const SERVERS = { all: 'server', scoped: 'scoped', narrow: 'narrow' } as const

export async function issuerSession(at: At, account: string = SERVERS.all): Promise<string> {
  const token = await at.world.issuer.mint({
    claims: {
      sub: `system:serviceaccount:postern:${account}`,
      'kubernetes.io': {
        namespace: 'postern',
        node: { name: 'node-1', uid: 'n' },
        pod: { name: 'server-1', uid: 'p' },
        serviceaccount: { name: account, uid: 's' },
      },
    },
  })
  const { session } = await at.ask(post('/v1/trust-domain/login', { attestations: [evidence('k8s_token', token)] }))
  if (session === undefined) throw new Error(`the issuer ${account} is not admitted`)
  return session.token
}

export async function agentSession(at: At, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const answer = await at.ask(login(at, evidence('k8s_token', await at.world.issuer.mint({ claims }))))
  if (answer.session === undefined) throw new Error(`the agent is not admitted: ${JSON.stringify(answer)}`)
  return answer.session.token
}

/** Documents that admit the agents of the row's own cluster. */
export const agents = (world: At['world'], more: object = {}): Readonly<Record<string, unknown>> => ({
  ...policy([{ type: 'k8s_token', config: { issuerURL: world.issuer.issuer } }]),
  ...more,
})

const get = (path: string, session?: string): Sent => ({
  path,
  init: session === undefined ? {} : { headers: { Authorization: `Bearer ${session}` } },
})
const status = async (at: At, session: Promise<string | undefined>): Promise<Sent> =>
  get(`/v1/clusters/${at.id}/status`, await session)

function row(name: string, told: string, session: (at: At) => Promise<string | undefined>): Row {
  return { name: `the status, by ${name}`, told, sections: agents, send: (at) => status(at, session(at)) }
}
function introspect(token: string, session: string | undefined): Sent {
  const headers = session === undefined ? {} : { Authorization: `Bearer ${session}` }
  return { path: '/v1/sessions/introspect', init: { method: 'POST', headers, body: new URLSearchParams({ token }) } }
}

export const SESSION_ROWS: readonly Row[] = [
  row('an issuer', '200', issuerSession),
  row('nobody', '401 session_missing', async () => undefined),
  {
    name: 'the status of all clusters, by an issuer',
    told: '200',
    send: async (at) => get('/v1/status?limit=5', await issuerSession(at)),
  },
  {
    name: 'the status of too many clusters',
    told: '400 request_malformed',
    send: async (at) => get('/v1/status?limit=51', await issuerSession(at)),
  },
  row('a session that is none', '401 session_malformed', async () => 'x'),
  row('a session that somebody else signed', '401 session_invalid', async (at) => {
    const [header, claims, signature = ''] = (await issuerSession(at)).split('.')
    return `${header}.${claims}.${signature.slice(0, 20)}${signature[20] === 'A' ? 'B' : 'A'}${signature.slice(21)}`
  }),
  row('a session that has expired', '401 session_expired', async (at) => {
    const now = Math.floor(Date.now() / 1000)
    return at.world.resign(await issuerSession(at), { iat: now - 7200, exp: now - 3600 })
  }),
  row('a session of a policy that is gone', '401 session_revoked', async (at) =>
    at.world.resign(await issuerSession(at), { policy: 'gone' }),
  ),
  row('an agent', '403 session_role_forbidden', agentSession),
  row('an issuer of other clusters', '403 session_cluster_forbidden', (at) => issuerSession(at, SERVERS.narrow)),
  row('an issuer that may map alone', '403 session_scope_forbidden', (at) => issuerSession(at, SERVERS.scoped)),
  {
    name: 'introspection of a good session',
    told: '200',
    sections: agents,
    send: async (at) => introspect(await agentSession(at), await issuerSession(at)),
  },
  {
    name: 'introspection by nobody',
    told: '401 session_missing',
    send: async () => introspect('x', undefined),
  },
]
