// Each row of a token: a sample shaped as its issuer makes it is admitted, and every single change of it is refused with a
// code of its own.
import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { createSigningKey, serviceAccountClaims } from '../../token/issuer.ts'
import { CLUSTER, type Claims, ISSUERS, OWN, ROWS, type Row, TENANT, times } from './rows.ts'
import { AUDIENCE, change, createOidcWorld, nowSeconds, type OidcWorld } from './world.ts'

let world: OidcWorld
beforeAll(async () => {
  world = await createOidcWorld(ISSUERS)
})

describe.each(ROWS)('$type', ({ type, config, claims, proves, condition, changes, pins }) => {
  const put = (change: object = {}): void => world.put([{ type, config: { ...config, ...change } }])
  const logIn = async (changed: Claims = claims(), more = {}) =>
    world.logIn({ [type]: await world.mint(changed, more) })

  it('admits a sample as its issuer makes it, and lists what it proves', async () => {
    put()
    const { status, body, text } = await logIn()
    expect([status, text.slice(0, 400)]).toEqual([200, text.slice(0, 400)])
    const found = Object.fromEntries((body.attributes ?? []).map(({ name, value }) => [name, value]))
    expect(found).toMatchObject(proves)
  })

  it.each(changes)('with %s', async (_what, path, value, code) => {
    put()
    const { status, body } = await logIn(change(claims(), path, value))
    expect([status === 200 ? 'admitted' : body.refusals?.[0]?.code]).toEqual([code])
  })

  it.each(pins)('is refused by a policy with %s', async (_what, changed, code) => {
    put(changed)
    const { body } = await logIn()
    expect(body.refusals?.map((refusal) => refusal.code)).toEqual([code])
  })

  it.each<[string, (sample: Claims) => Claims, string]>([
    ['an audience that only begins alike', (sample) => ({ ...sample, aud: `${AUDIENCE}.evil` }), 'audience_mismatch'],
    ['no audience', ({ aud: _aud, ...rest }) => rest, 'claim_missing'],
    ['an expired time', (sample) => ({ ...sample, nbf: undefined, iat: 1000, exp: 2000 }), 'token_expired'],
    ['no expiry', ({ exp: _exp, ...rest }) => rest, 'claim_missing'],
    [
      'a time to come',
      (sample) => ({ ...sample, nbf: nowSeconds() + 3000, exp: nowSeconds() + 3100 }),
      'token_not_yet_valid',
    ],
  ])('refuses %s', async (_what, changed, code) => {
    put()
    const merged = Object.fromEntries(Object.entries(changed(claims())).filter(([, value]) => value !== undefined))
    const { status, body } = await logIn(merged)
    expect([status, body.refusals?.[0]?.code]).toEqual([401, code])
  })

  it('refuses a key of somebody else, and one of another issuer', async () => {
    put()
    const { kid, alg } = world.key(String(claims()['iss']))
    const forged = await logIn(claims(), { key: await createSigningKey(kid, alg) })
    expect(forged.body.refusals?.[0]?.code).toBe('signature_invalid')
    const other = await logIn(claims(), { key: world.key(CLUSTER) })
    expect(other.body.refusals?.[0]?.code).toMatch(/signing_key_unknown|signature_invalid/)
  })

  it('tells the caller nothing of what is expected', async () => {
    put()
    for (const [, path, value, code] of changes) {
      if (code === 'admitted') continue
      const { text } = await logIn(change(claims(), path, value))
      for (const secret of ['octo-org/*', 'agents/*', '"Agents"', 'agent-2']) expect(text).not.toContain(secret)
    }
  })

  it('is one of two attestors: each alone is refused for the other, both are admitted, and a condition spans both', async () => {
    const cluster = { type: 'k8s_token', config: { issuerURL: CLUSTER } }
    const both = [cluster, { type, config }]
    world.put(both)
    const account = await world.mint(serviceAccountClaims(nowSeconds(), { iss: CLUSTER, aud: [AUDIENCE] }))
    const own = await world.mint(claims())
    for (const [tokens, missing] of [
      [{ k8s_token: account }, type],
      [{ [type]: own }, 'k8s_token'],
    ] as const) {
      const { status, body } = await world.logIn(tokens as Record<string, string>)
      expect(status).toBe(403)
      expect(body.refusals).toMatchObject([{ code: 'attestor_missing', detail: expect.stringContaining(missing) }])
    }
    expect((await world.logIn({ k8s_token: account, [type]: own })).status).toBe(200)
    world.put(both, [{ expression: condition }])
    expect((await world.logIn({ k8s_token: account, [type]: own })).status).toBe(200)
    world.put(both, [{ expression: `!(${condition})` }])
    const { status, body } = await world.logIn({ k8s_token: account, [type]: own })
    expect([status, body.refusals?.[0]?.code]).toEqual([403, 'condition_failed'])
  })

  it('opens a session that names the token, where it has an id', async () => {
    put()
    const { body } = await logIn()
    const { decision } = decodeJwt(body.session?.token ?? '') as { decision: { proofs: { tokenId?: object }[] } }
    const { jti, iss } = claims() as { jti?: string; iss: string }
    expect(decision.proofs[0]?.tokenId).toEqual(jti === undefined ? undefined : { issuer: iss, jti })
  })
})

