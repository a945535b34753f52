// Policies that need what only some hosts can do: they compile alike on every host, and where the host cannot, such a policy
// waits for another host, its section is unhealthy, and every other policy goes on.
import * as v from 'valibot'
import { afterEach, describe, expect, it } from 'vitest'
import type { Attestor } from '../../src/attest/attestor.ts'
import { HOST_NAMES, type HostFeature, listHostFeatures } from '../../src/attest/host-features.ts'
import { ATTESTORS, createAttestorTable } from '../../src/attest/table.ts'
import { pass } from '../../src/core/result.ts'
import { bench } from '../cli/call.ts'
import { createWorld, type World } from '../gateway/fixture.ts'
import { put } from '../gateway/mapping-world.ts'
import { compile, found } from './document.ts'

interface Shapes {
  evidence: object
  config: { readonly own?: boolean | undefined }
  pins: null
  anchor: null
  opened: null
  facts: null
  request: never
  secret: null
}

const asked: string[] = []

/** Needs `listed_networks` in every entry. */
const bell: Attestor<Shapes> = {
  type: 'bell',
  words: { evidence: 'a bell', summary: 'It rings.' },
  evidenceSchema: v.strictObject({}),
  configSchema: v.strictObject({ own: v.optional(v.boolean()) }),
  configOptional: true,
  compile: () => ({
    anchor: { id: 'bell', value: null },
    pins: null,
    scoped: true,
    needs: { feature: 'listed_networks' },
  }),
  challenge: async () => pass({ published: {}, secret: null }),
  open: (_evidence, challenge) => pass({ digestible: challenge?.id ?? '', value: null }),
  readClaimed: () => ({}),
  async verify() {
    asked.push('bell')
    return pass({ expiresAtSeconds: Number.POSITIVE_INFINITY, facts: null })
  },
  checks: () => [],
  attributes: () => [],
}

/** A call-out that needs `own_authorities` where its field `own` is set. */
const desk: Attestor<Shapes> = {
  ...bell,
  type: 'desk',
  compile: ({ own }) => ({
    anchor: { id: 'desk', value: null },
    pins: null,
    scoped: true,
    ...(own === true ? { needs: { feature: 'own_authorities', path: ['own'] } } : {}),
  }),
  open: () => pass({ digestible: 'desk', value: null }),
  async callOut() {
    asked.push('desk')
    return pass([])
  },
}
const { challenge: _none, ...deskWithoutChallenge } = desk
const attestors = [...ATTESTORS, bell, deskWithoutChallenge]
const table = createAttestorTable(attestors)

const NOTHING: ReadonlySet<HostFeature> = new Set()
const document = (...policies: readonly (readonly object[])[]): string =>
  JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: specOf(...policies) })
const specOf = (...policies: readonly (readonly object[])[]) => ({
  policies: policies.map((requiredAttestors, index) => ({ name: `p${index}`, requiredAttestors })),
})

describe('an entry that needs what the host cannot do', () => {
  const text = document([{ type: 'bell' }, { type: 'desk', config: { own: true } }], [{ type: 'bell' }])

  it('compiles alike, and is reported at its type or at the field that needs it', () => {
    const able = compile('AgentAttestation', text, { attestors: table })
    const unable = compile('AgentAttestation', text, { attestors: table, hostFeatures: NOTHING })
    expect([able.ok, found(able)]).toEqual([true, []])
    expect(unable.ok).toBe(true)
    expect(found(unable).map((line) => line.slice(line.indexOf(' ') + 1))).toEqual([
      'attestor_unsupported_here spec.policies.0.requiredAttestors.0.type',
      'attestor_unsupported_here spec.policies.0.requiredAttestors.1.config.own',
      'attestor_unsupported_here spec.policies.1.requiredAttestors.0.type',
    ])
  })

  it('is not reported for a field that the entry does not use', () => {
    const used = document([{ type: 'bell' }, { type: 'desk', config: { own: false } }])
    const some: ReadonlySet<HostFeature> = new Set<HostFeature>(['listed_networks'])
    expect(found(compile('AgentAttestation', used, { attestors: table, hostFeatures: some }))).toEqual([])
  })

  it.each(HOST_NAMES)('is what config validate --host %s fails', async (host) => {
    const { file, call } = bench({ attestors })
    const name = file('a.yaml', text)
    const called = await call('config', 'validate', '--host', host, name)
    expect(called.exitCode).toBe(listHostFeatures(host).has('listed_networks') ? 0 : 1)
    expect(called.out.includes('attestor_unsupported_here')).toBe(called.exitCode === 1)
    expect((await call('config', 'validate', name)).exitCode).toBe(0)
  })

  it('is not validated for a host that nobody knows', async () => {
    const { file, call } = bench({ attestors })
    const { exitCode, err } = await call('config', 'validate', '--host', 'bun', file('a.yaml', text))
    expect(exitCode).toBe(2)
    for (const host of HOST_NAMES) expect(err).toContain(host)
  })
})

