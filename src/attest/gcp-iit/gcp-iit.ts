// `gcp_iit`: the identity token of a Compute Engine instance, signed by Google.
import { pickClaimed, readClaimedText } from '../claimed.ts'
import { oidcAttestor } from '../oidc/oidc-attestor.ts'
import { describeGcp, listGcpAttributes, readGcp, restoreGcp } from './claims.ts'
import { compileGcp, GOOGLE_ISSUER, GOOGLE_KEYS_ORIGIN, gcpConfigSchema } from './config.ts'
import { checkGcp } from './pins.ts'

export const gcpIit = oidcAttestor({
  type: 'gcp_iit',
  words: {
    evidence: 'a Google identity token',
    summary:
      'The identity token that the metadata server of Google Cloud gives an instance, signed by Google. It proves the project, the zone, the instance and its service account. Any process on the instance that reaches the metadata server can ask for it, with any audience. Labels and metadata need the Compute API and are never present.',
    unscoped: {
      admits: 'any instance of the projects could log in',
      next: 'set allowedServiceAccounts, or require a second attestor',
    },
  },
  reissue: {
    how: 'cached',
    words: 'the metadata server may give out the same token for one audience until shortly before its end, up to 1 h',
  },
  configSchema: gcpConfigSchema,
  form: 'a Google identity token',
  advice: {
    audience: 'ask the metadata server for a token with the audience of the gateway',
    lifetime: 'ask the metadata server for a new token',
  },
  keys: () => ({ issuerURL: GOOGLE_ISSUER, jwksOrigins: [GOOGLE_KEYS_ORIGIN], path: [] }),
  compile: compileGcp,
  read: readGcp,
  describe: describeGcp,
  checks: checkGcp,
  attributes: listGcpAttributes,
  record: ({ compute }) => compute !== undefined,
  restore: restoreGcp,
  readClaimed: (claims) => pickClaimed({ email: readClaimedText(claims['email']) }),
})