describe('a refusal says what the token has', () => {
  it('which form a GitHub subject has', async () => {
    const row = ROWS[0] as Row
    world.put([{ type: row.type, config: { repositories: ['other/repo'] } }])
    const withIds = await world.logIn({ github: await world.mint(row.claims()) })
    expect(withIds.body.refusals?.[0]?.detail).toContain('OWNER@ID')
    const names = change(row.claims(), ['sub'], 'repo:octo-org/octo-repo:ref:refs/heads/main')
    expect((await world.logIn({ github: await world.mint(names) })).body.refusals?.[0]?.detail).toContain('of names')
  })

  it('why a Google token names no instance', async () => {
    const row = ROWS[1] as Row
    world.put([{ type: row.type, config: row.config }])
    const { body } = await world.logIn({ gcp_iit: await world.mint(change(row.claims(), ['google'], undefined)) })
    expect(body.refusals?.[0]?.detail).toContain('format=full')
  })

  it('which version, identity and resource an Azure token has', async () => {
    const row = ROWS[3] as Row
    world.put([
      { type: row.type, config: { tenants: [{ tenantID: TENANT, principalID: TENANT, audience: AUDIENCE }] } },
    ])
    const { body } = await world.logIn({ azure_msi: await world.mint(row.claims()) })
    expect(body.refusals?.[0]?.detail).toContain('version 1.0, system identity, microsoft.compute/virtualmachines prod')
  })
})

describe('gcp_iit without an instance', () => {
  it('is admitted where the policy says so, by the project of its service account', async () => {
    const row = ROWS[1] as Row
    world.put([{ type: 'gcp_iit', config: { allowedProjectIDs: ['my-project-1'], allowNonComputeTokens: true } }])
    const sample = change(row.claims(), ['google'], undefined)
    expect((await world.logIn({ gcp_iit: await world.mint(sample) })).status).toBe(200)
    const other = change(sample, ['email'], 'agent@my-project-2.iam.gserviceaccount.com')
    expect((await world.logIn({ gcp_iit: await world.mint(other) })).body.refusals?.[0]?.code).toBe(
      'project_not_allowed',
    )
    const unnamed = change(sample, ['email'], '1-compute@developer.gserviceaccount.com')
    expect((await world.logIn({ gcp_iit: await world.mint(unnamed) })).body.refusals?.[0]?.code).toBe(
      'project_not_allowed',
    )
  })
})

describe('azure_msi with a user-assigned identity', () => {
  it('proves the machine that has it, not the identity', async () => {
    const row = ROWS[3] as Row
    world.put([{ type: row.type, config: row.config }])
    const root = '/subscriptions/aaaaaaaa-0000-0000-0000-000000000001/resourcegroups/agents/providers'
    const sample = {
      ...row.claims(),
      xms_mirid: `${root}/Microsoft.ManagedIdentity/userAssignedIdentities/shared`,
      xms_az_rid: `${root}/Microsoft.Compute/virtualMachines/vm-7`,
    }
    const { body } = await world.logIn({ azure_msi: await world.mint(sample) })
    const found = Object.fromEntries((body.attributes ?? []).map(({ name, value }) => [name, value]))
    expect(found).toMatchObject({
      'azure_msi.identity.kind': 'user',
      'azure_msi.identity.name': 'shared',
      'azure_msi.resource.name': 'vm-7',
    })
  })
})

describe('custom_jwt with keys in PEM', () => {
  it.each([
    ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS256'],
    ['P-256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256'],
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ES384'],
    ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' }), 'ES512'],
    ['Ed25519', () => generateKeyPairSync('ed25519'), 'EdDSA'],
  ] as const)('verifies by any of them, whatever kid the token names: %s', async (_type, make, alg) => {
    const pairs = [make(), make(), make()]
    const pems = pairs.map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }).toString())
    const config = {
      issuer: OWN,
      publicKeys: pems.slice(0, 2),
      audiences: [AUDIENCE],
      requiredClaims: { sub: 'agent-1' },
    }
    world.put([{ type: 'custom_jwt', config }])
    const claims = { iss: OWN, aud: AUDIENCE, sub: 'agent-1', ...times(600) }
    const tokens = await Promise.all(
      pairs.map(({ privateKey }) => {
        return new SignJWT(claims).setProtectedHeader({ alg, kid: 'whatever' }).sign(privateKey)
      }),
    )
    const before = world.fetched.length
    const answers = await Promise.all(tokens.map((token) => world.logIn({ custom_jwt: token })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401])
    expect(answers[2]?.body.refusals?.[0]?.code).toBe('signature_invalid')
    expect(world.fetched).toHaveLength(before)
  })
})
