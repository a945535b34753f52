// What decided a login: when two policies decide alike, and whether a session still meets one that has changed.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Attestor } from '../../../src/attest/attestor.ts'
import { k8sToken } from '../../../src/attest/k8s-token/k8s-token.ts'
import type { Requirement } from '../../../src/attest/shapes.ts'
import { type AttestorTable, createAttestorTable } from '../../../src/attest/table.ts'
import { compileCondition } from '../../../src/condition/compile.ts'
import { createCatalogueScope } from '../../../src/condition/scope.ts'
import { computeStartFuel } from '../../../src/condition/start-fuel.ts'
import type { CompileContext } from '../../../src/config/compile/section-context.ts'
import { CONDITION_FUEL, CONDITION_FUEL_PER_REQUEST } from '../../../src/core/limits.ts'
import { createDecisions, type RecordedLogin } from '../../../src/policy/login/decision.ts'
import { evaluateLogin } from '../../../src/policy/login/login.ts'
import { createPolicySet, type Policy, type PolicyCondition } from '../../../src/policy/policy.ts'
import { TABLE } from '../../config/compile-context.ts'
import { createSigningKey, type SigningKey } from '../../token/issuer.ts'
import { attestation, compileConfig, createWorld, ISSUER, NOW, type World } from '../fixture.ts'

type Config = Readonly<Record<string, unknown>>

const AUDIENCE = 'spiffe://example.org'

let world: World
let spare: SigningKey
beforeAll(async () => {
  world = await createWorld()
  spare = await createSigningKey('spare')
})

function decisionsWith(change: { readonly defaultAudience?: string; readonly attestors?: AttestorTable } = {}) {
  return createDecisions({ attestors: TABLE, engine: world.context.engine, defaultAudience: AUDIENCE, ...change })
}

function condition(expression: string, message = 'said'): PolicyCondition {
  const { condition: compiled, issues } = compileCondition(expression, createCatalogueScope(), [])
  if (compiled === undefined) throw new Error(JSON.stringify(issues))
  return { condition: compiled, message }
}

function policyOf(requirements: readonly Requirement[], change: Partial<Policy> = {}): Policy {
  return { name: 'p', index: 0, requirements, conditions: [], ...change }
}

/** The configuration with a pin of every kind; the key is the issuer's. */
function pinned(change: Config = {}): Config {
  return world.config({
    audiences: [AUDIENCE, 'b'],
    serviceAccountNamespace: 'spirl-system',
    serviceAccountName: 'spirl-agent',
    allowedServiceAccounts: ['spirl-system:*', 'a:b'],
    allowedNodes: ['ip-10-*', 'x'],
    requireBoundPod: true,
    maxTokenLifetime: '2h',
    ...change,
  })
}

function compiled(config: Config, change: Parameters<typeof compileConfig>[1] = {}): Requirement {
  const { requirement, issues } = compileConfig(config, change)
  if (requirement === undefined) throw new Error(JSON.stringify(issues))
  return requirement
}

const without = (config: Config, ...names: readonly string[]): Config =>
  Object.fromEntries(Object.entries(config).filter(([name]) => !names.includes(name)))

