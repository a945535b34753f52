import fc from 'fast-check'
import * as v from 'valibot'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Attestor } from '../../../src/attest/attestor.ts'
import type { Requirement } from '../../../src/attest/shapes.ts'
import { compileCondition } from '../../../src/condition/compile.ts'
import { createCatalogueScope } from '../../../src/condition/scope.ts'
import { pass, refuse } from '../../../src/core/result.ts'
import type { Attestation } from '../../../src/policy/login/evidence.ts'
import {
  explainLogin,
  type LoginExplanation,
  type PolicyExplanation,
  readCheckState,
} from '../../../src/policy/login/explain-login.ts'
import { evaluateLogin } from '../../../src/policy/login/login.ts'
import { createPolicySet, type Policy, type PolicyCondition, type PolicySet } from '../../../src/policy/policy.ts'
import { attestation, createWorld, ISSUER, NOW, policySet, type World } from '../fixture.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})

const BINDING = {
  namespace: 'spirl-system',
  node: { name: 'ip-10-0-1-1.ec2.internal' },
  pod: { name: 'spirl-agent-jv9gn', uid: '778a530c' },
  serviceaccount: { name: 'spirl-agent' },
}

function explain(
  evidence: readonly Attestation[],
  ...policies: readonly (readonly [name: string, ...requirements: Requirement[]])[]
): Promise<LoginExplanation> {
  return explainLogin(evidence, policySet(...policies), world.context)
}

/** `name state` of each check of the first attestor. */
function checksOf(policy: PolicyExplanation | undefined): readonly string[] {
  const attestor = policy?.attestors[0]
  if (attestor?.kind !== 'checked') return [attestor?.kind ?? 'no attestor']
  return attestor.explained.checks.map((check) => `${check.name} ${readCheckState(check)}`)
}

const condition = (expression: string): PolicyCondition => {
  const { condition: compiled, issues } = compileCondition(expression, createCatalogueScope(), [])
  if (compiled === undefined) throw new Error(JSON.stringify(issues))
  return { condition: compiled, message: 'said' }
}

const ALL_PINS = {
  serviceAccountNamespace: 'spirl-system',
  serviceAccountName: 'spirl-agent',
  allowedServiceAccounts: ['spirl-*:spirl-*'],
  requireBoundPod: true,
  allowedNodes: ['ip-10-*'],
}

