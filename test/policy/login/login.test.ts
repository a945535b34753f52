import * as v from 'valibot'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Attestor } from '../../../src/attest/attestor.ts'
import type { Requirement } from '../../../src/attest/shapes.ts'
import { compileCondition } from '../../../src/condition/compile.ts'
import { createCatalogueScope } from '../../../src/condition/scope.ts'
import { AUDITED_POLICIES_MAX, CONDITION_FUEL, CONDITION_FUEL_PER_REQUEST } from '../../../src/core/limits.ts'
import { pass, refuse } from '../../../src/core/result.ts'
import type { Attestation } from '../../../src/policy/login/evidence.ts'
import { evaluateLogin } from '../../../src/policy/login/login.ts'
import { createPolicySet, type Policy, type PolicyCondition } from '../../../src/policy/policy.ts'
import { attestation, createWorld, ISSUER, NOW, policySet, type World } from '../fixture.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})

/** A second attestor for tests of AND: its evidence says itself what becomes of it, and it counts verifications. */
const verified: string[] = []
interface StubShapes {
  evidence: { readonly says: string; readonly selector: string }
  config: object
  pins: null
  anchor: undefined
  opened: { readonly says: string }
  facts: { readonly says: string }
  request: never
  secret: never
}
const stub: Attestor<StubShapes> = {
  type: 'stub',
  words: { evidence: 'a stub', summary: '' },
  evidenceSchema: v.object({ says: v.string(), selector: v.string() }),
  configSchema: v.object({}),
  configOptional: true,
  compile: () => ({ selector: 'stub', scoped: true, anchor: ANCHOR, pins: null }),
  open: ({ says, selector }) => pass({ selector, digestible: 'stub', value: { says } }),
  readClaimed: () => ({}),
  refuseSelector: () => ({ code: 'issuer_mismatch', detail: 'another stub' }),
  async verify({ says }) {
    verified.push(says)
    if (says === 'bad') return refuse({ code: 'signature_invalid', detail: 'bad' })
    if (says === 'down')
      return refuse({
        code: 'signing_key_fetch_failed',
        detail: 'failed to fetch signing key: x',
        retryAfterSeconds: 7,
      })
    // "until 5" is evidence that expires in five seconds.
    const expiresAtSeconds = says.startsWith('until ') ? NOW + Number(says.slice(6)) : 2_000_000_000
    return pass({ expiresAtSeconds, facts: { says } })
  },
  *checks() {},
  attributes: () => [{ origin: 'stub', name: 'custom.stub', value: 'yes' }],
}
const ANCHOR = { id: 'stub', value: undefined }
const stubRequirement: Requirement = { type: 'stub', selector: 'stub', scoped: true, anchor: ANCHOR, pins: null }
const says = (word: string, selector = 'stub'): Attestation => ({
  type: 'stub',
  attestor: stub,
  evidence: { says: word, selector },
})

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
    const empty: Policy = { name: 'emptied', index: 0, requirements: [], conditions: [] }
    const emptied = { ...set, candidatesFor: () => ({ policies: [empty], joint: [], anchors: new Map() }) }
    const outcome = await evaluateLogin([attestation(await world.mint())], emptied, world.context)
    expect(outcome.kind).toBe('refused')
    expect(outcome.traces[0]?.refusals.map(({ refusal }) => refusal.code)).toEqual(['policy_empty'])
  })

  it('does not take evidence that this host cannot verify, and says that another one can', async () => {
    const evidence = [attestation(await world.mint())]
    const lacking: Requirement = { ...world.requirement(), lacks: 'own_authorities' }
    expect(await codesOf(evidence, policySet(['p', lacking]))).toEqual([
      'unavailable 60',
      'k8s_token: host_unsupported',
    ])
    expect(await codesOf(evidence, policySet(['p', lacking], ['q', world.requirement()]))).toBe('admitted by q')
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
    expect(await codesOf([attestation(await world.mint()), ...second.map((word) => says(word))], set)).toEqual(expected)
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

  it('refuses evidence that expires in this second, whatever the skew: no session can outlive it', async () => {
    const set = policySet(['p', world.requirement()])
    const expiring = (exp: number) => world.mint({ iat: NOW - 600, nbf: NOW - 600, exp })
    expect(await codesOf([attestation(await expiring(NOW))], set)).toEqual([
      'nothing_verified',
      'k8s_token: token_expired',
    ])
    expect(await codesOf([attestation(await expiring(NOW + 1))], set)).toBe('admitted by p')
  })

  it('takes attributes and expiry from the evidence of the satisfied policy alone', async () => {
    const set = policySet(['p', world.requirement()], ['q', stubRequirement])
    const outcome = await evaluateLogin([says('good'), attestation(await world.mint())], set, world.context)
    expect(outcome.kind === 'admitted' && outcome.attributes.map(({ origin }) => origin)).not.toContain('stub')
  })

  it.each([
    ['the first', 'until 5', 3600, NOW + 5],
    ['the second', 'until 7200', 3600, NOW + 3600],
    ['either', 'until 3600', 3600, NOW + 3600],
  ])(
    'yields the earliest expiry of the evidence that the policy used: that of %s',
    async (_what, word, lives, expected) => {
      const token = attestation(await world.mint({ exp: NOW + lives }))
      for (const requirements of [
        [stubRequirement, world.requirement()],
        [world.requirement(), stubRequirement],
      ]) {
        const outcome = await evaluateLogin([token, says(word)], policySet(['both', ...requirements]), world.context)
        expect(outcome).toMatchObject({ kind: 'admitted', expiresAtSeconds: expected })
      }
    },
  )

  it('does not take evidence of another issuer for the one that a policy asks for', async () => {
    const set = policySet(['both', world.requirement(), stubRequirement])
    const token = attestation(await world.mint())
    expect(await codesOf([token, says('good', 'another')], set)).toEqual([
      'no_policy_satisfied',
      'k8s_token: attestor_missing',
      'stub: issuer_mismatch',
    ])
    // And not where another policy asks for that one, and it verified.
    const other = policySet(
      ['both', world.requirement(), stubRequirement],
      ['other', { ...stubRequirement, selector: 'another' }, world.requirement({ serviceAccountName: 'nobody' })],
    )
    expect(await codesOf([token, says('good', 'another')], other)).toEqual([
      'no_policy_satisfied',
      'k8s_token: service_account_not_allowed',
      'stub: attestor_missing',
    ])
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
    expect(set.candidatesFor('k8s_token', ISSUER)?.policies).toHaveLength(1)
  })

  it('names evidence by a digest, and never by itself', async () => {
    const token = await world.mint()
    const outcome = await evaluateLogin([attestation(token)], policySet(['p', world.requirement()]), world.context)
    expect(outcome.evidence).toMatchObject([{ type: 'k8s_token', digest: expect.stringMatching(/^[\w-]{43}$/) }])
    expect(JSON.stringify(outcome)).not.toContain(token.split('.')[1])
  })
})

