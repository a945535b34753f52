// A gateway as a process, its issuer and its documents, and the faults that can be put upon them.
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Host, type HostName, startHost } from '../conformance/hosts.ts'
import {
  createSigningKey,
  DISCOVERY_PATH,
  KEYS_PATH,
  type SigningKey,
  serviceAccountClaims,
  signClaims,
  startIssuer,
  type TestIssuer,
} from '../token/issuer.ts'
import type { Sent } from './invariants.ts'
import type { FaultName } from './schedule.ts'

const KEY = 'clusters/c-1/AgentAttestation'
const HALF_OPEN = 1_000

export interface SoakWorld {
  readonly host: Host
  readonly issuer: TestIssuer
  /** Puts a fault upon the world; the result ends it. */
  begin(fault: FaultName): Promise<() => Promise<void>>
  /** The token for a login. */
  tokenFor(sent: Sent): Promise<string>
  /** When a policy was replaced or deleted; absent while it is in force. */
  endOf(policy: string): number | undefined
  stop(): Promise<void>
}

/** @param program - the module of the command, for a gateway with a fault of its own */
export async function createSoakWorld(name: HostName, program?: string): Promise<SoakWorld> {
  const issuer = await startIssuer()
  let version = 1
  const ends = new Map<string, number>()
  const policy = (change = ''): string =>
    `section: AgentAttestation\nschema: v1\nspec:\n  policies:\n    - name: v${version}${change}\n      requiredAttestors:\n        - type: k8s_token\n          config: { issuerURL: ${issuer.issuer}, serviceAccountNamespace: spirl-system, serviceAccountName: spirl-agent }\n`
  const host = await startHost(name, { [KEY]: policy() }, program === undefined ? {} : { program })
  const stranger = await createSigningKey(issuer.newestKey().kid)
  const file = join(host.folder, 'store', `${KEY}.yaml`)
  let other: SigningKey | undefined

  const faults: Readonly<Record<FaultName, () => Promise<() => Promise<void>>>> = {
    async issuer_down() {
      issuer.setDown(true)
      return async () => issuer.setDown(false)
    },
    async issuer_slow() {
      for (const path of [DISCOVERY_PATH, KEYS_PATH])
        issuer.answer(path, (_request, response) => void setTimeout(() => response.writeHead(503).end(), 4_000))
      return async () => {
        for (const path of [DISCOVERY_PATH, KEYS_PATH]) issuer.answer(path, undefined)
      }
    },
    async issuer_lying() {
      other = await createSigningKey('liar')
      issuer.publish([other.publicJwk, { kty: 'oct', k: 'AAAA', kid: issuer.newestKey().kid }])
      return async () => issuer.publish(undefined)
    },
    async issuer_rotating() {
      const rotating = setInterval(() => void issuer.rotate(), 1_000)
      return async () => clearInterval(rotating)
    },
    async store_gone() {
      if (name === 'workerd') return async () => undefined
      const [here, away] = [join(host.folder, 'store'), join(host.folder, 'away')]
      renameSync(here, away)
      // A file in its place: neither absent nor readable.
      writeFileSync(here, '')
      return async () => {
        renameSync(here, join(host.folder, `gone-${Date.now()}`))
        renameSync(away, here)
      }
    },
    async document_bad() {
      await host.put(KEY, policy().replace('issuerURL', 'isuerURL'))
      return async () => host.put(KEY, policy())
    },
    async document_torn() {
      if (name === 'workerd') return async () => undefined
      // In place, in halves, as an editor or a copy may write it. The first half alone admits every account of the issuer.
      const text = policy()
      writeFileSync(file, text.slice(0, text.indexOf(', serviceAccountName')))
      return async () => writeFileSync(file, text)
    },
    async document_replaced() {
      ends.set(`v${version}`, Date.now())
      version++
      await host.put(KEY, policy())
      return async () => undefined
    },
    async document_deleted() {
      ends.set(`v${version}`, Date.now())
      await deletePolicy(host, name)
      return async () => {
        version++
        await host.put(KEY, policy())
      }
    },
    async half_open() {
      const { hostname, port } = new URL(host.url)
      const sockets: Socket[] = []
      for (let count = 0; count < HALF_OPEN; count++) {
        const socket = connect({ host: hostname, port: Number(port) }, () =>
          socket.write(
            'POST /v1/clusters/c-1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"att',
          ),
        )
        socket.on('error', () => undefined)
        sockets.push(socket)
      }
      return async () => {
        for (const socket of sockets) socket.destroy()
      }
    },
    async killed() {
      await host.restartKilled()
      return async () => undefined
    },
  }

  async function tokenFor(sent: Sent): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    switch (sent) {
      case 'good':
        return issuer.mint()
      case 'stranger':
        return issuer.mint({
          claims: {
            sub: 'system:serviceaccount:spirl-system:other',
            'kubernetes.io': {
              ...(serviceAccountClaims(now)['kubernetes.io'] as object),
              serviceaccount: { name: 'other', uid: 'o' },
            },
          },
        })
      case 'forged':
        return signClaims(
          { ...stranger, kid: issuer.newestKey().kid },
          { ...serviceAccountClaims(now), iss: issuer.issuer },
        )
      case 'expired':
        return issuer.mint({ nowSeconds: now - 90_000 })
      case 'malformed':
        return `${(await issuer.mint()).slice(0, -20)}`
    }
  }

  return {
    host,
    issuer,
    begin: (fault) => faults[fault](),
    tokenFor,
    endOf: (of) => ends.get(of),
    async stop() {
      await host.stop()
      await issuer.stop()
    },
  }
}

/** On Workers the tool would ask whether the deletion is meant: a document that admits nobody does the same to logins. */
async function deletePolicy(host: Host, name: HostName): Promise<void> {
  if (name === 'workerd') await host.put(KEY, 'section: AgentAttestation\nschema: v1\nspec: { policies: [] }\n')
  else rmSync(join(host.folder, 'store', `${KEY}.yaml`))
}
