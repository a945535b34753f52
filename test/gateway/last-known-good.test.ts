// A document's life through the whole gateway: written, spoilt, mended, deleted; with warm isolates and cold ones.
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CONFIG_REVALIDATE_MILLIS, CONFIG_STALE_MAX_MILLIS } from '../../src/core/limits.ts'
import { createWorld, policyText, type World } from './fixture.ts'
import { sessionOf } from './mapping-world.ts'

const KEY = 'clusters/c-1/AgentAttestation'
const TRUST = 'trust-domain/TrustDomainServerAttestation'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
beforeEach(() => {
  world.store.values.clear()
  world.store.readTrouble = 'none'
  world.ahead = 0
  world.putPolicy('c-1')
  world.store.put(
    TRUST,
    policyText(world.issuer.issuer, ['serviceAccountNamespace: s', 'serviceAccountName: s']).replace(
      'AgentAttestation',
      'TrustDomainServerAttestation',
    ),
  )
  world.restart()
})
afterAll(() => world.stop())

async function status(): Promise<number> {
  const token = await world.issuer.mint({ nowSeconds: Math.floor((Date.now() + world.ahead) / 1000) })
  return (await world.login('c-1', token)).status
}

/** What the status says of AgentAttestation, to an issuer. */
async function health(): Promise<Record<string, unknown>> {
  const session = await sessionOf(world, { policy: 'k8s_policy', ttlSeconds: 600 })
  const response = await world.app.request('/v1/clusters/c-1/status', {
    headers: { Authorization: `Bearer ${session}` },
  })
  const { sections } = (await response.json()) as { sections: Record<string, unknown>[] }
  return sections.find(({ section }) => section === 'AgentAttestation') ?? {}
}

function spoil(): void {
  world.store.put(KEY, policyText(world.issuer.issuer, ['isuerURL: typo']))
}

/** Lets the bound on ages pass. */
function later(): void {
  world.ahead += CONFIG_REVALIDATE_MILLIS + 1000
}

/** The record of what was applied is written behind the answer. */
async function untilRecorded(): Promise<void> {
  await expect.poll(() => world.store.values.has(`applied/${KEY}`)).toBe(true)
}

describe('a document that is spoilt', () => {
  it('leaves the good one in force, in a warm isolate and in a cold one, and says where it is wrong', async () => {
    expect(await status()).toBe(200)
    await untilRecorded()
    spoil()
    later()
    expect(await status()).toBe(200)
    expect(await health()).toMatchObject({
      health: 'UNHEALTHY',
      issues: [{ code: 'field_unknown', line: 10, column: 13 }],
    })

    world.restart()
    expect(await status()).toBe(200)
    const { desiredDigest, appliedDigest } = await health()
    expect(appliedDigest).toMatch(/^sha256:/)
    expect(desiredDigest).not.toBe(appliedDigest)

    world.putPolicy('c-1')
    later()
    expect(await status()).toBe(200)
    expect(await health()).toMatchObject({ health: 'HEALTHY', issues: [] })
  })

  it('is refused where nothing good was ever in force', async () => {
    spoil()
    expect(await status()).toBe(503)
  })

  it('does not hold back the sections beside it', async () => {
    world.store.put('clusters/c-1/Cluster', 'section: Cluster\nschema: v1\nspec:\n  plattform: k8s\n')
    expect(await status()).toBe(200)
    expect(await health()).toMatchObject({ health: 'HEALTHY' })
  })
})

describe('a document that is deleted', () => {
  it('refuses within the bound, and is not brought back by a bad one', async () => {
    expect(await status()).toBe(200)
    await untilRecorded()
    world.store.values.delete(KEY)
    later()
    expect(await status()).toBe(404)
    spoil()
    later()
    expect(await status()).toBe(503)
    world.restart()
    expect(await status()).toBe(503)
  })
})

describe('policies: []', () => {
  it('refuses everybody at once where it is read, and stays when it is spoilt', async () => {
    expect(await status()).toBe(200)
    world.store.put(KEY, 'section: AgentAttestation\nschema: v1\nspec:\n  policies: []\n')
    later()
    expect(await status()).toBe(403)
    world.restart()
    expect(await status()).toBe(403)
    spoil()
    later()
    expect(await status()).toBe(403)
  })
})

describe('a record that was planted', () => {
  it.each<[string, () => void]>([
    [
      'made up',
      () =>
        world.store.put(`applied/${KEY}`, JSON.stringify({ v: 1, key: KEY, text: policyText(world.issuer.issuer) })),
    ],
    ['the plain document', () => world.store.put(`applied/${KEY}`, policyText(world.issuer.issuer))],
  ])('is ignored: %s', async (_what, plant) => {
    spoil()
    plant()
    expect(await status()).toBe(503)
  })

  it('is ignored: a genuine one of another cluster', async () => {
    expect(await status()).toBe(200)
    await untilRecorded()
    const genuine = world.store.values.get(`applied/${KEY}`)
    world.store.values.clear()
    if (genuine !== undefined) world.store.values.set('applied/clusters/c-2/AgentAttestation', genuine)
    world.store.put('clusters/c-2/AgentAttestation', 'spoilt')
    world.restart()
    expect((await world.login('c-2', await world.issuer.mint())).status).toBe(503)
  })
})

describe('a store that cannot be read', () => {
  it('serves what is in memory up to the stated age, and says that it is stale', async () => {
    expect(await status()).toBe(200)
    world.store.readTrouble = 'error'
    world.ahead = CONFIG_STALE_MAX_MILLIS - 5000
    const token = await world.issuer.mint({ nowSeconds: Math.floor((Date.now() + world.ahead) / 1000) })
    const answer = await world.login('c-1', token)
    expect(answer).toMatchObject({ status: 200, body: { configuration: { AgentAttestation: { stale: true } } } })
    world.ahead = CONFIG_STALE_MAX_MILLIS + 5000
    expect(await status()).toBe(503)
  })
})

describe('whatever bytes are stored', () => {
  const good = policyText('http://127.0.0.1:1')
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.string({ maxLength: 400 }).map((text) => new TextEncoder().encode(text)),
    fc
      .record({ at: fc.nat(good.length), cut: fc.nat(40), put: fc.string({ maxLength: 20 }) })
      .map(({ at, cut, put }) => new TextEncoder().encode(good.slice(0, at) + put + good.slice(at + cut))),
  )

  it('a login is answered in time, by a configuration that once compiled or by a refusal', async () => {
    const token = await world.issuer.mint({ nowSeconds: Math.floor(Date.now() / 1000) })
    await fc.assert(
      fc.asyncProperty(bytes, async (stored) => {
        world.store.values.set(KEY, new Uint8Array(stored))
        world.restart()
        const started = performance.now()
        const answer = await world.login('c-1', token)
        expect(performance.now() - started).toBeLessThan(5000)
        expect([401, 403, 503]).toContain(answer.status)
        expect(answer.body.code).toMatch(/^(login_refused|configuration_invalid|signing_key_unavailable)$/)
      }),
      { numRuns: 300 },
    )
  })
})
