import * as v from 'valibot'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Attestor } from '../../src/attest/attestor.ts'
import { defineAttestor } from '../../src/attest/attestor.ts'
import { type Checked, pass, refuse } from '../../src/core/result.ts'
import { type Attestation, evaluateLogin } from '../../src/policy/login.ts'
import { attestation, createWorld, ISSUER, policySet, type World } from './fixture.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})

/** A second attestor for tests of AND: its evidence says itself what becomes of it, and it counts verifications. */
const verified: string[] = []
const stub: Attestor = defineAttestor({
  type: 'stub',
  evidenceSchema: v.object({ says: v.string() }),
  configSchema: v.object({}),
  configOptional: true,
  compile: () => ({ selector: 'stub', scoped: true, detail: 'stub' }),
  open: ({ says }: { says: string }): Checked<{ selector: string; says: string }> => pass({ selector: 'stub', says }),
  digest: () => Promise.resolve('digest'),
  async verify(opened): Promise<Checked<{ says: string }>> {
    verified.push(opened.says)
    if (opened.says === 'bad') return refuse({ code: 'signature_invalid', detail: 'bad' })
    if (opened.says === 'down')
      return refuse({
        code: 'signing_key_fetch_failed',
        detail: 'failed to fetch signing key: x',
        retryAfterSeconds: 7,
      })
    return pass({ says: opened.says })
  },
  expiresAtSeconds: () => 2_000_000_000,
  accept: () => pass([{ origin: 'stub', name: 'custom.stub', value: 'yes' }]),
})
const stubRequirement = { type: 'stub', selector: 'stub', scoped: true, detail: 'stub' }
const says = (word: string): Attestation => ({ type: 'stub', attestor: stub, evidence: { says: word } })

async function codesOf(attestations: readonly Attestation[], policies: ReturnType<typeof policySet>): Promise<unknown> {
  const outcome = await evaluateLogin(attestations, policies, world.context)
  if (outcome.kind === 'admitted') return `admitted by ${outcome.policy.name}`
  const codes = outcome.refusals.map(({ type, refusal }) => `${type}: ${refusal.code}`)
  return [outcome.kind === 'refused' ? outcome.reason : `unavailable ${outcome.retryAfterSeconds}`, ...codes]
}

describe('evaluateLogin()', () => {
  it('refuses everybody without a policy', async () => {
    expect(await codesOf([attestation(await world.mint())], policySet())).toEqual(['no_policy'])
  })

  it('refuses a policy without requirements, which logic would call satisfied', async () => {
    expect(await codesOf([attestation(await world.mint())], policySet(['empty']))).toEqual([
      'nothing_verified',
      'k8s_token: evidence_not_required',
    ])
    // And so does the evaluator itself, should a set ever hand it one.
    const set = policySet(['p', world.requirement()])
    const emptied = { ...set, candidatesFor: () => [{ name: 'emptied', index: 0, requirements: [] }] }
    const outcome = await evaluateLogin([attestation(await world.mint())], emptied, world.context)
    expect(outcome.kind).toBe('refused')
    expect(outcome.traces[0]?.refusals.map(({ refusal }) => refusal.code)).toEqual(['policy_empty'])
  })

  it('admits by any one policy, the first in the document', async () => {
    const token = await world.mint()
    const wrong = world.requirement({ serviceAccountName: 'other' })
    const right = world.requirement()
    expect(await codesOf([attestation(token)], policySet(['a', wrong], ['b', right], ['c', right]))).toBe(
      'admitted by b',
    )
  })

  it.each([
    ['both pass', ['good'], 'admitted by both'],
    ['the second is missing', [], ['no_policy_satisfied', 'k8s_token: attestor_missing']],
    ['the second fails', ['bad'], ['no_policy_satisfied', 'k8s_token: attestor_missing', 'stub: signature_invalid']],
    [
      'the keys of the second cannot be fetched',
      ['down'],
      ['unavailable 7', 'k8s_token: attestor_missing', 'stub: signing_key_fetch_failed'],
    ],
  ])('needs all attestors of a policy: %s', async (_what, second, expected) => {
    const set = policySet(['both', world.requirement(), stubRequirement])
    expect(await codesOf([attestation(await world.mint()), ...second.map(says)], set)).toEqual(expected)
  })

  it('does not call a policy unavailable that has failed for another reason', async () => {
    const set = policySet(['both', world.requirement({ serviceAccountName: 'other' }), stubRequirement])
    expect(await codesOf([attestation(await world.mint()), says('down')], set)).toEqual([
      'no_policy_satisfied',
      'k8s_token: service_account_not_allowed',
      'stub: signing_key_fetch_failed',
    ])
  })

  it('admits by a second policy although the keys for the first cannot be fetched', async () => {
    const set = policySet(['first', stubRequirement], ['second', world.requirement()])
    expect(await codesOf([attestation(await world.mint()), says('down')], set)).toBe('admitted by second')
  })

  it('takes attributes and expiry from the evidence of the satisfied policy alone', async () => {
    const set = policySet(['p', world.requirement()], ['q', stubRequirement])
    const outcome = await evaluateLogin([says('good'), attestation(await world.mint())], set, world.context)
    expect(outcome.kind === 'admitted' && outcome.attributes.map(({ origin }) => origin)).not.toContain('stub')
  })

  it('ignores evidence that no policy asks for, and never verifies it', async () => {
    verified.length = 0
    const set = policySet(['p', world.requirement()])
    const unknown: Attestation = { type: 'k8s_tokn', attestor: undefined, evidence: undefined }
    expect(await codesOf([says('good'), unknown, attestation(await world.mint())], set)).toBe('admitted by p')
    expect(await codesOf([says('good'), unknown], set)).toEqual([
      'nothing_verified',
      'stub: evidence_not_required',
      'k8s_tokn: evidence_not_required',
    ])
    expect(verified).toEqual([])
  })

  it('verifies once, however many policies ask', async () => {
    verified.length = 0
    const policies = Array.from(
      { length: 50 },
      (_, index) => [`p${index}`, { ...stubRequirement }, world.requirement({ serviceAccountName: 'other' })] as const,
    )
    await codesOf([says('good'), attestation(await world.mint())], policySet(...policies))
    expect(verified).toEqual(['good'])
  })

  it('looks only at policies that the evidence could satisfy', async () => {
    const others = Array.from(
      { length: 500 },
      (_, index) => [`o${index}`, world.requirement({ issuerURL: `https://oidc.example.com/id/o${index}` })] as const,
    )
    const set = policySet(...others, ['mine', world.requirement({ serviceAccountName: 'other' })])
    const outcome = await evaluateLogin([attestation(await world.mint())], set, world.context)
    expect(outcome.traces.map(({ policy }) => policy)).toEqual(['mine'])
    expect(set.candidatesFor('k8s_token', ISSUER)).toHaveLength(1)
  })

  it('names evidence by a digest, and never by itself', async () => {
    const token = await world.mint()
    const outcome = await evaluateLogin([attestation(token)], policySet(['p', world.requirement()]), world.context)
    expect(outcome.evidence).toEqual([{ type: 'k8s_token', digest: expect.stringMatching(/^[\w-]{43}$/) }])
    expect(JSON.stringify(outcome)).not.toContain(token.split('.')[1])
  })
})
