// A policy whose last word another service has: when it is asked, what it may add, and how often one login may ask.
import * as v from 'valibot'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Attestor } from '../../../src/attest/attestor.ts'
import type { Requirement } from '../../../src/attest/shapes.ts'
import type { Attribute } from '../../../src/attribute/attribute.ts'
import { compileCondition } from '../../../src/condition/compile.ts'
import { createCatalogueScope } from '../../../src/condition/scope.ts'
import { CALL_OUTS_PER_REQUEST_MAX } from '../../../src/core/limits.ts'
import { type Checked, pass, refuse } from '../../../src/core/result.ts'
import type { Attestation } from '../../../src/policy/login/evidence.ts'
import { evaluateLogin, type LoginContext } from '../../../src/policy/login/login.ts'
import { createPolicySet, type Policy, type PolicyCondition } from '../../../src/policy/policy.ts'
import { createRevocationSet } from '../../../src/policy/revocation/revocation-set.ts'
import { attestation, createWorld, NOW, type World } from '../fixture.ts'

const OWN: Attribute = { origin: 'extension', name: 'custom.device', value: 'd-1' }
/** Whom the service is asked about: the attributes that the others have proved. */
let asked: string[][] = []
let answer: () => Checked<readonly Attribute[]>

interface Shapes {
  evidence: object
  config: object
  pins: null
  anchor: undefined
  opened: null
  facts: null
  request: never
  secret: never
}
const row: Attestor<Shapes> = {
  type: 'extension',
  words: { evidence: 'what a service says', summary: '' },
  evidenceSchema: v.object({}),
  configSchema: v.object({}),
  configOptional: true,
  compile: () => ({ scoped: false, anchor: ANCHOR, pins: null }),
  open: () => pass({ digestible: 'asked', value: null }),
  readClaimed: () => ({}),
  verify: () => expect.unreachable('a call-out verifies nothing'),
  *checks() {},
  attributes: () => [],
  async callOut(_opened, _anchor, _pins, proved) {
    asked.push([...proved.keys()])
    return answer()
  },
}
const ANCHOR = { id: 'service', value: undefined }
const callOut: Requirement = { type: 'extension', scoped: false, anchor: ANCHOR, pins: null }
const ticket: Attestation = { type: 'extension', attestor: row, evidence: {} }

let world: World
let token: Attestation
beforeAll(async () => {
  world = await createWorld()
  token = attestation(await world.mint())
})
beforeEach(() => {
  asked = []
  answer = () => pass([OWN])
})

const policy = (more: Partial<Policy> = {}): Policy => ({
  name: 'p',
  index: 0,
  requirements: [world.requirement(), callOut],
  conditions: [],
  ...more,
})
async function logIn(policies: readonly Policy[], more: Partial<LoginContext> = {}, evidence = [token, ticket]) {
  return evaluateLogin(evidence, createPolicySet(policies), { ...world.context, ...more })
}
async function codesOf(...given: Parameters<typeof logIn>): Promise<unknown> {
  const outcome = await logIn(...given)
  if (outcome.kind === 'admitted') return `admitted by ${outcome.policy.name}`
  return [outcome.kind, ...outcome.refusals.map(({ type, refusal }) => `${type}: ${refusal.code}`)]
}
function conditionOf(expression: string): PolicyCondition {
  const { condition, issues } = compileCondition(expression, createCatalogueScope(), [])
  if (condition === undefined) throw new Error(JSON.stringify(issues))
  return { condition, message: 'no' }
}

