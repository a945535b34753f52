// One issuer text, several anchors: evidence that one of them verifies never satisfies a policy of another, in whatever
// order the policies stand, and what is tried and fetched for evidence that nobody has verified yet is bounded.
import * as v from 'valibot'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Attestor } from '../../../src/attest/attestor.ts'
import type { Prospect, Requirement } from '../../../src/attest/shapes.ts'
import {
  ANCHOR_FETCHES_PER_EVIDENCE_MAX,
  ANCHOR_FETCHES_PER_REQUEST_MAX,
  ANCHORS_PER_NAME_MAX,
} from '../../../src/core/limits.ts'
import { pass, refuse } from '../../../src/core/result.ts'
import type { Attestation } from '../../../src/policy/login/evidence.ts'
import { evaluateLogin, type LoginContext } from '../../../src/policy/login/login.ts'
import type { PolicySet } from '../../../src/policy/policy.ts'
import { createKeySources } from '../../../src/token/keys/key-source.ts'
import { createSigningKey, type SigningKey, serviceAccountClaims, signClaims } from '../../token/issuer.ts'
import { attestation, compileConfig, createWorld, ISSUER, NOW, policySet, type World } from '../fixture.ts'

let world: World
let a: SigningKey
let b: SigningKey
beforeAll(async () => {
  world = await createWorld()
  ;[a, b] = await Promise.all([createSigningKey('key-a'), createSigningKey('key-b')])
})

function requirement(config: Readonly<Record<string, unknown>>): Requirement {
  const compiled = compileConfig({ issuerURL: ISSUER, serviceAccountNamespace: 'ns', ...config })
  if (compiled.requirement === undefined) throw new Error(JSON.stringify(compiled.issues))
  return compiled.requirement
}

/** A token of one account, signed by `key`. */
async function mint(key: SigningKey, account: string): Promise<Attestation> {
  const claims = serviceAccountClaims(NOW, { iss: ISSUER, sub: `system:serviceaccount:ns:${account}` })
  const bound = { ...(claims['kubernetes.io'] as object), namespace: 'ns', serviceaccount: { name: account, uid: 'u' } }
  return attestation(await signClaims(key, { ...claims, 'kubernetes.io': bound }))
}

async function verdictOf(evidence: readonly Attestation[], set: PolicySet, context: LoginContext = world.context) {
  const outcome = await evaluateLogin(evidence, set, context)
  if (outcome.kind === 'admitted') return `admitted by ${outcome.policy.name}`
  const codes = outcome.refusals.map(({ refusal }) => refusal.code)
  return [outcome.kind === 'refused' ? outcome.reason : `unavailable: ${outcome.code}`, ...codes].join(', ')
}

/** Every order of a list. */
function orders<T>(list: readonly T[]): readonly (readonly T[])[] {
  if (list.length < 2) return [list]
  return list.flatMap((item, index) => orders(list.filter((_, at) => at !== index)).map((rest) => [item, ...rest]))
}

