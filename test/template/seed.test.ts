import { describe, expect, it } from 'vitest'
import type { AttributeValue } from '../../src/attribute/attribute.ts'
import { resolveAttribute } from '../../src/attribute/catalogue.ts'
import { issuesOf, outcome, type Values } from './rendering.ts'

// The documented table of Kubernetes attributes, read as a test: each is rendered on each surface that its notes allow.
const TABLE: readonly (readonly [name: string, value: AttributeValue, path: string | undefined, mend: string])[] = [
  ['kubernetes.pod.image_count', 1, '1', ''],
  ['kubernetes.pod.init_image_count', 0, '0', ''],
  ['kubernetes.pod.name', 'web-5cfd45f6c9-x2x4z', 'web-5cfd45f6c9-x2x4z', ''],
  ['kubernetes.pod.namespace', 'default', 'default', ''],
  ['kubernetes.pod.uid', '316ea285-b878-4d20-a9fe-2e1c79b0f083', '316ea285-b878-4d20-a9fe-2e1c79b0f083', ''],
  ['kubernetes.pod.node.name', 'ip-10-0-0-1.ec2.internal', 'ip-10-0-0-1.ec2.internal', ''],
  ['kubernetes.pod.owner', 'ReplicaSet:web-5cfd45f6c9', 'ReplicaSet-web-5cfd45f6c9', '| replace(":", "-")'],
  ['kubernetes.pod.owner_uid', '316ea285-b878-4d20-a9fe-2e1c79b0f083', '316ea285-b878-4d20-a9fe-2e1c79b0f083', ''],
  ['kubernetes.pod.service_account', 'web', 'web', ''],
  ['kubernetes.pod.container.app.image.name', 'ghcr.io/acme/web:1.2', undefined, ''],
  ['kubernetes.pod.container.app.image.id', 'ghcr.io/acme/web@sha256:0a', undefined, ''],
  ['kubernetes.pod.init_container.setup.image.name', 'busybox:1', undefined, ''],
  ['kubernetes.pod.init_container.setup.image.id', 'busybox@sha256:0b', undefined, ''],
  ['kubernetes.pod.label[app]', 'web', 'web', ''],
  ['kubernetes.pod.label[app.kubernetes.io/name]', 'web', 'web', ''],
  ['kubernetes.pod.annotation[example.com/my-annotation]', 'blue', 'blue', ''],
  ['kubernetes.container.name', 'app', 'app', ''],
  [
    'kubernetes.container.image.name',
    'ghcr.io/acme/web:1.2',
    'ghcr.io-acme-web-1.2',
    '| replace("/", "-") | replace(":", "-")',
  ],
  [
    'kubernetes.container.image.id',
    'acme/web@sha256:0a',
    'acme-web-sha256-0a',
    '| replace("/", "-") | replace(":", "-") | replace("@", "-")',
  ],
]

describe.each(TABLE)('%s', (name, value, path, mend) => {
  const values: Values = { [name]: value }

  it('is in the catalogue, as a workload attribute of Kubernetes', () => {
    expect(resolveAttribute(name)).toMatchObject({ name, row: { origin: 'kubernetes', side: 'workload' } })
  })

  it(path === undefined ? 'is refused in a path template' : 'renders into a path', () => {
    const text = `/x/{{ ${name} ${mend} }}`
    if (path === undefined) expect(issuesOf(text, 'pathTemplate')).toEqual(['attribute_surface_forbidden'])
    else expect(outcome('pathTemplate', text, values)).toBe(`/x/${path}`)
  })

  it('renders into a claim, a count as text', () => {
    expect(outcome('jwtClaim', `{{${name}}}`, values)).toBe(String(value))
  })

  it('renders into a subject', () => {
    expect(outcome('x509Subject', `OU=${'x'},CN={{${name}}}`, values)).toBe(`OU=x,CN=${value}`)
  })

  it('renders into a DNS name, or its surface lets it', () => {
    expect(issuesOf(`{{${name}}}.example.org`, 'dnsName').filter((code) => code !== 'attribute_may_be_absent')).toEqual(
      [],
    )
  })

  it('is refused by name where it is absent', () => {
    expect(outcome('jwtClaim', `{{${name}}}`, {})).toBe('attribute_missing')
  })
})

describe('the documented default templates', () => {
  it.each([
    [
      '/{{cluster.name}}/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}',
      '/prod/ns/default/sa/web',
    ],
    ['/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}', '/ns/default/sa/web'],
    ['/{{node_group.name}}/{{linux.user.name}}', '/edge/www-data'],
    ['/users/{{email.domain}}/{{email.username}}', '/users/example.org/ada'],
    ['/{{spirl.realm}}/{{realm.name}}', '/blue/blue'],
    [
      '/aws/{{aws_iid.account.id}}/{{aws_iid.ec2.instance.region}}/{{aws_iid.ec2.instance.id}}',
      '/aws/123456789012/us-east-1/i-0abc',
    ],
    ['/ssh/{{ssh_pop.principal}}', '/ssh/host1.example.org'],
  ])('render: %s', (text, path) => {
    const values: Values = {
      'cluster.name': 'prod',
      'kubernetes.pod.namespace': 'default',
      'kubernetes.pod.service_account': 'web',
      'node_group.name': 'edge',
      'linux.user.name': 'www-data',
      'email.domain': 'example.org',
      'email.username': 'ada',
      'realm.name': 'blue',
      'aws_iid.account.id': '123456789012',
      'aws_iid.ec2.instance.region': 'us-east-1',
      'aws_iid.ec2.instance.id': 'i-0abc',
      'ssh_pop.principal': ['host1.example.org'],
    }
    expect(outcome('pathTemplate', text, values)).toBe(path)
  })
})
