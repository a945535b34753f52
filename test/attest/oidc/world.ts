// A gateway whose issuers have their real names: what it fetches from them is answered here, from keys of the test.

import type { LoginRecord } from '../../../src/gateway/audit/audit.ts'
import { createGateway } from '../../../src/gateway/gateway.ts'
import type { GatewayApp } from '../../../src/gateway/services.ts'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import { readSettings } from '../../../src/runtime/settings.ts'
import { sleep } from '../../../src/runtime/sleep.ts'
import type { Algorithm } from '../../../src/token/algorithms.ts'
import { makeSessionSigningKeys } from '../../../src/token/session/make-session-keys.ts'
import { createMemoryStore, type MemoryStore } from '../../config/memory-source.ts'
import type { SigningKey } from '../../token/issuer.ts'
import { createSigningKey, signClaims } from '../../token/issuer.ts'

export const AUDIENCE = 'https://postern.example.org'

export interface IssuerAt {
  readonly issuer: string
  readonly jwksUri: string
  readonly alg?: Algorithm
}

export interface OidcWorld {
  readonly store: MemoryStore
  /** URLs that were fetched, in order. */
  readonly fetched: string[]
  readonly records: LoginRecord[]
  app: GatewayApp
  key(issuer: string): SigningKey
  /** Puts a policy with these attestors; each has a type and a config. */
  put(attestors: readonly object[], conditions?: readonly object[]): void
  mint(claims: Readonly<Record<string, unknown>>, change?: { key?: SigningKey; header?: object }): Promise<string>
  logIn(attestations: Readonly<Record<string, string>>): Promise<LoginResult>
  restart(): void
}

export interface LoginResult {
  readonly status: number
  readonly text: string
  readonly body: {
    readonly code?: string
    readonly session?: { readonly token: string }
    readonly attributes?: readonly { readonly name: string; readonly value: unknown }[]
    readonly refusals?: readonly { readonly type: string; readonly code: string; readonly detail: string }[]
  }
}

export async function createOidcWorld(issuers: readonly IssuerAt[]): Promise<OidcWorld> {
  const keys = new Map<string, SigningKey>()
  const answers = new Map<string, unknown>()
  for (const { issuer, jwksUri, alg = 'RS256' } of issuers) {
    const key = await createSigningKey(`key of ${issuer.length}`.replaceAll(' ', '-'), alg)
    keys.set(issuer, key)
    answers.set(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { issuer, jwks_uri: jwksUri })
    const known = (answers.get(jwksUri) as { keys: unknown[] } | undefined)?.keys ?? []
    answers.set(jwksUri, { keys: [...known, key.publicJwk] })
  }
  const store = createMemoryStore()
  const read = readSettings(
    {
      TRUST_DOMAIN: 'example.org',
      AUDIENCE,
      ISSUER_URL: 'https://postern.example.org',
      SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
      SEAL_KEYS: 'A'.repeat(43),
    },
    { canResolve: true },
  )
  if (!read.ok) throw new Error(read.problems.join())
  const world: OidcWorld = {
    store,
    fetched: [],
    records: [],
    app: undefined as unknown as GatewayApp,
    key(issuer) {
      const key = keys.get(issuer)
      if (key === undefined) throw new Error(`no issuer ${issuer}`)
      return key
    },
    put(attestors, conditions) {
      const policies = [
        { name: 'p', requiredAttestors: attestors, ...(conditions === undefined ? {} : { conditions }) },
      ]
      store.put(
        'clusters/c/AgentAttestation',
        JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: { policies } }),
      )
      world.restart()
    },
    mint: (claims, { key, header } = {}) =>
      signClaims(key ?? world.key(String(claims['iss'])), claims, header as Record<string, unknown>),
    async logIn(tokens) {
      const attestations = Object.entries(tokens).map(([type, token]) => ({ type, evidence: { token } }))
      const response = await world.app.request('/v1/clusters/c/login', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ attestations }),
      })
      const text = await response.text()
      return { status: response.status, text, body: JSON.parse(text) }
    },
    restart() {
      world.app = createGateway({
        settings: read.value,
        source: store,
        module: loadPolicyVm(),
        fetch: async (url) => {
          world.fetched.push(url)
          const answer = answers.get(url)
          return answer === undefined ? new Response('no', { status: 404 }) : Response.json(answer)
        },
        clock: Date.now,
        sleep,
        audit(record) {
          if (record.event === 'login') world.records.push(record)
          return true
        },
      })
    },
  }
  world.restart()
  return world
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** One change of a baseline: a member is set; `undefined` takes it out. A key `a.b` is `b` in `a`. */
export function change(
  claims: Readonly<Record<string, unknown>>,
  path: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const [name = '', ...rest] = path
  const member = rest.length === 0 ? value : change((claims[name] ?? {}) as Record<string, unknown>, rest, value)
  const changed: Record<string, unknown> = { ...claims, [name]: member }
  if (member === undefined) delete changed[name]
  return changed
}
