// The store of the list's main process: the trust domain, and a cluster for each row.
import { OPENSSL } from '../../installed.ts'
import type { Counterparts } from './counterparts.ts'
import type { Row } from './row.ts'
import { SERVERS } from './session-rows.ts'

export const section = (name: string, spec: unknown): string => JSON.stringify({ section: name, schema: 'v1', spec })

/** The id of a row's cluster. */
export const idOf = (row: number): string => `row-${row}`

export function rowDocuments(rows: readonly Row[], world: Counterparts): Readonly<Record<string, string>> {
  const entries = rows.flatMap((row, index) =>
    row.isSkipped
      ? []
      : Object.entries(row.sections?.(world) ?? {}).map(([name, spec]) => [
          `clusters/${idOf(index)}/${name}`,
          section(name, spec),
        ]),
  )
  return Object.fromEntries(entries)
}

/** Issuers: one that may do all, one without mapping, one of another cluster. */
export function trustDomain(world: Counterparts): Readonly<Record<string, string>> {
  const server = (name: string, more: object): object => ({
    name,
    ...more,
    requiredAttestors: [
      {
        type: 'k8s_token',
        config: {
          issuerURL: world.issuer.issuer,
          serviceAccountNamespace: 'postern',
          serviceAccountName: name,
        },
      },
    ],
  })
  const policies = [
    server(SERVERS.all, {}),
    server(SERVERS.scoped, { scopes: ['claims'] }),
    server(SERVERS.narrow, { allowedClusters: ['elsewhere'] }),
  ]
  const aws = OPENSSL ? [{ region: 'eu-west-1', pem: world.aws.pem('eu-west-1') }] : []
  const serverless = {
    name: 'functions',
    requiredAttestors: [{ type: 'k8s_token', config: { issuerURL: world.issuer.issuer } }],
    svidPolicy: { pathTemplate: '/fn/{{k8s_token.service_account.name}}' },
  }
  return {
    'trust-domain/ServerlessAttestation': section('ServerlessAttestation', { policies: [serverless] }),
    'trust-domain/TrustDomainServerAttestation': section('TrustDomainServerAttestation', { policies }),
    ...(OPENSSL
      ? {
          'trust-domain/AWSCertificates': section('AWSCertificates', { certificates: aws }),
          'trust-domain/AzureCertificates': section('AzureCertificates', { roots: [world.x509.pem('azure-root')] }),
        }
      : {}),
  }
}