describe('the checks of a k8s_token', () => {
  it('are told in the order in which they decide, and all of them', async () => {
    const { policies } = await explain([attestation(await world.mint())], ['p', world.requirement(ALL_PINS)])
    expect(policies[0]).toMatchObject({ state: 'satisfied', isCandidate: true })
    expect(checksOf(policies[0])).toEqual([
      'form passed',
      'issuer passed',
      'times passed',
      'audience passed',
      'key passed',
      'signature passed',
      'lifetime passed',
      'namespace passed',
      'service account passed',
      'allowed accounts passed',
      'bound pod passed',
      'node passed',
    ])
  })

  it('leave out pins that the policy does not state', async () => {
    const { policies } = await explain([attestation(await world.mint())], ['p', world.requirement()])
    expect(checksOf(policies[0]).slice(-2)).toEqual(['signature passed', 'lifetime passed'])
  })

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['times', { exp: NOW - 31, iat: NOW - 60, nbf: undefined }, {}],
    ['audience', { aud: ['other'] }, {}],
    ['lifetime', {}, { maxTokenLifetime: '59m' }],
    ['namespace', {}, { serviceAccountNamespace: 'kube-system' }],
    ['service account', {}, { serviceAccountName: 'other' }],
    ['allowed accounts', {}, { allowedServiceAccounts: ['spirl-system:o*'] }],
    ['bound pod', { 'kubernetes.io': { ...BINDING, pod: { name: 'no-uid' } } }, {}],
    ['node', {}, { allowedNodes: ['ip-11-*'] }],
  ])('are told to the end although one failed: %s', async (name, claims, config) => {
    const token = attestation(await world.mint(claims))
    const { policies, outcome } = await explain([token], ['p', world.requirement({ ...ALL_PINS, ...config })])
    expect(checksOf(policies[0]).filter((line) => !line.endsWith(' passed'))).toEqual([`${name} failed`])
    expect(checksOf(policies[0])).toHaveLength(12)
    expect(policies[0]?.state).toBe('not_satisfied')
    expect(outcome.kind).toBe('refused')
  })

  it('show both sides of a pin', async () => {
    const config = { serviceAccountNamespace: 'kube-system', allowedNodes: ['ip-11-*', 'ip-12-*'] }
    const { policies } = await explain([attestation(await world.mint())], ['p', world.requirement(config)])
    const attestor = policies[0]?.attestors[0]
    const checks = attestor?.kind === 'checked' ? attestor.explained.checks : []
    expect(checks.find(({ name }) => name === 'namespace')).toMatchObject({
      expected: 'kube-system',
      actual: 'spirl-system',
      refusal: { code: 'namespace_not_allowed' },
    })
    expect(checks.find(({ name }) => name === 'node')).toMatchObject({
      expected: ['ip-11-*', 'ip-12-*'],
      actual: 'ip-10-0-1-1.ec2.internal',
    })
  })

  it('tell a signature by another key from an unknown key', async () => {
    const other = await createWorld()
    const forged = await explain([attestation(await other.mint())], ['p', world.requirement()])
    expect(checksOf(forged.policies[0])).toContain('signature failed')
    const unknown = await explain([attestation(await world.mint({}, { kid: 'x' }))], ['p', world.requirement()])
    expect(checksOf(unknown.policies[0])).toContain('key failed')
    expect(checksOf(unknown.policies[0]).join()).not.toContain('signature')
  })

  it('leave a login undecided for want of keys, and go on with the rest', async () => {
    const requirement = world.requirement({ jwks: undefined, ...ALL_PINS, serviceAccountName: 'other' })
    const pending = world.requirement({ jwks: undefined })
    const { policies, outcome } = await explain([attestation(await world.mint())], ['a', requirement], ['b', pending])
    expect(policies.map(({ state }) => state)).toEqual(['not_satisfied', 'undecided'])
    expect(checksOf(policies[0])).toEqual(expect.arrayContaining(['key unknown', 'service account failed']))
    expect(outcome.kind).toBe('unavailable')
  })

  it('hold no part of the token', async () => {
    const token = await world.mint()
    const text = JSON.stringify(await explain([attestation(token)], ['p', world.requirement({ jwks: undefined })]))
    for (const part of token.split('.')) expect(text).not.toContain(part)
  })
})

describe('policies without evidence of theirs', () => {
  it('say that it is of another issuer, malformed, or missing', async () => {
    const elsewhere = world.requirement({ issuerURL: `${ISSUER}/` })
    const { policies } = await explain([attestation(await world.mint())], ['p', elsewhere])
    expect(policies[0]).toMatchObject({ isCandidate: false, attestors: [{ kind: 'elsewhere', selector: ISSUER }] })

    const malformed = await explain([attestation('a.b.c')], ['p', elsewhere])
    expect(malformed.evidence).toMatchObject([{ type: 'k8s_token', refusal: { code: 'token_malformed' } }])
    expect(malformed.policies[0]).toMatchObject({ attestors: [{ kind: 'unreadable' }], state: 'not_satisfied' })

    const stranger: Attestation = { type: 'stranger', attestor: undefined, evidence: undefined }
    const missing = await explain([stranger], ['p', elsewhere])
    expect(missing.policies[0]).toMatchObject({ attestors: [{ kind: 'missing' }], state: 'not_satisfied' })
  })

  it('are not satisfied by requiring nothing', async () => {
    const { policies } = await explain([attestation(await world.mint())], ['p'])
    expect(policies[0]?.state).toBe('not_satisfied')
  })
})