describe('conditions of a policy', () => {
  const condition = (expression: string, message = 'said'): PolicyCondition => {
    const { condition: compiled, issues } = compileCondition(expression, createCatalogueScope(), [])
    if (compiled === undefined) throw new Error(JSON.stringify(issues))
    return { condition: compiled, message }
  }
  const withConditions = (name: string, index: number, ...conditions: readonly PolicyCondition[]): Policy => ({
    name,
    index,
    requirements: [world.requirement()],
    conditions,
  })

  async function outcomeOf(...policies: readonly Policy[]) {
    return evaluateLogin([attestation(await world.mint())], createPolicySet(policies), world.context)
  }

  it.each([
    ['one that holds', ['k8s_token.namespace == "spirl-system"'], 'admitted'],
    [
      'two that hold',
      ['k8s_token.namespace == "spirl-system"', 'k8s_token.node.name.startsWith("ip-10-")'],
      'admitted',
    ],
    ['one of two that fails', ['true', 'k8s_token.namespace == "default"'], 'condition_failed'],
    ['a fault, which is never false', ['!(aws_iid.account.id == "x")'], 'condition_fault'],
    ['a fault that CEL absorbs', ['aws_iid.account.id == "x" || k8s_token.namespace == "spirl-system"'], 'admitted'],
  ])('are held: %s', async (_what, expressions, expected) => {
    const outcome = await outcomeOf(withConditions('p', 0, ...expressions.map((expression) => condition(expression))))
    expect(outcome.kind === 'admitted' ? 'admitted' : outcome.refusals[0]?.refusal.code).toBe(expected)
  })

  it('tell the caller their message alone', async () => {
    const outcome = await outcomeOf(
      withConditions('p', 0, condition('k8s_token.namespace == "hidden"', 'agents run elsewhere')),
    )
    const refusal = outcome.kind === 'refused' ? outcome.refusals[0]?.refusal : undefined
    expect(refusal).toMatchObject({ code: 'condition_failed', detail: 'agents run elsewhere' })
    expect(refusal?.audit).toEqual({ expression: 'k8s_token.namespace == "hidden"' })
  })

  it('speak by the first policy whose attestors all passed', async () => {
    const pinned: Policy = {
      name: 'a',
      index: 0,
      requirements: [world.requirement({ serviceAccountName: 'other' })],
      conditions: [],
    }
    const outcome = await outcomeOf(
      pinned,
      withConditions('b', 1, condition('false', 'b says')),
      withConditions('c', 2, condition('false', 'c says')),
    )
    expect(outcome.kind === 'refused' && outcome.refusals.map(({ refusal }) => refusal.detail)).toEqual(['b says'])
  })

  it('do not keep a later policy from admitting', async () => {
    const outcome = await outcomeOf(
      withConditions('a', 0, condition('aws_iid.account.id == "x"')),
      withConditions('b', 1),
    )
    expect(outcome).toMatchObject({ kind: 'admitted', policy: { name: 'b' } })
  })

  it('pay for being started, so that conditions that read nothing of a large program do not run without end', async () => {
    const unread = condition(`false && k8s_token.namespace == "${'x'.repeat(3900)}"`)
    let evaluations = 0
    const engine: typeof world.context.engine = {
      ...world.context.engine,
      evaluate(...asked) {
        evaluations++
        return world.context.engine.evaluate(...asked)
      },
    }
    const policy = withConditions('p', 0, unread)
    const policies = createPolicySet(
      Array.from({ length: 9_000 }, (_, index) => ({ ...policy, name: `p${index}`, index })),
    )
    const evidence = [attestation(await world.mint())]
    const outcome = await evaluateLogin(evidence, policies, { ...world.context, engine })
    expect(evaluations).toBeLessThan(8_500)
    expect(outcome.traces.at(-1)?.refusals[0]?.refusal).toMatchObject({ audit: { fault: 'fuel_exhausted' } })
  })

  it('share the budget of a request, and refuse when it is spent', async () => {
    const costly = condition(`"${'a'.repeat(1500)}".matches("${'a?'.repeat(60)}b")`)
    const used = world.context.engine.evaluate(costly.condition, new Map(), CONDITION_FUEL).fuelUsed
    const count = Math.ceil(CONDITION_FUEL_PER_REQUEST / used) + 1
    const policies = Array.from({ length: count }, (_, index) => withConditions(`p${index}`, index, costly))
    const outcome = await outcomeOf(
      ...policies,
      withConditions('last', count, condition('k8s_token.namespace == "spirl-system"')),
    )
    expect(outcome.kind).toBe('refused')
    expect(outcome.traces.at(-1)?.refusals[0]?.refusal).toMatchObject({
      code: 'condition_fault',
      audit: { fault: 'fuel_exhausted' },
    })
  })
})

