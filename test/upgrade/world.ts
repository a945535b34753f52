// One row's world: a store, an issuer, and gateways of both versions over them.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { makeSealKey } from '../../src/cli/keys/dev-environment.ts'
import { makeSessionSigningKeys } from '../../src/token/session/make-session-keys.ts'
import { startIssuer, type TestIssuer } from '../token/issuer.ts'
import { type Gateway, remove, startGateway } from './earlier.ts'

export type Version = 'this' | 'earlier'

export interface At {
  /** Starts a gateway, or gives the one that runs. */
  start(version: Version): Promise<Gateway>
  put(section: string, spec: unknown): void
  putServers(more?: string): void
  policyText(attestors: readonly object[], more?: string): string
  login(gateway: Gateway): Promise<string>
  loginAsIssuer(gateway: Gateway): Promise<string>
  agentSession(gateway: Gateway): Promise<string>
  issuerSession(gateway: Gateway): Promise<string>
  status(gateway: Gateway, session: string): Promise<string>
  claims(gateway: Gateway, agentSession: string): Promise<string>
  spiffeIdBy(gateway: Gateway): Promise<string>
  verify(session: string, keysOf: Gateway): Promise<void>
  /** `writer` applies a good document; then it is bad, and `reader` starts. */
  badDocument(writer: Version, reader: Version): Promise<string>
  roll(): Promise<string>
  stop(): Promise<void>
}

const CLUSTER = 'c-1'
const ISSUER_URL = 'http://127.0.0.1:8787'
const POD = {
  'kubernetes.pod.namespace': 'default',
  'kubernetes.pod.service_account': 'web',
  'kubernetes.pod.node.name': 'ip-10-0-1-1.ec2.internal',
}

/** The first version could not fetch keys of an API server itself. */
const earlierIssuer = 'eks'