describe('conditions', () => {
  async function explainConditions(...expressions: readonly string[]) {
    const policy: Policy = {
      name: 'p',
      index: 0,
      requirements: [world.requirement()],
      conditions: expressions.map(condition),
    }
    const set = createPolicySet([policy])
    return explainLogin([attestation(await world.mint())], set, world.context)
  }

  it('are told to the end, each with the value of its parts', async () => {
    const { policies } = await explainConditions(
      'k8s_token.namespace == "default"',
      'aws_iid.account.id == "1"',
      'has(k8s_token.pod.name)',
    )
    const { conditions, refusal } = policies[0]?.conditions ?? { conditions: [] }
    expect(policies[0]?.state).toBe('not_satisfied')
    expect(refusal?.code).toBe('condition_failed')
    expect(conditions.map(({ evaluation }) => evaluation.kind)).toEqual(['false', 'fault', 'true'])
    expect(conditions[0]?.explanation.parts).toMatchObject([
      { text: 'k8s_token.namespace', outcome: { kind: 'value', value: 'spirl-system' } },
    ])
  })

  it('do not hold where they fault', async () => {
    const { policies, outcome } = await explainConditions('aws_iid.account.id != "1"')
    expect(policies[0]).toMatchObject({
      state: 'not_satisfied',
      conditions: { refusal: { code: 'condition_fault' } },
    })
    expect(outcome.kind).toBe('refused')
  })
})

describe('an attestor that tells no checks', () => {
  interface Shapes {
    evidence: { readonly says: string }
    config: object
    pins: null
    anchor: undefined
    opened: { readonly says: string }
    facts: { readonly says: string }
    request: never
    secret: never
  }
  const stub: Attestor<Shapes> = {
    type: 'stub',
    words: { evidence: 'a stub', summary: '' },
    evidenceSchema: v.object({ says: v.string() }),
    configSchema: v.object({}),
    configOptional: true,
    compile: () => ({
      selector: 'stub',
      scoped: true,
      anchor: requirement.anchor as { id: string; value: undefined },
      pins: null,
    }),
    open: (value) => pass({ selector: 'stub', digestible: 'stub', value }),
    readClaimed: () => ({}),
    async verify({ says }) {
      if (says === 'down') return refuse({ code: 'signing_key_fetch_failed', detail: 'down' })
      if (says === 'bad') return refuse({ code: 'signature_invalid', detail: 'bad' })
      return pass({ expiresAtSeconds: NOW + 60, facts: { says } })
    },
    *checks({ says }) {
      const refusal = says === 'odd' ? ({ code: 'node_not_allowed', detail: 'odd' } as const) : undefined
      yield { name: 'pins', expected: 'even', actual: says, refusal }
    },
    attributes: () => [],
  }
  const requirement: Requirement = {
    type: 'stub',
    selector: 'stub',
    scoped: true,
    anchor: { id: 'stub', value: undefined },
    pins: null,
  }

  it.each([
    ['good', 'satisfied', ['verification passed', 'pins passed']],
    ['bad', 'not_satisfied', ['verification failed']],
    ['odd', 'not_satisfied', ['verification passed', 'pins failed']],
    ['down', 'undecided', ['verification unknown']],
  ])('is told by its verdicts: %s', async (says, state, checks) => {
    const evidence: Attestation = { type: 'stub', attestor: stub, evidence: { says } }
    const policy: Policy = { name: 'p', index: 0, requirements: [requirement], conditions: [condition('true')] }
    const { policies } = await explainLogin([evidence], createPolicySet([policy]), world.context)
    expect(policies[0]?.state).toBe(state)
    expect(checksOf(policies[0])).toEqual(checks)
  })
})

