// `explain --evidence` takes the tokens of every row, bare or in the body of a login, with the issuer's keys in a file.
import { describe, expect, it } from 'vitest'
import { ATTESTORS } from '../../../src/attest/table.ts'
import { ROWS } from '../../attest/oidc/rows.ts'
import { AUDIENCE, change, nowSeconds } from '../../attest/oidc/world.ts'
import { createSigningKey, type SigningKey, signClaims } from '../../token/issuer.ts'
import { bench } from '../call.ts'

const key: SigningKey = await createSigningKey('key-1', 'RS256')

const documentOf = (attestors: readonly object[], more: object = {}): string =>
  JSON.stringify({
    section: 'AgentAttestation',
    schema: 'v1',
    spec: { policies: [{ name: 'p', requiredAttestors: attestors, ...more }] },
  })

/** The claims, signed by the key whose set is in `keys.json`. */
function setUp() {
  const tool = bench({
    environment: { TRUST_DOMAIN: 'example.org', AUDIENCE },
    clock: () => nowSeconds() * 1000,
  })
  const jwks = tool.file('keys.json', JSON.stringify({ keys: [key.publicJwk] }))
  return {
    async explain(attestors: readonly object[], evidence: string, more: object = {}, ...args: readonly string[]) {
      const document = tool.file('d.yaml', documentOf(attestors, more))
      const file = tool.file('evidence', evidence)
      return tool.call('explain', document, '--evidence', file, '--jwks', jwks, '--at', String(nowSeconds()), ...args)
    },
  }
}

describe.each(ROWS)('explain with evidence of $type', ({ type, config, claims, changes, proves }) => {
  const attestor = { type, config }

  it('admits the sample, bare and in a body, and lists what it proves', async () => {
    const token = await signClaims(key, claims())
    const { explain } = setUp()
    const body = JSON.stringify({ attestations: [{ type, evidence: { token } }] })
    for (const evidence of [token, `${token}\n`, body]) {
      const { exitCode, out } = await explain([attestor], evidence)
      expect([exitCode, out.match(/^admitted.*/m)?.[0]], out).toEqual([0, 'admitted: 200, by policy p'])
      for (const name of Object.keys(proves)) expect(out).toContain(name)
      expect(out).not.toContain(token.split('.')[2])
    }
  })

  it('shows every change with the code that the gateway gives', async () => {
    const { explain } = setUp()
    const wrong: unknown[] = []
    for (const [what, path, value, code] of changes) {
      const token = await signClaims(key, change(claims(), path, value))
      const body = JSON.stringify({ attestations: [{ type, evidence: { token } }] })
      const { exitCode, out } = await explain([attestor], body)
      const isRight = code === 'admitted' ? exitCode === 0 : exitCode === 1 && out.includes(code)
      if (!isRight) wrong.push([what, code, exitCode, out])
    }
    expect(wrong).toEqual([])
  })

  it('says that it would be claimed, where the policy accepts it once', async () => {
    const { explain } = setUp()
    const { exitCode, out } = await explain([attestor], await signClaims(key, claims()), { singleUse: true })
    expect([exitCode, out.includes('single use: the evidence is claimed')], out).toEqual([0, true])
    const json = JSON.parse(
      (await explain([attestor], await signClaims(key, claims()), { singleUse: true }, '--json')).out,
    )
    expect(json.policies).toMatchObject([{ name: 'p', state: 'satisfied', singleUse: true }])
  })
})

it('a bare token counts as of the type that the document asks for', async () => {
  const { explain } = setUp()
  const [github] = ROWS.filter(({ type }) => type === 'github')
  if (github === undefined) throw new Error('no sample')
  const claims = github.claims()
  // A token of GitHub that a policy takes as one of any issuer.
  const config = { oidcURI: String(claims['iss']), audiences: [AUDIENCE], requiredClaims: { repository_id: '74' } }
  const { exitCode, out } = await explain([{ type: 'custom_jwt', config }], await signClaims(key, claims))
  expect([exitCode, out.includes('custom_jwt')], out).toEqual([0, true])
})

it('has a sample of every row of tokens', () => {
  // `aws_iid` is no token.
  const others = ['k8s_token', 'aws_iid']
  const types = ATTESTORS.flatMap(({ type, readBare }) =>
    readBare === undefined || others.includes(type) ? [] : [type],
  )
  expect(ROWS.map(({ type }) => type).sort()).toEqual(types.sort())
})
