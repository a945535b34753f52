// Workloads as an issuer sends them.
import type { WorkloadDescription } from '../../src/policy/mapping/workload.ts'

/** As flat attributes. */
export const describeAttributes = (index: number): WorkloadDescription => ({
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

/** As the whole object of its pod. */
export const describePod = (index: number): WorkloadDescription => ({
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