describe('the digest of what decides', () => {
  const digestOf = (policy: Policy): Promise<string> => decisionsWith().digestPolicy(policy)
  const C1 = 'k8s_token.namespace == "a"'
  const C2 = 'k8s_token.namespace != "b"'
  const base = (): Policy => policyOf([compiled(pinned())], { conditions: [condition(C1), condition(C2)] })
  const withConfig = (config: Config): Policy => ({ ...base(), requirements: [compiled(config)] })

  it.each<[string, () => Policy]>([
    ['the name', () => ({ ...base(), name: 'q' })],
    ['the place in the document', () => ({ ...base(), index: 7 })],
    ['the clusters of an issuer, which are looked at by themselves', () => ({ ...base(), allowedClusters: ['c-1'] })],
    ['the order of audiences', () => withConfig(pinned({ audiences: ['b', AUDIENCE] }))],
    ['an audience that is said twice', () => withConfig(pinned({ audiences: ['b', AUDIENCE, 'b'] }))],
    ['the order of accounts', () => withConfig(pinned({ allowedServiceAccounts: ['a:b', 'spirl-system:*'] }))],
    ['the order of nodes', () => withConfig(pinned({ allowedNodes: ['x', 'ip-10-*'] }))],
    ['the spelling of a duration', () => withConfig(pinned({ maxTokenLifetime: '120m' }))],
    [
      'the kid of an inline key',
      () => withConfig(pinned({ jwks: { keys: [{ ...world.key.publicJwk, kid: 'other' }] } })),
    ],
    ['the order of conditions', () => ({ ...base(), conditions: [condition(C2), condition(C1)] })],
    [
      'a condition that is said twice',
      () => ({ ...base(), conditions: [condition(C1), condition(C2), condition(C1)] }),
    ],
    ['a message', () => ({ ...base(), conditions: [condition(C1, 'else'), condition(C2)] })],
    ['the rest of the document', () => ({ ...base(), requirements: [compiled(pinned(), { canSeal: false })] })],
  ])('does not depend on %s', async (_what, changed) => {
    expect(await digestOf(changed())).toBe(await digestOf(base()))
    expect(await digestOf(base())).toMatch(/^[\w-]{43}$/)
  })

  it.each<[string, () => Policy]>([
    ['another issuer', () => withConfig(pinned({ issuerURL: `${ISSUER}/` }))],
    ['an audience more', () => withConfig(pinned({ audiences: [AUDIENCE, 'b', 'c'] }))],
    ['the default audience', () => withConfig(without(pinned(), 'audiences'))],
    ['another namespace', () => withConfig(pinned({ serviceAccountNamespace: 'x' }))],
    ['no namespace', () => withConfig(without(pinned(), 'serviceAccountNamespace'))],
    ['another account', () => withConfig(pinned({ serviceAccountName: 'x' }))],
    ['no account', () => withConfig(without(pinned(), 'serviceAccountName'))],
    ['an allowed account less', () => withConfig(pinned({ allowedServiceAccounts: ['a:b'] }))],
    ['any account', () => withConfig(without(pinned(), 'allowedServiceAccounts'))],
    ['a node less', () => withConfig(pinned({ allowedNodes: ['x'] }))],
    ['any node', () => withConfig(without(pinned(), 'allowedNodes'))],
    ['no pod', () => withConfig(pinned({ requireBoundPod: false }))],
    ['another lifetime', () => withConfig(pinned({ maxTokenLifetime: '3h' }))],
    ['the default lifetime', () => withConfig(without(pinned(), 'maxTokenLifetime'))],
    ['another key', () => withConfig(pinned({ jwks: { keys: [spare.publicJwk] } }))],
    ['a key more', () => withConfig(pinned({ jwks: { keys: [world.key.publicJwk, spare.publicJwk] } }))],
    ['keys of discovery', () => withConfig(without(pinned(), 'jwks'))],
    ['keys of a URL', () => withConfig({ ...without(pinned(), 'jwks'), jwksURI: 'https://oidc.example.com/keys' })],
    ['a condition less', () => ({ ...base(), conditions: [condition(C1)] })],
    ['another condition', () => ({ ...base(), conditions: [condition(C1), condition('k8s_token.namespace != "c"')] })],
  ])('changes with %s', async (_what, changed) => {
    expect(await digestOf(changed())).not.toBe(await digestOf(base()))
  })

  it('takes a default and the same written out for one', async () => {
    const written = withConfig({
      ...without(pinned(), 'requireBoundPod'),
      audiences: [AUDIENCE],
      maxTokenLifetime: '24h',
    })
    const left = withConfig({ ...without(pinned(), 'audiences', 'maxTokenLifetime'), requireBoundPod: false })
    expect(await digestOf(written)).toBe(await digestOf(left))
    // The default audience is a setting: another one is another decision.
    const others = { defaultAudiences: ['spiffe://example.net'] }
    const unstated = without(pinned(), 'audiences')
    const digestBy = (config: Config, change: Partial<CompileContext>) => digestOf(policyOf([compiled(config, change)]))
    expect(await digestBy(unstated, others)).not.toBe(await digestBy(unstated, {}))
    expect(await digestBy(pinned(), others)).toBe(await digestBy(pinned(), {}))
  })

  it('is computed once for a compiled policy, however often it admits', async () => {
    let described = 0
    const row: Attestor = k8sToken
    const counting: Attestor = {
      ...row,
      anchorIds(anchor) {
        described++
        return row.anchorIds?.(anchor) ?? Promise.resolve([])
      },
    }
    const decisions = decisionsWith({ attestors: createAttestorTable([counting]) })
    const policy = base()
    const first = await decisions.digestPolicy(policy)
    expect([await decisions.digestPolicy(policy), await decisions.digestPolicy(policy)]).toEqual([first, first])
    expect(described).toBe(1)
  })
})

