// Serves the JSON Schema of every section, for editors that complete and check the YAML: `GET /schemas/<Section>.json`.
import agentAttestation from '../../../schemas/AgentAttestation.json' with { type: 'json' }
import awsCertificates from '../../../schemas/AWSCertificates.json' with { type: 'json' }
import azureCertificates from '../../../schemas/AzureCertificates.json' with { type: 'json' }
import cluster from '../../../schemas/Cluster.json' with { type: 'json' }
import revocations from '../../../schemas/Revocations.json' with { type: 'json' }
import serverlessAttestation from '../../../schemas/ServerlessAttestation.json' with { type: 'json' }
import svidIssuancePolicy from '../../../schemas/SVIDIssuancePolicy.json' with { type: 'json' }
import trustDomain from '../../../schemas/TrustDomain.json' with { type: 'json' }
import trustDomainServerAttestation from '../../../schemas/TrustDomainServerAttestation.json' with { type: 'json' }
import workloadAttestation from '../../../schemas/WorkloadAttestation.json' with { type: 'json' }
import { isSectionName, type SectionName } from '../../config/sections/table.ts'
import { addPublishedRoute, type Published, publishJson } from '../openapi/published.ts'
import { answerProblem } from '../problem.ts'
import type { GatewayApp } from '../services.ts'

/** The type requires a row for every section. */
export const SCHEMAS: Readonly<Record<SectionName, object>> = {
  AgentAttestation: agentAttestation,
  AWSCertificates: awsCertificates,
  AzureCertificates: azureCertificates,
  Cluster: cluster,
  Revocations: revocations,
  ServerlessAttestation: serverlessAttestation,
  SVIDIssuancePolicy: svidIssuancePolicy,
  TrustDomain: trustDomain,
  TrustDomainServerAttestation: trustDomainServerAttestation,
  WorkloadAttestation: workloadAttestation,
}

export function addSchemaRoute(app: GatewayApp): void {
  const published = Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => [
      name,
      publishJson<object>(() => schema, 'application/schema+json'),
    ]),
  ) as Readonly<Record<SectionName, Published>>
  addPublishedRoute(app, '/schemas/:file', (c) => {
    const file = c.req.param('file') ?? ''
    const name = file.endsWith('.json') ? file.slice(0, -'.json'.length) : ''
    if (!isSectionName(name)) {
      const known = Object.keys(SCHEMAS).join(', ')
      return answerProblem(c, {
        code: 'route_unknown',
        detail: `unknown schema. Expected <Section>.json, with one of the sections: ${known}`,
      })
    }
    return published[name]
  })
}