describe('a login, where a policy needs what the host cannot do', () => {
  let world: World
  afterEach(() => world.stop())

  async function start(hostFeatures: ReadonlySet<HostFeature>, ...policies: readonly (readonly object[])[]) {
    asked.length = 0
    world = await createWorld({ attestors, hostFeatures })
    put(world, 'clusters/c-1/AgentAttestation', specOf(...policies))
  }
  const logIn = (...attestations: readonly object[]) =>
    world.post('/v1/clusters/c-1/login', JSON.stringify({ attestations }))
  const ring = async () => {
    const { status, body } = await world.post('/v1/clusters/c-1/challenge', JSON.stringify({ type: 'bell' }))
    return { status, code: body.code, bell: { type: 'bell', evidence: {}, challenge: body['challenge'] } }
  }
  const k8s = () => ({ type: 'k8s_token', config: { issuerURL: world.issuer.issuer } })
  const token = async () => ({ type: 'k8s_token', evidence: { token: await world.issuer.mint({}) } })
  const desk = { type: 'desk', evidence: {} }

  it('is admitted where the host can', async () => {
    await start(listHostFeatures('node'), [{ type: 'bell' }])
    expect(await logIn((await ring()).bell)).toMatchObject({ status: 200, body: { policy: 'p0' } })
    expect(asked).toEqual(['bell'])
  })

  it('gets no challenge where no policy of the type can be verified, and says why to the operator alone', async () => {
    await start(NOTHING, [{ type: 'bell' }])
    expect(await ring()).toMatchObject({ status: 503, code: 'attestor_unsupported_here' })
    expect(world.records).toMatchObject([
      { event: 'challenge', code: 'attestor_unsupported_here', attestor: 'bell', cause: 'host_unsupported' },
    ])
    expect(world.records[0]).toHaveProperty('failure.hostsThatCan')
  })

  it('waits, verifies nothing, and lets other policies go on', async () => {
    await start(listHostFeatures('node'), [{ type: 'bell' }])
    const { bell } = await ring()
    const able = world
    await start(NOTHING, [{ type: 'bell' }])
    const { status, body, headers } = await logIn(bell)
    expect([status, body.code, body.refusals?.map(({ code }) => code)]).toEqual([
      503,
      'attestor_unsupported_here',
      ['host_unsupported'],
    ])
    expect([headers.get('Retry-After'), asked]).toEqual(['60', []])
    put(world, 'clusters/c-1/AgentAttestation', specOf([{ type: 'bell' }], [k8s()]))
    world.restart()
    expect(await logIn(bell, await token())).toMatchObject({ status: 200, body: { policy: 'p1' } })
    await able.stop()
  })

  it('makes no call-out, and says so only once all else has passed', async () => {
    await start(NOTHING)
    const own = { type: 'desk', config: { own: true } }
    put(world, 'clusters/c-1/AgentAttestation', specOf([k8s(), own]))
    expect(await logIn(await token(), desk)).toMatchObject({ status: 503, body: { code: 'attestor_unsupported_here' } })
    const refused = await logIn({ type: 'k8s_token', evidence: { token: 'e30.e30.e30' } }, desk)
    expect([refused.status, refused.text.includes('host_unsupported')]).toEqual([401, false])
    put(world, 'clusters/c-1/AgentAttestation', specOf([k8s(), { type: 'desk' }]))
    world.restart()
    expect(asked).toEqual([])
    expect((await logIn(await token(), desk)).status).toBe(200)
    expect(asked).toEqual(['desk'])
  })
})
