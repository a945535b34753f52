// A gateway in this process that calls webhooks as Node does: guarded, over real loopback connections. One policy requires a
// service account token and one extension.
import { createGuardedFetch } from '../../../src/runtime/http/guarded-fetch.ts'
import { type Answer, createWorld, type World } from '../../gateway/fixture.ts'
import { put } from '../../gateway/mapping-world.ts'

export interface ExtensionWorld {
  readonly world: World
  /** Puts a policy for each config, of which the first satisfied one admits. */
  putPolicies(...configs: readonly object[]): void
  logIn(proof?: unknown): Promise<Answer>
  stop(): Promise<void>
}

/** The tokens that agents have sent. */
export const SENT: string[] = []

export async function startExtensionWorld(
  webhooks: Readonly<Record<string, object>>,
  issuerUrl?: string,
): Promise<ExtensionWorld> {
  const world = await createWorld({
    stateless: true,
    ...(issuerUrl === undefined ? {} : { issuerUrl }),
    environment: { WEBHOOKS: JSON.stringify(webhooks) },
    fetch: createGuardedFetch({ allowLoopback: issuerUrl === undefined, privateOrigins: new Set() }),
  })
  const { publicJwk } = world.issuer.newestKey()
  return {
    world,
    putPolicies(...configs) {
      const account = { type: 'k8s_token', config: { issuerURL: world.issuer.issuer, jwks: { keys: [publicJwk] } } }
      put(world, 'clusters/c-1/AgentAttestation', {
        policies: configs.map((config, index) => ({
          name: `p${index}`,
          requiredAttestors: [account, { type: 'extension', config }],
        })),
      })
      world.records.length = 0
      world.restart()
    },
    async logIn(proof = { device: 'd-1' }) {
      const token = await world.issuer.mint()
      SENT.push(token)
      const attestations = [
        { type: 'k8s_token', evidence: { token } },
        { type: 'extension', evidence: { proof } },
      ]
      return world.post('/v1/clusters/c-1/login', JSON.stringify({ attestations }))
    },
    stop: () => world.stop(),
  }
}

/** Status, code, and the code of the extension's own refusal. */
export function tell({ status, body }: Answer): string {
  if (status === 200) return 'admitted'
  const own = body.refusals?.map(({ code }) => code).find((code) => /^(call_out|webhook|host)_/.test(code))
  return `${status} ${body.code} ${own}`
}
