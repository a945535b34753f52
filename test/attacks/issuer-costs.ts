// What one request of an issuer with a good session costs at the most: a thousand workloads, and policies that render much.
import { CLAIMS_WORKLOADS_MAX } from '../../src/core/limits.ts'
import { type CountingGateway, createCountingGateway, startCpu } from './counting.ts'
import { makePolicies, repeat } from './documents.ts'
import type { Issuers } from './issuers.ts'
import type { AttackRequest, Costs } from './kind.ts'
import { JSON_TYPE, makeLogin } from './tokens.ts'

export interface IssuerCost {
  readonly name: string
  readonly status: number
  readonly costs: Costs
  readonly cpuMillis: number
}

const ROUNDS = 5

const section = (name: string, spec: unknown): string => JSON.stringify({ section: name, schema: 'v1', spec })

const TEMPLATE = '/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}'

/** Claims and DNS names that render, for each workload, much more than it brings along. */
const GENEROUS = section('SVIDIssuancePolicy', {
  policy: {
    pathTemplate: TEMPLATE,
    x509: { dnsNames: repeat(16, (at) => `n${at}.{{kubernetes.pod.service_account}}.svc`) },
    jwt: {
      additionalClaims: Object.fromEntries(
        repeat(16, (at) => [`claim${at}`, '{{kubernetes.pod.namespace}}'.repeat(8)]),
      ),
    },
  },
})
const PLAIN = section('SVIDIssuancePolicy', { policy: { pathTemplate: TEMPLATE } })

function workload(index: number): object {
  const attributes = {
    'kubernetes.pod.namespace': `ns-${index}-${'x'.repeat(40)}`,
    'kubernetes.pod.service_account': `sa-${index}`,
  }
  return { id: `w${index}`, attributes }
}

/** Refused, each for itself: no attribute is there that the template needs. */
const refused = (index: number): object => ({ id: `${'w'.repeat(100)}${index}`, attributes: {} })

const REQUESTS: readonly (readonly [name: string, policy: string, workloads: readonly object[]])[] = [
  ['1,000 workloads', PLAIN, repeat(CLAIMS_WORKLOADS_MAX, workload)],
  ['1,000 workloads, 16 claims and 16 DNS names each', GENEROUS, repeat(CLAIMS_WORKLOADS_MAX, workload)],
  ['1,000 workloads, all refused', GENEROUS, repeat(CLAIMS_WORKLOADS_MAX, refused)],
]

export async function measureIssuer(issuers: Issuers): Promise<readonly IssuerCost[]> {
  const measured: IssuerCost[] = []
  for (const [name, policy, workloads] of REQUESTS) {
    const gateway = await createCountingGateway(documents(issuers.origin, policy), Date.now)
    const session = await logIn(gateway, await issuers.mint())
    const request: AttackRequest = {
      method: 'POST',
      path: '/v1/clusters/base/claims',
      headers: { ...JSON_TYPE, Authorization: `Bearer ${session}` },
      body: JSON.stringify({ workloads }),
    }
    // The first compiles the documents, which is counted as theirs.
    await gateway.send(request)
    const readCpu = startCpu()
    let answer = await gateway.send(request)
    for (let done = 1; done < ROUNDS; done++) answer = await gateway.send(request)
    measured.push({ name, status: answer.status, costs: answer.costs, cpuMillis: readCpu() / ROUNDS })
  }
  return measured
}

function documents(issuers: string, policy: string): Readonly<Record<string, string>> {
  const config = {
    issuerURL: `${issuers}/good/0`,
    serviceAccountNamespace: 'spirl-system',
    serviceAccountName: 'spirl-agent',
  }
  return {
    'trust-domain/TrustDomainServerAttestation': section('TrustDomainServerAttestation', {
      policies: [{ name: 'issuer', requiredAttestors: [{ type: 'k8s_token', config }] }],
    }),
    'clusters/base/AgentAttestation': makePolicies([{ issuer: `${issuers}/good/0` }]),
    'clusters/base/SVIDIssuancePolicy': policy,
  }
}

async function logIn(gateway: CountingGateway, token: string): Promise<string> {
  const { status, body } = await gateway.send({ ...makeLogin('', token), path: '/v1/trust-domain/login' })
  if (status !== 200) throw new Error(`the login of the issuer was answered with ${status}: ${body}`)
  return (JSON.parse(body) as { session: { token: string } }).session.token
}