describe('a service', () => {
  it('is told what the others proved, and adds what is its own', async () => {
    const outcome = await logIn([policy()])
    expect(outcome).toMatchObject({ kind: 'admitted', attributes: expect.arrayContaining([OWN]) })
    expect(asked).toEqual([expect.arrayContaining(['k8s_token.issuer', 'k8s_token.namespace'])])
    if (outcome.kind !== 'admitted') return
    expect(outcome.proofs.map(({ type, anchor }) => [type, anchor])).toEqual([
      ['k8s_token', expect.any(String)],
      ['extension', 'service'],
    ])
    expect(outcome.expiresAtSeconds).toBeLessThan(Number.POSITIVE_INFINITY)
  })

  it('that denies is a refusal, and another policy may admit', async () => {
    answer = () => refuse({ code: 'call_out_denied', detail: 'no' })
    expect(await codesOf([policy()])).toEqual(['refused', 'k8s_token: attestor_missing', 'extension: call_out_denied'])
    const other = policy({ name: 'without', index: 1, requirements: [world.requirement()] })
    expect(await codesOf([policy(), other])).toBe('admitted by without')
  })

  it.each<[string, () => Partial<Policy>, (readonly Attestation[])?]>([
    ['another attestor refuses', () => ({ requirements: [world.requirement({ serviceAccountName: 'x' }), callOut] })],
    ['a condition does not hold', () => ({ conditions: [conditionOf('k8s_token.namespace == "elsewhere"')] })],
    ['its evidence is missing', () => ({}), []],
    ['nothing else is required', () => ({ requirements: [callOut] })],
    ['the host cannot', () => ({ requirements: [world.requirement(), { ...callOut, lacks: 'own_authorities' }] })],
  ])('is not asked where %s', async (_what, change, tickets = [ticket]) => {
    expect((await logIn([policy(change())], {}, [token, ...tickets])).kind).not.toBe('admitted')
    expect(asked).toEqual([])
  })

  it('is not what a policy rests on that requires nothing at all', async () => {
    const empty = policy({ requirements: [], restsOnCallOuts: true })
    const set = createPolicySet([policy()])
    const emptied = { ...set, candidatesFor: () => ({ policies: [empty], joint: [], anchors: new Map() }) }
    const outcome = await evaluateLogin([token, ticket], emptied, world.context)
    expect(outcome.kind).toBe('refused')
    expect(outcome.traces[0]?.refusals.map(({ refusal }) => refusal.code)).toEqual(['policy_empty'])
  })

  it.each<[string, readonly Attribute[]]>([
    ['of another origin', [{ ...OWN, origin: 'k8s_token' }]],
    ['that another attestor has proved', [{ ...OWN, name: 'k8s_token.namespace' }]],
    ['that another attestor could prove', [{ ...OWN, name: 'tpm_ek.public_hash' }]],
    ['of a workload', [{ ...OWN, name: 'kubernetes.pod.namespace' }]],
    ['that there is not', [{ ...OWN, name: 'nothing.known' }]],
    ['twice', [OWN, { ...OWN, value: 'd-2' }]],
    ['after one of its own', [OWN, { ...OWN, name: 'k8s_token.node.name' }]],
  ])('that answers an attribute %s admits nobody', async (_what, attributes) => {
    answer = () => pass(attributes)
    await expect(logIn([policy()])).rejects.toThrow('the call-out of extension answered the attribute')
  })

  it(`is asked ${CALL_OUTS_PER_REQUEST_MAX} times by one login, and not once more`, async () => {
    answer = () => refuse({ code: 'call_out_denied', detail: 'no' })
    const many = (count: number) => Array.from({ length: count }, (_, index) => policy({ name: `p-${index}`, index }))
    await logIn(many(CALL_OUTS_PER_REQUEST_MAX))
    expect(asked).toHaveLength(CALL_OUTS_PER_REQUEST_MAX)
    asked = []
    // The policy that it would have admitted by is the one too many.
    answer = () =>
      asked.length > CALL_OUTS_PER_REQUEST_MAX ? pass([OWN]) : refuse({ code: 'call_out_denied', detail: 'no' })
    expect((await logIn(many(CALL_OUTS_PER_REQUEST_MAX + 1))).kind).not.toBe('admitted')
    expect(asked).toHaveLength(CALL_OUTS_PER_REQUEST_MAX)
  })

  it('cannot add what is revoked', async () => {
    const entry = { index: 0, fact: { kind: 'attribute', name: OWN.name, value: 'd-1' }, reason: 'lost' } as const
    const revoked = (untilSeconds: number) => ({
      revocations: [{ document: 'd', set: createRevocationSet([{ ...entry, untilSeconds }], undefined) }],
    })
    expect(await codesOf([policy()], revoked(NOW + 1))).toEqual([
      'refused',
      'k8s_token: evidence_revoked',
      'extension: evidence_revoked',
    ])
    expect(await codesOf([policy()], revoked(NOW))).toBe('admitted by p')
  })
})