describe('an explanation and the decision', () => {
  /** Random conjunctions are nearly always false, so the right value is likely. */
  function mostly<T>(right: T, ...wrong: readonly T[]): fc.Arbitrary<T> {
    return fc.oneof({ arbitrary: fc.constant(right), weight: 12 }, { arbitrary: fc.constantFrom(...wrong), weight: 1 })
  }
  const configs = fc.record(
    {
      issuerURL: mostly(ISSUER, `${ISSUER}/`),
      audiences: mostly(['other', 'spiffe://example.org'], ['other']),
      serviceAccountNamespace: mostly('spirl-system', 'default'),
      serviceAccountName: mostly('spirl-agent', 'other'),
      allowedServiceAccounts: mostly(['spirl-*:*'], ['default:*']),
      allowedNodes: mostly(['ip-10-*'], ['ip-11-*']),
      requireBoundPod: fc.boolean(),
      maxTokenLifetime: mostly('1h', '2h', '30m'),
    },
    { requiredKeys: [] },
  )
  const conditionLists = fc.array(
    mostly(
      'k8s_token.namespace == "spirl-system"',
      'k8s_token.namespace == "default"',
      'k8s_token.node.name.startsWith("ip-10-")',
      'has(k8s_token.pod.name)',
      'aws_iid.account.id == "1" || k8s_token.service_account.name == "spirl-agent"',
    ),
    { maxLength: 2 },
  )
  const claims = fc.record(
    {
      iss: mostly(ISSUER, `${ISSUER}/`),
      aud: mostly(['spiffe://example.org'], ['other'], ['x', 'other']),
      exp: mostly(NOW + 3600, NOW - 40, NOW + 60, NOW + 5 * 3600),
      iat: fc.constant(NOW - 60),
      nbf: fc.constant(undefined),
      'kubernetes.io': mostly<object>(BINDING, { ...BINDING, pod: undefined }, { ...BINDING, node: undefined }, {}),
    },
    { requiredKeys: [] },
  )
  const policyLists = fc.array(fc.tuple(configs, conditionLists), { maxLength: 4 })

  /** Compiled with the key in the document, or with keys that would have to be fetched. */
  function setOf(
    lists: readonly (readonly [config: object, expressions: readonly string[]])[],
    hasKeys: boolean,
  ): PolicySet {
    const keys = hasKeys ? {} : { jwks: undefined }
    return createPolicySet(
      lists.map(
        ([config, expressions], index): Policy => ({
          name: `p${index}`,
          index,
          requirements: [world.requirement({ ...config, ...keys })],
          conditions: expressions.map(condition),
        }),
      ),
    )
  }

  it('agree for any policies and any token: the first satisfied policy admits', async () => {
    const forger = await createWorld()
    let admitted = 0
    await fc.assert(
      fc.asyncProperty(policyLists, claims, fc.integer({ min: 0, max: 7 }), async (lists, change, dice) => {
        const evidence = [attestation(await (dice === 0 ? forger : world).mint(change))]
        const set = setOf(lists, true)
        const outcome = await evaluateLogin(evidence, set, world.context)
        const explanation = await explainLogin(evidence, set, world.context)
        const first = explanation.policies.find(({ state }) => state === 'satisfied')
        if (outcome.kind === 'admitted') admitted++
        expect(first?.policy.name).toBe(outcome.kind === 'admitted' ? outcome.policy.name : undefined)
        expect(explanation.policies.every(({ state }) => state !== 'undecided')).toBe(true)

        // Each policy by itself, too: an explanation tells of those that a login does not come to.
        for (const { policy, state } of explanation.policies) {
          const alone = await evaluateLogin(evidence, createPolicySet([policy]), world.context)
          expect(state === 'satisfied').toBe(alone.kind === 'admitted')
        }
      }),
      { numRuns: 150 },
    )
    expect(admitted).toBeGreaterThan(5)
  })

  it('agree without keys: undecided is what the keys would admit', async () => {
    await fc.assert(
      fc.asyncProperty(policyLists, claims, async (lists, change) => {
        const evidence = [attestation(await world.mint(change))]
        const without = await explainLogin(evidence, setOf(lists, false), world.context)
        const withKeys = await explainLogin(evidence, setOf(lists, true), world.context)
        expect(without.policies.map(({ state }) => state)).toEqual(
          withKeys.policies.map(({ state }) => (state === 'satisfied' ? 'undecided' : state)),
        )
        if (without.policies.some(({ state }) => state === 'undecided'))
          expect(without.outcome.kind).toBe('unavailable')
      }),
      { numRuns: 100 },
    )
  })
})