/** @param earlierTree - the sources of the earlier version */
export async function openWorld(earlierTree: string): Promise<At> {
  const store = mkdtempSync(join(tmpdir(), 'postern-upgrade-'))
  const issuer: TestIssuer = await startIssuer({ like: earlierIssuer })
  const settings = {
    TRUST_DOMAIN: 'example.org',
    ISSUER_URL,
    ALLOW_LOOPBACK_ISSUERS: 'true',
    SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
    SEAL_KEYS: makeSealKey(),
  }
  const trees: Readonly<Record<Version, string>> = { this: resolve('.'), earlier: earlierTree }
  const running = new Map<Version, Gateway>()

  const write = (key: string, text: string): void => {
    const path = join(store, `${key}.yaml`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  const pins = `issuerURL: ${issuer.issuer}, serviceAccountNamespace: spirl-system, serviceAccountName: spirl-agent`
  const policies = (section: string, name: string, attestors: readonly object[], more: string): string => {
    const required = [`{ type: k8s_token, config: { ${pins} } }`, ...attestors.map((one) => JSON.stringify(one))]
    const lines = required.map((line) => `        - ${line}\n`).join('')
    const extra = more === '' ? '' : `      ${more}\n`
    return `section: ${section}\nschema: v1\nspec:\n  policies:\n    - name: ${name}\n${extra}      requiredAttestors:\n${lines}`
  }
  const post = async (gateway: Gateway, path: string, body: unknown, session?: string): Promise<Reply> => {
    const headers: Record<string, string> = { 'Content-Type': 'application/json' }
    if (session !== undefined) headers['Authorization'] = `Bearer ${session}`
    return read(await fetch(gateway.url + path, { method: 'POST', headers, body: JSON.stringify(body) }))
  }
  const evidence = async () => ({ attestations: [{ type: 'k8s_token', evidence: { token: await issuer.mint() } }] })
  const loginTo = async (gateway: Gateway, path: string): Promise<Reply> => post(gateway, path, await evidence())
  const sessionFrom = async (gateway: Gateway, path: string): Promise<string> => {
    const { body, told } = await loginTo(gateway, path)
    if (body.session === undefined) throw new Error(`${path} of ${gateway.url}: ${told}\n${gateway.said()}`)
    return body.session.token
  }
  const AGENT = `/v1/clusters/${CLUSTER}/login`
  const SERVER = '/v1/trust-domain/login'
  const stopOne = async (version: Version): Promise<void> => {
    await running.get(version)?.stop()
    running.delete(version)
  }

  const at: At = {
    async start(version) {
      const found = running.get(version) ?? (await startGateway({ tree: trees[version], store, settings }))
      running.set(version, found)
      return found
    },
    put: (section, spec) =>
      write(
        `clusters/${CLUSTER}/${section}`,
        typeof spec === 'string' ? spec : JSON.stringify({ section, schema: 'v1', spec }),
      ),
    putServers: (more = '') =>
      write('trust-domain/TrustDomainServerAttestation', policies('TrustDomainServerAttestation', 'servers', [], more)),
    policyText: (attestors, more = '') => policies('AgentAttestation', 'agents', attestors, more),
    login: async (gateway) => (await loginTo(gateway, AGENT)).told,
    loginAsIssuer: async (gateway) => (await loginTo(gateway, SERVER)).told,
    agentSession: (gateway) => sessionFrom(gateway, AGENT),
    issuerSession: (gateway) => sessionFrom(gateway, SERVER),
    async status(gateway, session) {
      const headers = { Authorization: `Bearer ${session}` }
      return (await read(await fetch(`${gateway.url}/v1/clusters/${CLUSTER}/status`, { headers }))).told
    },
    async claims(gateway, agentSession) {
      const body = { agentSession, workloads: [{ id: 'w', attributes: POD }] }
      return (await post(gateway, `/v1/clusters/${CLUSTER}/claims`, body, await at.issuerSession(gateway))).told
    },
    async spiffeIdBy(gateway) {
      const body = { workloads: [{ id: 'w', attributes: POD }] }
      const reply = await post(gateway, `/v1/clusters/${CLUSTER}/claims`, body, await at.issuerSession(gateway))
      return reply.body.results?.[0]?.spiffeId ?? reply.told
    },
    async verify(session, keysOf) {
      const keys = createRemoteJWKSet(new URL(`${keysOf.url}/.well-known/jwks.json`))
      await jwtVerify(session, keys, { issuer: ISSUER_URL, audience: 'spiffe://example.org' })
    },
    async badDocument(writer, reader) {
      const told = await at.login(await at.start(writer))
      if (told !== '200') return told
      await stopOne(writer)
      at.put('AgentAttestation', at.policyText([], 'mistyped: 1'))
      return at.login(await at.start(reader))
    },
    async roll() {
      const told = new Set<string>()
      let isRolling = true
      await at.start('earlier')
      let asked: Gateway | undefined
      const load = (async () => {
        while (isRolling)
          for (const gateway of running.values()) {
            asked = gateway
            told.add(await at.login(gateway).catch(String))
            asked = undefined
          }
      })()
      // A balancer sends nothing to who is told to end: it is taken out before, and what it was sent is answered.
      const takeOut = async (version: Version): Promise<void> => {
        const gateway = running.get(version)
        running.delete(version)
        while (asked === gateway) await new Promise((later) => setTimeout(later, 1))
        await gateway?.stop()
      }
      for (const [next, before] of [
        ['earlier', undefined],
        ['this', 'earlier'],
        ['earlier', 'this'],
      ] as const) {
        const gateway = await at.start(next)
        for (let times = 0; times < 20; times++) told.add(await at.login(gateway))
        if (before !== undefined) await takeOut(before)
      }
      isRolling = false
      await load
      return [...told].join('; ')
    },
    async stop() {
      for (const version of [...running.keys()]) await stopOne(version)
      await issuer.stop()
      remove(store)
    },
  }
  at.put('AgentAttestation', at.policyText([]))
  at.put('SVIDIssuancePolicy', { policy: { pathTemplate: '/{{cluster.name}}/ns/{{kubernetes.pod.namespace}}' } })
  at.putServers()
  return at
}

interface Body {
  readonly code?: string
  readonly session?: { readonly token: string }
  readonly results?: readonly { readonly spiffeId?: string }[]
}
interface Reply {
  readonly told: string
  readonly body: Body
}

async function read(response: Response): Promise<Reply> {
  const body = (await response.json()) as Body
  return { told: body.code === undefined ? `${response.status}` : `${response.status} ${body.code}`, body }
}
