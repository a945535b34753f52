// What a request for claims costs by the number of its workloads, to JSON.parse and JSON.stringify of the same bodies:
// less than these two no service in JavaScript can do.
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { startIssuer } from '../token/issuer.ts'
import { agentsDocument, agentsKey } from './documents.ts'
import { createBenchGateway } from './gateway.ts'
import type { BenchOptions } from './options.ts'
import type { Row, Table } from './report.ts'
import { compareWork } from './spent.ts'
import { describeAttributes, describePod } from './workloads.ts'

const BATCHES = [1, 100, 1_000] as const
const OVERRIDES = 5_000

/** The cluster says which policy: `plain` has no override, `large` has many that do not apply. */
const KINDS = [
  { what: 'attributes', describe: describeAttributes, cluster: 'plain' },
  { what: 'pods', describe: describePod, cluster: 'plain' },
  { what: `attributes, by a policy of ${OVERRIDES} overrides`, describe: describeAttributes, cluster: 'large' },
] as const
const SERVER = { serviceAccountNamespace: 'spirl-system', serviceAccountName: 'spirl-agent' }

const ISSUANCE = {
  pathTemplate: '/{{cluster.name}}/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}',
  x509: {
    ttl: '24h',
    subject: 'O=Acme Corp,OU={{kubernetes.pod.namespace}}',
    dnsNames: ['{{kubernetes.pod.service_account}}.svc'],
  },
  jwt: {
    ttl: '12h',
    additionalClaims: {
      namespace: '{{kubernetes.pod.namespace}}',
      app: '{{kubernetes.pod.label[app.kubernetes.io/name]}}',
      owner: '{{kubernetes.pod.owner}}',
    },
  },
}

export async function measureClaims(
  environment: Readonly<Record<string, string>>,
  options: BenchOptions,
): Promise<Table> {
  const issuer = await startIssuer({ alg: 'RS256' })
  try {
    const app = createBenchGateway({ environment, documents: documentsOf(issuer.issuer), module: loadPolicyVm() })
    async function ask(path: string, body: string, session?: string): Promise<string> {
      const bearer = session === undefined ? {} : { Authorization: `Bearer ${session}` }
      const headers = { 'Content-Type': 'application/json', ...bearer }
      const response = await app.request(path, { method: 'POST', headers, body })
      const text = await response.text()
      if (response.status !== 200) throw new Error(text)
      return text
    }

    const evidence = { token: await issuer.mint() }
    const login = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence }] })
    const { session }: LoginAnswer = JSON.parse(await ask('/v1/trust-domain/login', login))
    const rows: Row[] = []
    for (const { what, describe, cluster } of KINDS)
      for (const count of BATCHES) {
        const body = JSON.stringify({ workloads: Array.from({ length: count }, (_, n) => describe(n)) })
        const map = (): Promise<string> => ask(`/v1/clusters/${cluster}/claims`, body, session.token)
        const answer: ClaimsAnswer = JSON.parse(await map())
        if (answer.results.some((result) => 'error' in result)) throw new Error(JSON.stringify(answer.results[0]))
        const row = await compareWork(
          {
            what: `${count} as ${what}`,
            first: map,
            second: () => [JSON.parse(body), JSON.stringify(answer)],
            names: ['Postern', 'JSON'],
          },
          options,
        )
        rows.push({ ...row, figures: { ...row.figures, 'body, kB': body.length / 1000 } })
      }
    return {
      id: 'claims',
      title: 'Claims by batch',
      note: 'In process on Node: one request for claims, its session verified and its record made, to `JSON.parse` of its body and `JSON.stringify` of its answer.',
      rows,
    }
  } finally {
    await issuer.stop()
  }
}

interface LoginAnswer {
  readonly session: { readonly token: string }
}

interface ClaimsAnswer {
  readonly results: readonly object[]
}

function documentsOf(issuerURL: string): Readonly<Record<string, string>> {
  const servers = {
    policies: [
      {
        name: 'servers',
        requiredAttestors: [{ type: 'k8s_token', config: { issuerURL, ...SERVER } }],
      },
    ],
  }
  const section = (name: string, spec: object): string => JSON.stringify({ section: name, schema: 'v1', spec })
  const agents = agentsDocument([{ config: { issuerURL } }])
  const policyOverrides = Array.from({ length: OVERRIDES }, (_, n) => ({
    when: { 'kubernetes.pod.namespace': `other-${n}`, 'kubernetes.pod.label[tier]': 'gold' },
    policy: { x509: { ttl: '4h' } },
  }))
  return {
    'trust-domain/TrustDomainServerAttestation': section('TrustDomainServerAttestation', servers),
    [agentsKey('plain')]: agents,
    [agentsKey('large')]: agents,
    'clusters/plain/SVIDIssuancePolicy': section('SVIDIssuancePolicy', { policy: ISSUANCE }),
    'clusters/large/SVIDIssuancePolicy': section('SVIDIssuancePolicy', { policy: ISSUANCE, policyOverrides }),
  }
}