describe('two policies with one issuer and a key set each', () => {
  const kinds: [string, () => readonly [Requirement, Requirement], LoginContext | undefined][] = []
  beforeAll(() => {
    const twins = (kid: string | undefined): readonly [Requirement, Requirement] => {
      const jwks = ({ publicJwk }: SigningKey) => ({ keys: [{ ...publicJwk, kid: kid ?? publicJwk['kid'] }] })
      return [
        requirement({ jwks: jwks(a), serviceAccountName: 'account-a' }),
        requirement({ jwks: jwks(b), serviceAccountName: 'account-b' }),
      ]
    }
    kinds.push(['inline sets of other kids', () => twins(undefined), undefined])
    kinds.push(['inline sets of one kid', () => twins('same'), undefined])
    kinds.push([
      'an inline set beside a fetched one',
      () => [
        requirement({ jwks: { keys: [a.publicJwk] }, serviceAccountName: 'account-a' }),
        requirement({ jwksURI: 'https://keys.example.com/b', serviceAccountName: 'account-b' }),
      ],
      withKeys({ 'https://keys.example.com/b': [b] }),
    ])
    kinds.push([
      'discovery beside an inline set',
      () => [
        requirement({ serviceAccountName: 'account-a' }),
        requirement({ jwks: { keys: [b.publicJwk] }, serviceAccountName: 'account-b' }),
      ],
      withKeys({ [`${ISSUER}/keys`]: [a] }),
    ])
    kinds.push([
      'two fetched sets',
      () => [
        requirement({ jwksURI: 'https://keys.example.com/a', serviceAccountName: 'account-a' }),
        requirement({ jwksURI: 'https://keys.example.com/b', serviceAccountName: 'account-b' }),
      ],
      withKeys({ 'https://keys.example.com/a': [a], 'https://keys.example.com/b': [b] }),
    ])
  })

  it('never lets evidence of one satisfy the policy of the other, under every order', async () => {
    expect(kinds.length).toBe(5)
    for (const [what, make, context] of kinds) {
      const kid = what === 'inline sets of one kid' ? 'same' : undefined
      const named = (key: SigningKey): SigningKey => (kid === undefined ? key : { ...key, kid })
      const [ofA, ofB] = make()
      for (const order of orders([['a', ofA] as const, ['b', ofB] as const])) {
        const set = policySet(...order)
        const verdict = async (key: SigningKey, account: string) =>
          verdictOf([await mint(named(key), account)], set, context)
        expect(await verdict(a, 'account-a'), what).toBe('admitted by a')
        expect(await verdict(b, 'account-b'), what).toBe('admitted by b')
        const crossed = 'no_policy_satisfied, service_account_not_allowed'
        expect(await verdict(a, 'account-b'), what).toBe(crossed)
        expect(await verdict(b, 'account-a'), what).toBe(crossed)
        const forger = await createSigningKey(kid ?? 'key-a')
        expect(await verdict(forger, 'account-a'), what).toBe('nothing_verified, signature_invalid')
      }
    }
  })

  it('shares a verdict between equal sets alone: the same set again is the same anchor', () => {
    const config = { jwks: { keys: [a.publicJwk] } }
    expect(requirement(config).anchor.id).toBe(requirement({ ...config, serviceAccountName: 'x' }).anchor.id)
    expect(requirement(config).anchor.id).not.toBe(requirement({ jwks: { keys: [b.publicJwk] } }).anchor.id)
    expect(requirement(config).anchor.id).not.toBe(
      requirement({ jwks: { keys: [a.publicJwk, b.publicJwk] } }).anchor.id,
    )
  })
})

