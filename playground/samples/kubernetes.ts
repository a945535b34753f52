// A cluster whole: who may log in as its agent, and what its workloads are called.
import { agents, type SampleDefinition, times } from './sample.ts'

const ISSUER = 'https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF123456'

const POLICIES = agents(`    - name: eks_agents
      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: ${ISSUER}
            serviceAccountNamespace: spirl-system
            serviceAccountName: spirl-agent
      conditions:
        - expression: has(k8s_token.node.name) && k8s_token.node.name.startsWith("ip-10-0-")
          message: agents run on the nodes of 10.0.0.0/16 only
    - name: break_glass
      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: ${ISSUER}
            serviceAccountNamespace: ops
            serviceAccountName: break-glass
`)

const ISSUANCE = `section: SVIDIssuancePolicy
schema: v1
spec:
  policy:
    pathTemplate: "/{{cluster.name}}/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}"
    x509:
      ttl: 24h
      subject: "O=Acme Corp,OU={{kubernetes.pod.namespace}}"
      dnsNames: ["{{kubernetes.pod.service_account}}.payments.example.org"]
    jwt:
      ttl: 1h
      additionalClaims:
        namespace: "{{kubernetes.pod.namespace}}"
        team: "{{kubernetes.pod.label[team] | default(\\"none\\")}}"
  policyOverrides:
    - when:
        kubernetes.pod.label[tier]: gold
      policy:
        pathTemplate: "/{{cluster.name}}/gold/{{kubernetes.pod.service_account}}"
`

const CLUSTER = `section: Cluster
schema: v1
spec:
  name: payments
  platform: eks
  requireAgentSession: true
  requireNode: true
`

/** As \`kubectl get pod checkout-6d5f7c9b8-x2x9q -o json\` prints it, shortened. */
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'checkout-6d5f7c9b8-x2x9q',
    namespace: 'shop',
    uid: '316ea285-b878-4d20-a9fe-2e1c79b0f083',
    labels: { app: 'checkout', team: 'payments' },
  },
  spec: {
    nodeName: 'ip-10-0-1-1.ec2.internal',
    serviceAccountName: 'checkout',
    containers: [{ name: 'app', image: 'registry.example.org/checkout:1.4.2' }],
  },
}

export const KUBERNETES: SampleDefinition = {
  id: 'kubernetes',
  attestor: 'k8s_token',
  title: 'Kubernetes: a bound service account token',
  hint: 'Change the namespace in the policy, or the time, and see which check refuses.',
  documents: [
    POLICIES,
    { scope: 'cluster', section: 'SVIDIssuancePolicy', text: ISSUANCE },
    { scope: 'cluster', section: 'Cluster', text: CLUSTER },
  ],
  workload: JSON.stringify(POD, undefined, 2),
  evidence: {
    kind: 'token',
    claims: {
      aud: ['spiffe://example.org'],
      ...times(3600),
      iss: ISSUER,
      jti: 'ea28ed49-2e11-4280-9ec5-bc3d1d84661a',
      'kubernetes.io': {
        namespace: 'spirl-system',
        node: { name: 'ip-10-0-1-1.ec2.internal', uid: '58456cb0-dd00-45ed-b797-5578fdceaced' },
        pod: { name: 'spirl-agent-jv9gn', uid: '778a530c-b3f4-47c0-9cd5-ab018fb64f33' },
        serviceaccount: { name: 'spirl-agent', uid: 'a087d5a0-e1dd-43ec-93ac-f13d89cd13af' },
      },
      nbf: times(0).iat,
      sub: 'system:serviceaccount:spirl-system:spirl-agent',
    },
  },
}