describe('the cost of many policies of one issuer', () => {
  const COUNT = 5_000

  /** Policies that count how often anybody looks at what they require. */
  function watched(count: number, change: Readonly<Record<string, unknown>> = {}) {
    const looks = { count: 0 }
    const requirement = world.requirement(change)
    const set = createPolicySet(
      Array.from({ length: count }, (_, index): Policy => {
        const policy = { name: `p${index}`, index, requirements: [requirement], conditions: [] }
        return Object.defineProperty(policy, 'requirements', {
          get() {
            looks.count++
            return [requirement]
          },
        })
      }),
    )
    looks.count = 0
    return { set, looks }
  }

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['of another key', {}, 'signature_invalid'],
    ['that expired', { exp: NOW - 600, iat: NOW - 1200, nbf: NOW - 1200 }, 'token_expired'],
    ['for another audience', { aud: ['elsewhere'] }, 'audience_mismatch'],
  ])('is not paid for a token %s: its refusal stands for them all', async (_what, claims, code) => {
    const { set, looks } = watched(COUNT)
    const forger = await createWorld()
    const outcome = await evaluateLogin([attestation(await forger.mint(claims))], set, world.context)
    expect(outcome.kind === 'refused' && outcome.reason).toBe('nothing_verified')
    expect(outcome.kind === 'refused' && outcome.refusals.map(({ refusal }) => refusal.code)).toEqual([code])
    // The first of them, which asks for the verification.
    expect(looks.count).toBeLessThan(5)
    expect([outcome.traces.length, outcome.untraced]).toEqual([0, { tried: COUNT, refusing: 0 }])
  })

  it('is not paid while keys cannot be fetched, which is still said', async () => {
    const { set, looks } = watched(COUNT, { jwks: undefined })
    const outcome = await evaluateLogin([attestation(await world.mint())], set, world.context)
    expect(outcome.kind).toBe('unavailable')
    // The first of them, which asks for the verification.
    expect(looks.count).toBeLessThan(5)
  })

  it('is paid by a token that verifies, in document order, and traced as far as a record lists', async () => {
    const { set } = watched(COUNT, { serviceAccountName: 'other' })
    const outcome = await evaluateLogin([attestation(await world.mint())], set, world.context)
    expect(outcome.kind === 'refused' && outcome.reason).toBe('no_policy_satisfied')
    const first = Array.from({ length: AUDITED_POLICIES_MAX - 1 }, (_, index) => `p${index}`)
    expect(outcome.traces.map(({ policy }) => policy)).toEqual([...first, `p${COUNT - 1}`])
    const rest = COUNT - AUDITED_POLICIES_MAX
    expect(outcome.untraced).toEqual({ tried: rest, refusing: rest })
  })

  it('still looks at policies that ask for other evidence as well', async () => {
    const set = policySet(
      ['alone', world.requirement()],
      ['joint', world.requirement(), stubRequirement],
      ['other', { ...stubRequirement }],
    )
    const evidence = [attestation(await (await createWorld()).mint()), says('down')]
    const outcome = await evaluateLogin(evidence, set, world.context)
    expect(outcome.kind).toBe('unavailable')
    expect(outcome.traces.length + outcome.untraced.tried).toBe(3)
  })
})
