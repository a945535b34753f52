// `aws_token`: a token of AWS IAM outbound identity federation, signed by the issuer of the account.
import { pickClaimed, readClaimedText } from '../claimed.ts'
import { oidcAttestor } from '../oidc/oidc-attestor.ts'
import { listAwsAttributes, readAws, restoreAws } from './claims.ts'
import { AWS_LIFETIME_MAX_SECONDS, awsConfigSchema, checkAws, compileAws } from './config.ts'

export const awsToken = oidcAttestor({
  type: 'aws_token',
  words: {
    evidence: 'an AWS web identity token',
    summary:
      'A token of sts:GetWebIdentityToken, signed by the issuer of the AWS account (IAM outbound identity federation). It proves the account, the principal and, where AWS knows them, the instance or the function that asked. Request tags are chosen by whoever asks, and prove nothing.',
    unscoped: {
      admits: 'every principal of the account could log in',
      next: 'set allowedRoleARNs, or require a second attestor',
    },
  },
  configSchema: awsConfigSchema,
  form: 'an AWS web identity token',
  advice: {
    audience: 'call sts:GetWebIdentityToken with the audience of the gateway',
    lifetime: 'call sts:GetWebIdentityToken with a shorter DurationSeconds',
    maxLifetimeSeconds: AWS_LIFETIME_MAX_SECONDS,
  },
  keys: ({ issuerURLs }) => issuerURLs.map((issuerURL, index) => ({ issuerURL, path: ['issuerURLs', index] })),
  compile: compileAws,
  read: readAws,
  describe: ({ principal }) => principal,
  checks: checkAws,
  attributes: listAwsAttributes,
  restore: restoreAws,
  readClaimed: (claims) => pickClaimed({ principal: readClaimedText(claims['sub']) }),
})
