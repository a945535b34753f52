// What the tests of proofs share: a challenge of a gateway in this process, the message that an agent signs, and the answer.
import { type Answer, createWorld, type World } from '../gateway/fixture.ts'
import { put } from '../gateway/mapping-world.ts'

export interface ProofWorld {
  readonly world: World
  /** Puts a policy that requires this attestor. */
  putPolicy(config: object | undefined, more?: object): void
  /** Asks for a challenge; what the gateway published, and the five lines that an agent signs. */
  challenge(
    clusterId?: string,
    request?: object,
  ): Promise<{ readonly challenge: string; readonly message: string } & Record<string, string>>
  logIn(evidence: object, challenge: string, clusterId?: string): Promise<Answer>
}

/** @param request what the agent asks with. @param options of the gateway */
export async function createProofWorld(
  type: string,
  request?: object,
  options: Parameters<typeof createWorld>[0] = {},
): Promise<ProofWorld> {
  const world = await createWorld(options)
  return {
    world,
    putPolicy(config, more = {}) {
      const attestor = { type, ...(config === undefined ? {} : { config }) }
      for (const cluster of ['c-1', 'c-2'])
        put(world, `clusters/${cluster}/AgentAttestation`, {
          policies: [{ name: 'p', requiredAttestors: [attestor], ...more }],
        })
      world.restart()
    },
    async challenge(clusterId = 'c-1', asked = request) {
      const sent = JSON.stringify({ type, ...(asked === undefined ? {} : { request: asked }) })
      const { status, body, text } = await world.post(`/v1/clusters/${clusterId}/challenge`, sent)
      if (status !== 200) throw new Error(text)
      const published = body as unknown as Record<string, string> & { readonly challenge: string }
      const { challenge } = published
      const message = ['postern-login/1', world.settings.issuerUrl, 'agent', clusterId, challenge].join('\n')
      return { ...published, challenge, message }
    },
    logIn: (evidence, challenge, clusterId = 'c-1') =>
      world.post(`/v1/clusters/${clusterId}/login`, JSON.stringify({ attestations: [{ type, evidence, challenge }] })),
  }
}

export async function saidBy(answer: Promise<Answer>): Promise<string> {
  const { status, body } = await answer
  return status === 200 ? 'admitted' : `${status} ${body.refusals?.map(({ code }) => code).join() ?? body.code}`
}

/** The attributes of an admitted login, by name. */
export async function attributesOf(answer: Promise<Answer>): Promise<Readonly<Record<string, unknown>>> {
  const { status, body, text } = await answer
  if (status !== 200) throw new Error(text)
  const attributes = body['attributes'] as readonly { readonly name: string; readonly value: unknown }[]
  return Object.fromEntries(attributes.map(({ name, value }) => [name, value]))
}
