// `azure_msi`: the access token of an Azure managed identity, signed by Microsoft Entra.
import { pickClaimed, readClaimedText } from '../claimed.ts'
import { oidcAttestor } from '../oidc/oidc-attestor.ts'
import { describeAzure, listAzureAttributes, readAzure, restoreAzure } from './claims.ts'
import {
  AZURE_LIFETIME_MAX_SECONDS,
  azureConfigSchema,
  compileAzure,
  ENTRA_KEYS_ORIGINS,
  listIssuers,
} from './config.ts'
import { checkAzure } from './pins.ts'

export const azureMsi = oidcAttestor({
  type: 'azure_msi',
  words: {
    evidence: 'a managed identity token',
    summary:
      'The access token of an Azure managed identity, signed by Microsoft Entra, of version 1.0 or 2.0. It proves the tenant and the identity and, where Azure says so, the machine or other resource that has it. It lives for 24 hours, and machines of a scale set may share one identity.',
    unscoped: {
      admits: 'every managed identity of the subscriptions could log in',
      next: 'set principalID of each tenant, or require a second attestor',
    },
  },
  reissue: {
    how: 'cached',
    words: 'the metadata service gives out the same token for up to 24 h',
  },
  configSchema: azureConfigSchema,
  form: 'a managed identity token',
  advice: {
    audience: 'ask the metadata service for a token of the resource that the gateway expects',
    lifetime: 'ask the metadata service for a token of the managed identity',
    maxLifetimeSeconds: AZURE_LIFETIME_MAX_SECONDS,
  },
  keys: ({ tenants }) => {
    const paths = new Map<string, readonly (string | number)[]>()
    for (const [index, tenant] of tenants.entries())
      for (const issuer of listIssuers(tenant)) paths.set(issuer, paths.get(issuer) ?? ['tenants', index])
    return [...paths].map(([issuerURL, path]) => ({ issuerURL, path, jwksOrigins: ENTRA_KEYS_ORIGINS }))
  },
  compile: compileAzure,
  read: readAzure,
  describe: describeAzure,
  checks: checkAzure,
  attributes: listAzureAttributes,
  record: ({ audiences }, { tenants }) => ({
    audiences: audiences.filter((audience) => tenants.some((tenant) => tenant.audience === audience)),
  }),
  restore: restoreAzure,
  readClaimed: (claims) =>
    pickClaimed({
      tenant: readClaimedText(claims['tid']),
      principal: readClaimedText(claims['oid']),
      resource: readClaimedText(claims['xms_az_rid']) ?? readClaimedText(claims['xms_mirid']),
    }),
})
