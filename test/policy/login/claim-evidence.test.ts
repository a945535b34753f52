// What a policy claims before it admits: what, in which order, how often in one login, and what a refusal leaves unspent.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Attestor } from '../../../src/attest/attestor.ts'
import { k8sToken } from '../../../src/attest/k8s-token/k8s-token.ts'
import type { Requirement } from '../../../src/attest/shapes.ts'
import { CHALLENGE_LIFETIME_SECONDS } from '../../../src/core/limits.ts'
import { pass, refuse } from '../../../src/core/result.ts'
import { type Claims, claimChallenge, claimEvidence, mustClaim } from '../../../src/policy/login/claim-evidence.ts'
import type { Match, Piece } from '../../../src/policy/login/evidence.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import type { Claimable, SingleUse } from '../../../src/policy/single-use/single-use.ts'
import { NOW } from '../fixture.ts'

let claimed: Claimable[] = []
let used: ReadonlySet<string> = new Set()
const singleUse: SingleUse = {
  async claim(evidence) {
    claimed.push(evidence)
    return used.has(evidence.id) ? refuse({ code: 'evidence_replayed', detail: 'seen' }) : pass(undefined)
  },
  failingSinceMillis: () => undefined,
  probe: async () => undefined,
}
beforeEach(() => {
  claimed = []
  used = new Set()
})

const row: Attestor = k8sToken
const anchor = { id: 'a', value: undefined }
function match(type: string, more: Partial<Piece> = {}): Match {
  const requirement: Requirement = { type, scoped: true, anchor, pins: null }
  const piece: Piece = {
    type,
    attestor: row,
    opened: { digestible: `evidence of ${type}`, value: null },
    candidates: { policies: [], joint: [], anchors: new Map() },
    verdicts: new Map([[anchor.id, pass({ expiresAtSeconds: NOW + 60, facts: null })]]),
    ...more,
  }
  return { requirement, piece }
}
const policy = (more: Partial<Policy> = {}): Policy => ({
  name: 'p',
  index: 0,
  requirements: [],
  conditions: [],
  ...more,
})
const once = policy({ singleUse: true })
const callOut = (): Match => match('webhook', { attestor: { ...row, callOut: () => expect.unreachable() } })
const claim = (by: Policy, matches: readonly Match[], claims: Claims = new Map()) =>
  claimEvidence(by, matches, singleUse, claims, NOW)
const ids = () => claimed.map(({ id }) => id)

describe('a policy must claim', () => {
  it.each<[string, boolean, Policy, readonly Match[], SingleUse | undefined]>([
    ['nothing, usually', false, policy(), [match('one')], singleUse],
    ['what is used once', true, once, [match('one')], singleUse],
    ['what is used once, and is refused where there is no store', true, once, [match('one')], undefined],
    ['an answered challenge', true, policy(), [match('one'), match('two', { challengeId: 'c' })], singleUse],
    ['no challenge where there is no store', false, policy(), [match('one', { challengeId: 'c' })], undefined],
    ['nothing of evidence that is missing', false, policy(), [{ ...match('one'), piece: undefined }], singleUse],
  ])('%s', (_what, must, by, matches, store) => {
    expect(mustClaim(by, matches, store)).toBe(must)
  })
})

describe('a claim', () => {
  it('is of each piece, by what it is and until it ends; a challenge by its id', async () => {
    expect(await claim(once, [match('one'), match('two', { challengeId: 'c' })])).toBeUndefined()
    expect(claimed).toEqual([
      { type: 'one', id: 'evidence of one', expiresAtSeconds: NOW + 60 },
      { type: 'two', id: 'c', expiresAtSeconds: NOW + CHALLENGE_LIFETIME_SECONDS },
    ])
  })

  it('is of challenges alone where evidence may be used again', async () => {
    await claim(policy(), [match('one'), match('two', { challengeId: 'c' })])
    expect(ids()).toEqual(['c'])
  })

  it('is of no call-out, which proves nothing, and of nothing that is missing', async () => {
    await claim(once, [callOut(), { ...match('none'), piece: undefined }, match('one')])
    expect(ids()).toEqual(['evidence of one'])
  })

  it('that is refused leaves the rest unspent', async () => {
    used = new Set(['evidence of two'])
    const refused = await claim(once, [match('one'), match('two'), match('three')])
    expect([refused?.type, refused?.refusal.code]).toEqual(['two', 'evidence_replayed'])
    expect(ids()).toEqual(['evidence of one', 'evidence of two'])
  })

  it('of one login is made once, for whichever policies', async () => {
    const [claims, one] = [new Map() as Claims, match('one')]
    await claim(once, [one], claims)
    expect(await claim(policy({ name: 'later', singleUse: true }), [one], claims)).toBeUndefined()
    expect(claimed).toHaveLength(1)
  })

  it('is refused where there is no store', async () => {
    const refused = await claimEvidence(once, [match('one')], undefined, new Map(), NOW)
    expect(refused?.refusal).toMatchObject({ code: 'replay_unanswered', audit: { replayStore: 'none' } })
  })

  it.each<[string, Piece['verdicts']]>([
    ['was not verified', new Map()],
    ['did not verify', new Map([[anchor.id, refuse({ code: 'token_expired', detail: 'no' })]])],
    ['was verified by another anchor', new Map([['b', pass({ expiresAtSeconds: NOW + 60, facts: null })]])],
  ])('of evidence that %s is a fault', async (_what, verdicts) => {
    await expect(claim(once, [match('one', { verdicts })])).rejects.toThrow('without being verified')
    expect(claimed).toEqual([])
  })
})

describe('a challenge that is claimed before its evidence is verified', () => {
  const piece = (): Piece => match('one', { challengeId: 'c' }).piece as Piece

  it('is claimed once, and not again by its policy', async () => {
    const [claims, one] = [new Map() as Claims, piece()]
    expect(await claimChallenge(one, singleUse, claims, NOW)).toEqual(pass(undefined))
    expect(await claimChallenge(one, singleUse, claims, NOW)).toEqual(pass(undefined))
    await claim(policy(), [{ ...match('one'), piece: one }], claims)
    expect(claimed).toEqual([{ type: 'one', id: 'c', expiresAtSeconds: NOW + CHALLENGE_LIFETIME_SECONDS }])
  })

  it('is refused if another login has used it', async () => {
    used = new Set(['c'])
    expect(await claimChallenge(piece(), singleUse, new Map(), NOW)).toMatchObject({ ok: false })
  })

  it('is good until it expires where there is no store', async () => {
    expect(await claimChallenge(piece(), undefined, new Map(), NOW)).toEqual(pass(undefined))
    expect(claimed).toEqual([])
  })

  it('must be there', () => {
    const { piece: none } = match('one')
    expect(() => claimChallenge(none as Piece, singleUse, new Map(), NOW)).toThrow('answers no challenge')
  })
})
