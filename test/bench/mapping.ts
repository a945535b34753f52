// What mapping costs beyond reading and writing JSON: `node test/bench/mapping.ts`. One run, one machine: the ratio to
// JSON.parse and JSON.stringify of the same bodies, taken in alternation, holds where the machine's speed does not.

import { createConditionEngine } from '../../src/condition/vm/engine.ts'
import { compileDocument } from '../../src/config/compile/compile.ts'
import { parseClusterId } from '../../src/config/document-key.ts'
import { DEFAULT_CLUSTER } from '../../src/config/sections/cluster.ts'
import { DEFAULT_WORKLOAD_ATTESTATION } from '../../src/config/sections/workload-attestation.ts'
import { parseJson } from '../../src/core/json.ts'
import { CLAIMS_WORKLOADS_MAX, JSON_DEPTH_MAX } from '../../src/core/limits.ts'
import { type ClusterConfig, readEnablement } from '../../src/gateway/cluster-config.ts'
import { checkClusterMapping, createMappingContext } from '../../src/gateway/mapping-context.ts'
import { findMappingFaults } from '../../src/gateway/mapping-gates.ts'
import { parseTrustDomain } from '../../src/identity/trust-domain.ts'
import type { IssuancePolicy } from '../../src/policy/mapping/issuance.ts'
import { createMappingMeter } from '../../src/policy/mapping/mapping-meter.ts'
import { createWorkloadMapper, type WorkloadDescription } from '../../src/policy/mapping/workload.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { COMPILE_CONTEXT } from '../config/compile-context.ts'

const engine = createConditionEngine(loadPolicyVm())
const ROUNDS = 40
const FEW = 10
const MANY = 5_000

const policyOf = (overrides: number): string => `section: SVIDIssuancePolicy
schema: v1
spec:
  policy:
    pathTemplate: "/{{cluster.name}}/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}"
    x509: {ttl: 24h, subject: "O=Acme Corp,OU={{kubernetes.pod.namespace}}", dnsNames: ["{{kubernetes.pod.service_account}}.svc"]}
    jwt:
      ttl: 12h
      additionalClaims:
        namespace: "{{kubernetes.pod.namespace}}"
        app: "{{kubernetes.pod.label[app.kubernetes.io/name]}}"
        owner: "{{kubernetes.pod.owner}}"
  policyOverrides:
${Array.from({ length: overrides }, (_, index) => `  - {when: {kubernetes.pod.namespace: "n${index}", "kubernetes.pod.label[tier]": gold}, policy: {x509: {ttl: 4h}}}`).join('\n')}
`

function compiled(text: string): IssuancePolicy {
  const result = compileDocument('SVIDIssuancePolicy', new TextEncoder().encode(text), COMPILE_CONTEXT)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.value
}

const flat = (index: number): WorkloadDescription => ({
  id: `w${index}`,
  attributes: {
    'kubernetes.pod.name': `web-${index}`,
    'kubernetes.pod.namespace': `team-${index % 50}`,
    'kubernetes.pod.service_account': `sa-${index % 200}`,
    'kubernetes.pod.node.name': `ip-10-0-0-${index % 100}.ec2.internal`,
    'kubernetes.pod.owner': `ReplicaSet:web-${index % 300}`,
    'kubernetes.pod.label[app.kubernetes.io/name]': `app-${index % 300}`,
    'kubernetes.pod.label[tier]': 'gold',
  },
})

const podded = (index: number): WorkloadDescription => ({
  id: `w${index}`,
  container: 'app',
  pod: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `web-${index}`,
      namespace: `team-${index % 50}`,
      uid: `316ea285-b878-4d20-a9fe-${String(index).padStart(12, '0')}`,
      labels: Object.fromEntries([
        ['app.kubernetes.io/name', `app-${index % 300}`],
        ['tier', 'gold'],
        ...Array.from({ length: 8 }, (_, label) => [`example.com/label-${label}`, `v${index}`]),
      ]),
      annotations: Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`example.com/a-${at}`, 'x'.repeat(60)])),
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `web-${index % 300}`, uid: `u-${index}` }],
    },
    spec: {
      nodeName: `ip-10-0-0-${index % 100}.ec2.internal`,
      serviceAccountName: `sa-${index % 200}`,
      containers: Array.from({ length: 3 }, (_, at) => ({
        name: at === 0 ? 'app' : `side-${at}`,
        image: `registry.example.com/app-${at}:1.2`,
        env: Array.from({ length: 10 }, (_, env) => ({ name: `E${env}`, value: 'x'.repeat(30) })),
      })),
    },
    status: { phase: 'Running', podIP: '10.0.0.1' },
  },
})

const clusterId = parseClusterId('bench')
const trustDomain = parseTrustDomain('example.org')
if (clusterId === undefined || !trustDomain.ok) throw new Error('unreachable')

console.log(
  `| ${CLAIMS_WORKLOADS_MAX} workloads as | overrides | body, kB | JSON.parse + JSON.stringify, ms | strict reading, ms | mapping, ms | mapping to JSON |`,
)
console.log('|---|--:|--:|--:|--:|--:|--:|')
for (const [name, make] of [
  ['attributes', flat],
  ['pods', podded],
] as const) {
  for (const overrides of [FEW, MANY]) measure(name, make, overrides)
}

function measure(name: string, make: (index: number) => WorkloadDescription, overrides: number): void {
  const policy = compiled(policyOf(overrides))
  const workloads = Array.from({ length: CLAIMS_WORKLOADS_MAX }, (_, index) => make(index))
  const body = JSON.stringify({ workloads })
  const config: ClusterConfig = {
    trustDomain: undefined,
    cluster: DEFAULT_CLUSTER,
    workloadAttestation: DEFAULT_WORKLOAD_ATTESTATION,
    issuance: policy,
  }
  const times = { json: [] as number[], strict: [] as number[], mapping: [] as number[] }
  const results = mapAll(workloads, config)
  for (let round = 0; round < ROUNDS; round++) {
    times.json.push(timeOf(() => JSON.parse(body) && JSON.stringify({ results })))
    times.strict.push(timeOf(() => parseJson(body, JSON_DEPTH_MAX)))
    times.mapping.push(timeOf(() => mapAll(workloads, config)))
  }
  const [json, strict, mapping] = [best(times.json), best(times.strict), best(times.mapping)]
  const cells = [json, strict, mapping].map((millis) => millis.toFixed(1))
  console.log(
    `| ${name} | ${overrides} | ${Math.round(body.length / 1000)} | ${cells.join(' | ')} | ${(mapping / json).toFixed(2)} |`,
  )
}

/** As the endpoint does for the first request by a policy: later ones find the faults remembered. */
function mapAll(workloads: readonly WorkloadDescription[], config: ClusterConfig): readonly unknown[] {
  if (clusterId === undefined || !trustDomain.ok) return []
  const agent = { attributes: undefined, node: undefined }
  const standing = checkClusterMapping(clusterId, config)
  if (!standing.ok) throw new Error(standing.refusal.detail)
  const context = createMappingContext(clusterId, standing.value, config, {
    trustDomain: trustDomain.value,
    agent,
    meter: createMappingMeter(engine),
    faults: findMappingFaults(config),
  })
  const results = workloads.map(createWorkloadMapper(context, agent, readEnablement(config)))
  if (results.some((result) => 'error' in result))
    throw new Error(JSON.stringify(results.find((result) => 'error' in result)))
  return results
}

function timeOf(work: () => unknown): number {
  const started = performance.now()
  work()
  return performance.now() - started
}

/** What else runs on the machine only ever adds. */
function best(times: readonly number[]): number {
  return Math.min(...times)
}