/** A context whose network serves these key sets, by URL; discovery of the issuer names `/keys` below it. */
function withKeys(served: Readonly<Record<string, readonly SigningKey[]>>, asked: string[] = []): LoginContext {
  const sources = createKeySources({
    fetch: async (url) => {
      asked.push(url)
      if (url === `${ISSUER}/.well-known/openid-configuration`)
        return Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/keys` })
      const keys = served[url]
      if (keys === undefined) throw new Error('down')
      return Response.json({ keys: keys.map(({ publicJwk }) => publicJwk) })
    },
    clock: () => NOW * 1000,
    sleep: () => Promise.resolve(),
    allowLoopback: false,
  })
  return { ...world.context, keys: sources.forRequest(() => undefined) }
}

describe('the fetches that one login may cause', () => {
  const urls = Array.from({ length: 16 }, (_, index) => `https://keys.example.com/${index}`)
  const sets = () => policySet(...urls.map((jwksURI, index) => [`p${index}`, requirement({ jwksURI })] as const))

  it('are four, in document order; then another try finds those in hand and goes on', async () => {
    const asked: string[] = []
    const served = Object.fromEntries(urls.map((url, index) => [url, index === 5 ? [a] : [b]]))
    const context = withKeys(served, asked)
    const evidence = [await mint(a, 'any')]
    expect(await verdictOf(evidence, sets(), context)).toBe(
      'unavailable: signing_key_unavailable, signing_key_fetch_failed',
    )
    expect(asked).toEqual(urls.slice(0, ANCHOR_FETCHES_PER_EVIDENCE_MAX))
    expect(await verdictOf(evidence, sets(), context)).toBe('admitted by p5')
    expect(asked).toEqual(urls.slice(0, 2 * ANCHOR_FETCHES_PER_EVIDENCE_MAX))
    // Now the key is in hand: nothing more is fetched, and the sets before it are not asked again.
    expect(await verdictOf(evidence, sets(), context)).toBe('admitted by p5')
    expect(asked.length).toBe(2 * ANCHOR_FETCHES_PER_EVIDENCE_MAX)
  })

  it('are none for a policy behind the one that admits', async () => {
    const asked: string[] = []
    const context = withKeys({}, asked)
    const set = policySet(
      ['first', requirement({ jwks: { keys: [a.publicJwk] } })],
      ['second', requirement({ jwksURI: 'https://keys.example.com/slow' })],
    )
    expect(await verdictOf([await mint(a, 'any')], set, context)).toBe('admitted by first')
    expect(asked).toEqual([])
  })

  it('come before the answer where an earlier policy might still admit', async () => {
    const set = (first: Requirement) =>
      policySet(['first', first], ['second', requirement({ jwks: { keys: [a.publicJwk] } })])
    const fetched = requirement({ jwksURI: 'https://keys.example.com/a' })
    const up = withKeys({ 'https://keys.example.com/a': [a] })
    expect(await verdictOf([await mint(a, 'any')], set(fetched), up)).toBe('admitted by first')
    const down = withKeys({})
    expect(await verdictOf([await mint(a, 'any')], set(fetched), down)).toBe('admitted by second')
  })
})

interface Shapes {
  evidence: { readonly ca: string; readonly name?: string }
  config: object
  pins: string
  anchor: string
  opened: { readonly ca: string }
  facts: { readonly ca: string }
  request: never
  secret: never
}

const verified: string[] = []
let prospects: Readonly<Record<string, Prospect>> = {}
beforeEach(() => {
  verified.length = 0
  prospects = {}
})

/** Evidence that one CA verifies, whatever it is called. */
const badge = (type = 'badge'): Attestor<Shapes> => ({
  type,
  words: { evidence: 'a badge', summary: '' },
  evidenceSchema: v.object({ ca: v.string(), name: v.optional(v.string()) }) as Attestor<Shapes>['evidenceSchema'],
  configSchema: v.object({}),
  configOptional: true,
  compile: () => undefined,
  open: ({ ca, name }) => pass({ ...(name === undefined ? {} : { name }), digestible: ca, value: { ca } }),
  readClaimed: () => ({}),
  async verify({ ca }, anchor) {
    verified.push(anchor.value)
    if (ca !== anchor.value) return refuse({ code: 'signature_invalid', detail: 'another CA' })
    return pass({ expiresAtSeconds: NOW + 60, facts: { ca } })
  },
  prospect: (_opened, { value }) => prospects[value] ?? 'ready',
  *checks({ ca }, pins) {
    const refusal = ca === pins ? undefined : ({ code: 'node_not_allowed', detail: ca } as const)
    yield { name: 'ca', expected: pins, actual: ca, refusal }
  },
  attributes: () => [],
})
const row = badge()
const wants = (ca: string, pins = ca, change: Partial<Requirement['anchor']> = {}, type = 'badge'): Requirement => ({
  type,
  anchor: { id: ca, value: ca, ...change },
  pins,
  scoped: true,
})
const shows = (ca: string, name?: string): Attestation => ({
  type: 'badge',
  attestor: row,
  evidence: { ca, ...(name === undefined ? {} : { name }) },
})

describe('evidence without a selector, and several CAs', () => {
  it('satisfies the policy of its own CA alone, under every order', async () => {
    for (const order of orders([['one', wants('ca-1')] as const, ['two', wants('ca-2')] as const])) {
      expect(await verdictOf([shows('ca-1')], policySet(...order))).toBe('admitted by one')
      expect(await verdictOf([shows('ca-2')], policySet(...order))).toBe('admitted by two')
      expect(await verdictOf([shows('ca-3')], policySet(...order))).toBe('nothing_verified, signature_invalid')
    }
    const crossed = [['one', wants('ca-1', 'ca-2')] as const, ['two', wants('ca-2', 'ca-1')] as const]
    for (const order of orders(crossed))
      expect(await verdictOf([shows('ca-1')], policySet(...order))).toBe('no_policy_satisfied, node_not_allowed')
  })

  it('is verified once per anchor, however many policies ask', async () => {
    const policies = Array.from({ length: 100 }, (_, n) => [`p${n}`, wants(`ca-${n % 3}`, 'never')] as const)
    expect(await verdictOf([shows('ca-1')], policySet(...policies))).toBe('no_policy_satisfied, node_not_allowed')
    expect(verified.toSorted()).toEqual(['ca-0', 'ca-1', 'ca-2'])
  })

  it('is not tried on anchors that are called by other names: the first of them refuses for all', async () => {
    const named = Array.from(
      { length: 50 },
      (_, n) => [`p${n}`, wants(`ca-${n}`, `ca-${n}`, { names: [`k${n}`] })] as const,
    )
    expect(await verdictOf([shows('ca-7', 'k7')], policySet(...named))).toBe('admitted by p7')
    expect(verified).toEqual(['ca-0', 'ca-7'])
    verified.length = 0
    expect(await verdictOf([shows('ca-7', 'other')], policySet(...named))).toBe('nothing_verified, signature_invalid')
    expect(verified).toEqual(['ca-0'])
  })

  it.each([ANCHORS_PER_NAME_MAX, ANCHORS_PER_NAME_MAX + 1])(
    'of no name is tried on so many at most: %i',
    async (count) => {
      const policies = Array.from({ length: count }, (_, n) => [`p${n}`, wants(`ca-${n}`)] as const)
      const last = `ca-${count - 1}`
      const isTooMany = count > ANCHORS_PER_NAME_MAX
      expect(await verdictOf([shows(last)], policySet(...policies))).toBe(
        isTooMany ? 'nothing_verified, signature_invalid' : `admitted by p${count - 1}`,
      )
      expect(verified.length).toBe(ANCHORS_PER_NAME_MAX)
    },
  )

  it('has at most eight fetches in one request, over all its evidence', async () => {
    const types = ['badge', 'pass', 'card'] as const
    const many = types.flatMap((type) =>
      Array.from({ length: 6 }, (_, n) => {
        prospects = { ...prospects, [`${type}-${n}`]: 'absent' }
        return [`${type}${n}`, wants(`${type}-${n}`, 'never', {}, type)] as const
      }),
    )
    const fetching: string[] = []
    const keys = { ...world.context.keys, inHand: () => withoutFetch }
    const withoutFetch = { ...world.context.keys, inHand: () => withoutFetch }
    const evidence = types.map((type): Attestation => {
      const attestor: Attestor<Shapes> = {
        ...badge(type),
        async verify(_opened, { value }, _pins, context) {
          if (context.keys === keys) fetching.push(value)
          return refuse({ code: 'signing_key_fetch_failed', detail: 'x' })
        },
      }
      return { type, attestor, evidence: { ca: 'x' } }
    })
    expect(await verdictOf(evidence, policySet(...many), { ...world.context, keys })).toMatch(/^unavailable/)
    expect(fetching.length).toBe(ANCHOR_FETCHES_PER_REQUEST_MAX)
    expect(fetching.filter((value) => value.startsWith('badge')).length).toBe(ANCHOR_FETCHES_PER_EVIDENCE_MAX)
  })
})
