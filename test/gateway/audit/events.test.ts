// What happens in the background is told in the stream of the audit records: once per change, and never by request.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { CONFIG_REVALIDATE_MILLIS, KEY_SET_AGE_MAX_SECONDS } from '../../../src/core/limits.ts'
import { formatAuditLine } from '../../../src/gateway/audit/audit.ts'
import type { EventRecord } from '../../../src/gateway/audit/events.ts'
import { DISCOVERY_PATH } from '../../token/issuer.ts'
import { createWorld, policyText, type World } from '../fixture.ts'

const KEY = 'clusters/c-1/AgentAttestation'
const DIGEST = expect.stringMatching(/^sha256:[0-9a-f]{64}$/)

let world: World
beforeAll(async () => {
  world = await createWorld({ stateless: true })
})
afterAll(() => world.stop())
beforeEach(() => {
  world.ahead = 0
  world.issuer.setDown(false)
  world.issuer.answer(DISCOVERY_PATH, undefined)
  world.store.readTrouble = 'none'
  world.store.values.clear()
  world.putPolicy('c-1')
  world.restart()
  world.events.length = 0
})

const nowSeconds = (): number => Math.floor((Date.now() + world.ahead) / 1000)
const logIn = async (cluster = 'c-1') => world.login(cluster, await world.issuer.mint({ nowSeconds: nowSeconds() }))
/** The events since the last call, without their times. */
function told(): readonly Omit<EventRecord, 'v' | 'time'>[] {
  return world.events.splice(0).map(({ v, time, ...event }) => {
    expect([v, Number.isNaN(Date.parse(time))]).toEqual([1, false])
    return event
  })
}
/** A login for which everything is read again, and then three more. */
async function logInLater(): Promise<void> {
  world.ahead += CONFIG_REVALIDATE_MILLIS + 1
  for (let times = 0; times < 4; times++) await logIn()
}

describe('a document', () => {
  it('that is applied is told once in each isolate, with what it displaced', async () => {
    await logIn()
    expect(told()).toEqual([{ event: 'config_applied', key: KEY, digest: DIGEST }])
    await logInLater()
    expect(told()).toEqual([])
    world.putPolicy('c-1', ['serviceAccountNamespace: spirl-system'])
    await logInLater()
    expect(told()).toEqual([{ event: 'config_applied', key: KEY, digest: DIGEST, previousDigest: DIGEST }])
    world.restart()
    await logIn()
    expect(told()).toEqual([{ event: 'config_applied', key: KEY, digest: DIGEST }])
  })

  it('that is refused is told once, with its issues, their places, and what is in force instead', async () => {
    await logIn()
    told()
    world.putPolicy('c-1', ['serviceAccountNamespacce: x', 'allowedNodes: []'])
    await logInLater()
    await logInLater()
    expect(told()).toEqual([
      {
        event: 'config_refused',
        key: KEY,
        digest: DIGEST,
        issues: [expect.stringMatching(/^10:13 /), expect.stringMatching(/^11:27 /)],
        inForceDigest: DIGEST,
      },
    ])
    world.putPolicy('c-1')
    await logInLater()
    expect(told()).toEqual([{ event: 'config_applied', key: KEY, digest: DIGEST }])
  })

  it('that is refused and has nothing before it says so', async () => {
    world.putPolicy('c-1', ['nothing: x'])
    for (let times = 0; times < 3; times++) expect((await logIn()).status).toBe(503)
    const [event, ...others] = told()
    expect(event).toMatchObject({ event: 'config_refused', key: KEY })
    expect(event).not.toHaveProperty('inForceDigest')
    expect(others).toEqual([])
  })

  it('lists so many issues and counts the others', async () => {
    world.putPolicy(
      'c-1',
      Array.from({ length: 50 }, (_, index) => `nothing${index}: x`),
    )
    await logIn()
    expect(told()).toMatchObject([{ issues: { length: 5 }, issuesOmitted: 45 }])
  })

  it('that is deleted is told once, and one that never was is not', async () => {
    await logIn()
    await logIn('made-up')
    told()
    world.store.values.delete(KEY)
    await logInLater()
    await logInLater()
    expect(told()).toEqual([{ event: 'config_deleted', key: KEY, previousDigest: DIGEST }])
    world.putPolicy('c-1')
    await logInLater()
    expect(told()).toEqual([{ event: 'config_applied', key: KEY, digest: DIGEST }])
  })
})

describe('the store', () => {
  it('is told once when it fails, however much of it is asked for, and once when it is back', async () => {
    await logIn()
    told()
    world.store.readTrouble = 'error'
    await logInLater()
    for (let n = 0; n < 20; n++) await logIn(`made-up-${n}`)
    await logInLater()
    expect(told()).toEqual([{ event: 'store_failed', key: KEY, reason: 'the store is down' }])
    world.store.readTrouble = 'none'
    await logInLater()
    await logInLater()
    expect(told()).toEqual([{ event: 'store_recovered', key: KEY, failedSeconds: expect.any(Number) }])
  })
})

describe('an issuer', () => {
  const OVER_AGE = (KEY_SET_AGE_MAX_SECONDS + 1) * 1000

  it('is told once when it is down, though its keys are in hand, and once when it is back', async () => {
    await logIn()
    told()
    world.issuer.setDown(true)
    world.ahead += OVER_AGE
    for (let times = 0; times < 5; times++) {
      expect((await logIn()).status).toBe(200)
      world.ahead += 300_000
    }
    expect(told()).toEqual([
      {
        event: 'issuer_fetch_failed',
        source: world.issuer.issuer,
        url: `${world.issuer.issuer}${DISCOVERY_PATH}`,
        cause: expect.any(String),
        reason: expect.any(String),
        nextStep: expect.any(String),
        keysInHand: 1,
      },
    ])
    const ready = await world.app.request('/readyz')
    expect(ready.status).toBe(200)
    expect(await ready.json()).toMatchObject({ checks: { keys: { failing: 1, stale: 1 }, degraded: ['keys_failing'] } })
    world.issuer.setDown(false)
    for (let times = 0; times < 3; times++) {
      await logIn()
      world.ahead += 300_000
    }
    // The fetch goes on after the answer.
    const seen: unknown[] = []
    await vi.waitFor(() => {
      seen.push(...told())
      expect(seen).toEqual([
        { event: 'issuer_fetch_recovered', source: world.issuer.issuer, failures: expect.any(Number), keysInHand: 1 },
      ])
    })
  })

  it('is told again when it fails in another way', async () => {
    world.issuer.answer(DISCOVERY_PATH, (_request, response) => response.writeHead(500).end())
    await logIn()
    world.ahead += 300_000
    await logIn()
    world.issuer.setDown(true)
    world.ahead += 300_000
    await logIn()
    const causes = told().flatMap((event) => ('cause' in event ? [event.cause] : []))
    expect(causes).toHaveLength(2)
    expect(new Set(causes).size).toBe(2)
  })
})

describe('events', () => {
  it('hold no token, no key and nothing that steers a terminal', async () => {
    const token = await world.issuer.mint()
    world.store.put(KEY, `${policyText(world.issuer.issuer)}"\u001b[2J${token}": 1\n`)
    await logIn()
    const lines = world.events.map(formatAuditLine).join('')
    expect(lines).toContain('config_refused')
    expect(lines).not.toContain('\u001b')
    expect(lines).not.toContain(token.split('.')[2])
  })
})