describe('a session that is checked again', () => {
  /** The session of a token that `config` admits. */
  async function logIn(config: Config, claims: Config = {}): Promise<RecordedLogin> {
    const policy = policyOf([compiled(config)])
    const evidence = [attestation(await world.mint(claims))]
    const outcome = await evaluateLogin(evidence, createPolicySet([policy]), world.context)
    if (outcome.kind !== 'admitted') throw new Error(JSON.stringify(outcome))
    const { attributes, proofs } = outcome
    return { attributes, decision: { digest: await decisionsWith().digestPolicy(policy), proofs } }
  }

  async function verdictOf(login: RecordedLogin, policy: Policy): Promise<string> {
    return (await decisionsWith().recheck(login, policy))?.code ?? 'good'
  }

  /** The same session, of a policy that has changed since. */
  function changed(login: RecordedLogin, change: (decision: NonNullable<RecordedLogin['decision']>) => unknown) {
    const decision = structuredClone(login.decision)
    if (decision === undefined) throw new Error('no decision')
    return { ...login, decision: { ...decision, digest: 'another', ...(change(decision) as object) } }
  }

  const facts = (value: unknown) => (decision: NonNullable<RecordedLogin['decision']>) => ({
    proofs: decision.proofs.map((proof) => ({ ...proof, facts: value })),
  })

  it.each<[string, (decision: NonNullable<RecordedLogin['decision']>) => unknown, string]>([
    ['all that its checks need', () => ({}), 'good'],
    ['no fact', facts(null), 'session_malformed'],
    ['no audience', facts({ lifetimeSeconds: 1 }), 'session_malformed'],
    ['an empty list of audiences', facts({ audiences: [], lifetimeSeconds: 1 }), 'audience_mismatch'],
    ['audiences of another shape', facts({ audiences: AUDIENCE, lifetimeSeconds: 1 }), 'session_malformed'],
    ['an audience that is no string', facts({ audiences: [1], lifetimeSeconds: 1 }), 'session_malformed'],
    ['no lifetime', facts({ audiences: [AUDIENCE] }), 'session_malformed'],
    ['a lifetime of another shape', facts({ audiences: [AUDIENCE], lifetimeSeconds: '1' }), 'session_malformed'],
    ['no proof', () => ({ proofs: [] }), 'attestor_missing'],
    [
      'a proof of another attestor',
      ({ proofs }) => ({ proofs: proofs.map((proof) => ({ ...proof, type: 'other' })) }),
      'attestor_missing',
    ],
    [
      'a proof of another attestor as well',
      ({ proofs }) => ({ proofs: [...proofs, { ...proofs[0], type: 'other' }] }),
      'attestor_missing',
    ],
    [
      'another anchor',
      ({ proofs }) => ({ proofs: proofs.map((proof) => ({ ...proof, anchor: 'a' })) }),
      'signing_key_unknown',
    ],
  ])('holds %s', async (_what, change, expected) => {
    const login = await logIn(pinned())
    expect(await verdictOf(changed(login, change), policyOf([compiled(pinned())]))).toBe(expected)
  })

  it.each([
    ['issuer', 'k8s_token.issuer', 'session_malformed'],
    ['namespace', 'k8s_token.namespace', 'session_malformed'],
    ['service account', 'k8s_token.service_account.name', 'session_malformed'],
    ['pod', 'k8s_token.pod.uid', 'pod_required'],
    ['node', 'k8s_token.node.name', 'node_not_allowed'],
  ])('is not good without its %s', async (_what, name, expected) => {
    const login = changed(await logIn(pinned()), () => ({}))
    const attributes = login.attributes.filter((attribute) => attribute.name !== name)
    expect(await verdictOf({ ...login, attributes }, policyOf([compiled(pinned())]))).toBe(expected)
  })

  it('is not good by a policy that requires nothing', async () => {
    const login = changed(await logIn(pinned()), () => ({ proofs: [] }))
    expect(await verdictOf(login, policyOf([]))).toBe('attestor_missing')
  })

  it.each([
    ['one that holds', 'k8s_token.namespace == "spirl-system"', 'good'],
    ['one that does not', 'k8s_token.namespace == "x"', 'condition_failed'],
    ['one that reads what is absent', 'aws_iid.account.id == "x"', 'condition_fault'],
  ])('is held to the conditions: %s', async (_what, expression, expected) => {
    const login = await logIn(pinned())
    const policy = policyOf([compiled(pinned())], { conditions: [condition(expression)] })
    expect(await verdictOf(login, policy)).toBe(expected)
  })

  it('has one budget for all its conditions, and is not good when that is spent', async () => {
    const costly = condition(`!"${'a'.repeat(1500)}".matches("${'a?'.repeat(60)}b")`)
    const { fuelUsed } = world.context.engine.evaluate(costly.condition, new Map(), CONDITION_FUEL)
    const used = computeStartFuel(costly.condition.program, new Map()) + fuelUsed
    const times = (count: number): Policy =>
      policyOf([compiled(pinned())], { conditions: Array.from({ length: count }, () => costly) })
    const login = await logIn(pinned())
    const most = Math.floor(CONDITION_FUEL_PER_REQUEST / used)
    expect(await verdictOf(login, times(most))).toBe('good')
    expect(await verdictOf(login, times(most + 1))).toBe('condition_fault')
  })

  it('runs no condition while the policy decides as it did', async () => {
    const conditions = [condition('k8s_token.namespace == "spirl-system"')]
    const policy = policyOf([compiled(pinned())], { conditions })
    const engine = { ...world.context.engine, evaluate: () => expect.unreachable('a condition was run') }
    const decisions = createDecisions({ attestors: TABLE, engine, defaultAudience: AUDIENCE })
    const login = await logIn(pinned())
    const decision = { digest: await decisions.digestPolicy(policy), proofs: [] }
    expect(await decisions.recheck({ ...login, decision }, policy)).toBeUndefined()
  })

  it('is good by exactly those policies that would admit its evidence', async () => {
    // Most pins are left out of most policies, or hardly any would admit.
    const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
      fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
    const list = (...items: readonly string[]) => rarely(fc.subarray([...items], { minLength: 1 }))
    const one = (...items: readonly string[]) => rarely(fc.constantFrom(...items))
    const configs = fc.record({
      audiences: list(AUDIENCE, 'b'),
      serviceAccountNamespace: one('n', 'm'),
      serviceAccountName: one('s', 't'),
      allowedServiceAccounts: list('n:s', 'm:*', '*:t'),
      allowedNodes: list('node-1', 'node-*', 'other'),
      requireBoundPod: rarely(fc.constant(true)),
      maxTokenLifetime: one('10m', '1h', '2h'),
      issuerURL: rarely(fc.constant(`${ISSUER}/`)).map((issuer) => issuer ?? ISSUER),
      keys: fc.constantFrom('own', 'own', 'both', 'both', 'spare'),
      conditions: fc.subarray(['true', 'k8s_token.namespace == "n"', 'k8s_token.node.name.startsWith("node")'], {
        maxLength: 2,
      }),
    })
    const tokens = fc.record({
      namespace: fc.constantFrom('n', 'm'),
      account: fc.constantFrom('s', 't'),
      node: one('node-1', 'node-2', 'other'),
      pod: fc.boolean(),
      lifetime: fc.constantFrom(600, 601, 3600, 7200),
    })
    function compile({ keys, conditions, ...config }: Config & { readonly conditions: readonly string[] }): Policy {
      const set = { own: [world.key], both: [spare, world.key], spare: [spare] }[String(keys)] ?? []
      const stated = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined))
      const requirement = compiled({ ...stated, jwks: { keys: set.map(({ publicJwk }) => publicJwk) } })
      return policyOf([requirement], { conditions: conditions.map((text) => condition(text)) })
    }
    let checked = 0
    await fc.assert(
      fc.asyncProperty(configs, tokens, async (config, { namespace, account, node, pod, lifetime }) => {
        const token = await world.mint({
          // One audience, which any policy that admits has accepted.
          aud: [AUDIENCE],
          exp: NOW + lifetime,
          sub: `system:serviceaccount:${namespace}:${account}`,
          'kubernetes.io': {
            namespace,
            serviceaccount: { name: account, uid: 'a' },
            ...(pod ? { pod: { name: 'p', uid: 'p' } } : {}),
            ...(node === undefined ? {} : { node: { name: node } }),
          },
        })
        const evidence = [attestation(token)]
        const before = policyOf([world.requirement()])
        const admitted = await evaluateLogin(evidence, createPolicySet([before]), world.context)
        if (admitted.kind !== 'admitted') throw new Error(admitted.kind)
        const { attributes, proofs } = admitted
        const login = { attributes, decision: { digest: await decisionsWith().digestPolicy(before), proofs } }
        const policy = compile(config)
        const again = await evaluateLogin(evidence, createPolicySet([policy]), world.context)
        expect((await verdictOf(login, policy)) === 'good').toBe(again.kind === 'admitted')
        checked += again.kind === 'admitted' ? 1 : 0
      }),
      { numRuns: 300 },
    )
    expect(checked).toBeGreaterThan(30)
  })
})
