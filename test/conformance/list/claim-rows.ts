// Tokens of platforms: every change of the samples of test/attest/oidc, by an issuer on loopback. `gcp_iit` has an issuer that
// cannot be set.
import { AWS, AZURE_V1, type Claims, GITHUB, OWN, ROWS as SAMPLES, TENANT } from '../../attest/oidc/rows.ts'
import { AUDIENCE, change } from '../../attest/oidc/world.ts'
import type { Counterparts } from './counterparts.ts'
import { evidence, login, policy, type Row } from './row.ts'

/** What the sample's configuration needs to take the issuer of the tests in place of its own. */
const TAKES: Readonly<Record<string, { readonly own: string; readonly config: (issuer: string) => object }>> = {
  github: { own: GITHUB, config: (issuerURL) => ({ issuerURL, allowedAudiences: [AUDIENCE] }) },
  aws_token: { own: AWS, config: (issuer) => ({ issuerURLs: [issuer], allowedAudiences: [AUDIENCE] }) },
  azure_msi: {
    own: AZURE_V1,
    config: (issuerURL) => ({
      tenants: [
        { tenantID: TENANT, principalID: '66666666-7777-8888-9999-aaaaaaaaaaaa', audience: AUDIENCE, issuerURL },
      ],
    }),
  },
  custom_jwt: { own: OWN, config: (oidcURI) => ({ oidcURI }) },
}

export const CLAIM_ROWS: readonly Row[] = SAMPLES.flatMap(({ type, config, claims, changes, pins }) => {
  const taken = TAKES[type]
  if (taken === undefined) return []
  const row = (name: string, told: string, changed: () => Claims, more: object = {}): Row => ({
    name: `${type}: ${name}`,
    told,
    sections: ({ issuer }: Counterparts) =>
      policy([{ type, config: { ...config, ...taken.config(issuer.issuer), ...more } }]),
    send: async (at) => {
      const { issuer } = at.world
      const own = { ...changed(), iss: issuer.issuer }
      const token = await issuer.mint({
        claims: { 'kubernetes.io': undefined, nbf: undefined, jti: undefined, ...own },
      })
      return login(at, evidence(type, token))
    },
  })
  return [
    row('as its issuer makes it', '200', claims),
    ...changes
      // The issuer is what is changed here already.
      .filter(([, [first]]) => first !== 'iss')
      .map(([what, path, value, code]) => row(what, told(code), () => change(claims(), path, later(value)))),
    ...pins
      .filter(([, , code]) => !['issuer_mismatch', 'audience_mismatch'].includes(code))
      .map(([what, pinned, code]) => row(`a policy with ${what}`, told(code), claims, pinned)),
  ]
})

const imported = Date.now()
/** The samples have times of when they were imported. */
function later(value: unknown): unknown {
  return typeof value === 'number' && value > 1e9 ? value + Math.floor((Date.now() - imported) / 1000) : value
}

function told(code: string): string {
  if (code === 'admitted') return '200'
  const isVerified = /_not_allowed$|_excessive$/.test(code)
  return `${isVerified ? 403 : 401} login_refused ${code}`
}
