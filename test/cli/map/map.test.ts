import { execFile } from 'node:child_process'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import type { Io } from '../../../src/cli/command.ts'
import { CLAIMS_BODY_MAX_BYTES, MAPPED_OVERRIDES_MAX, MAPPED_VALUES_MAX } from '../../../src/core/limits.ts'
import { NODE, pod } from '../../gateway/mapping-world.ts'
import { type Bench, bench } from '../call.ts'

const POLICY = `section: SVIDIssuancePolicy
schema: v1
spec:
  policy:
    jwt:
      additionalClaims:
        app: "{{kubernetes.pod.label[app]}}"
  policyOverrides:
    - when: {kubernetes.pod.namespace: production}
      policy: {pathTemplate: "/prod/{{kubernetes.pod.service_account}}"}
    - when: {kubernetes.pod.label.app: [web, api]}
      condition: kubernetes.pod.service_account == "other"
      policy: {pathTemplate: "/other/{{kubernetes.pod.service_account}}"}
    - when: {kubernetes.pod.label.app: web}
      policy:
        pathTemplate: "/web/{{cluster.name}}/{{kubernetes.pod.service_account}}"
        x509: {subject: "O=Acme,OU={{kubernetes.pod.namespace}}", dnsNames: ["{{kubernetes.pod.service_account}}.svc"]}
`
const CLUSTER = 'section: Cluster\nschema: v1\nspec: {name: blue}\n'
const TRUST_DOMAIN = (prefix: string): string =>
  `section: TrustDomain\nschema: v1\nspec: {clusters: {c-1: {name: green, pathPrefixes: ["${prefix}"]}}}\n`

const ENVIRONMENT = { TRUST_DOMAIN: 'example.org' }

/** One cluster's documents in the folder `c-1`, and the pod of the baseline in `pod.json`. */
function world(
  documents: Readonly<Record<string, string>> = { SVIDIssuancePolicy: POLICY },
  change: Partial<Io> = {},
): Bench {
  const made = bench({ environment: ENVIRONMENT, ...change })
  for (const [section, text] of Object.entries(documents)) made.file(`c-1/${section}.yaml`, text)
  made.file('pod.json', JSON.stringify(pod()))
  return made
}

const asked = ['map', '--cluster-config', 'c-1', 'pod.json'] as const

describe('postern map', () => {
  it('says what identity a pod gets, which override gave it, and why no earlier one did', async () => {
    const { exitCode, out, err } = await world({ SVIDIssuancePolicy: POLICY, Cluster: CLUSTER }).call(...asked)
    expect([exitCode, err]).toEqual([0, ''])
    expect(out).toBe(`Cluster c-1, called blue, on k8s, in example.org

spiffe://example.org/web/blue/web
  JWT-SVID   3600 s, no additional claims
  X.509-SVID 86400 s
    subject: O=Acme,OU=default
    DNS name: web.svc

Policy: policyOverrides[2]
  policyOverrides[0] does not apply: kubernetes.pod.namespace is "default", expected "production"
  policyOverrides[1] does not apply: the condition is false: kubernetes.pod.service_account == "other"
  policyOverrides[2] applies

pathTemplate: /web/{{cluster.name}}/{{kubernetes.pod.service_account}}
  cluster.name = "blue"
  kubernetes.pod.service_account = "web"
  -> "/web/blue/web"

x509.subject: O=Acme,OU={{kubernetes.pod.namespace}}
  kubernetes.pod.namespace = "default"
  -> "O=Acme,OU=default"

x509.dnsNames[0]: {{kubernetes.pod.service_account}}.svc
  kubernetes.pod.service_account = "web"
  -> "web.svc"
`)
  })

  it('says the same as JSON, with the result as the claims endpoint has it', async () => {
    const { out } = await world().call(...asked, '--json')
    expect(JSON.parse(out)).toMatchObject({
      trustDomain: 'example.org',
      clusterId: 'c-1',
      platform: 'k8s',
      result: {
        id: 'web-1-x7',
        spiffeId: 'spiffe://example.org/web/c-1/web',
        policy: { source: 'override', index: 2 },
      },
      overrides: [
        {
          index: 0,
          holds: false,
          unmet: { attribute: 'kubernetes.pod.namespace', value: 'default', wanted: ['production'] },
        },
        { index: 1, holds: false, condition: { text: 'kubernetes.pod.service_account == "other"' } },
        { index: 2, holds: true },
      ],
      templates: [
        { field: 'pathTemplate', references: [{ attribute: 'cluster.name', value: 'c-1' }, {}], value: '/web/c-1/web' },
        { field: 'x509.subject', value: 'O=Acme,OU=default' },
        { field: 'x509.dnsNames[0]', value: 'web.svc' },
      ],
    })
  })

  it('holds the attributes of the agent against the policies that admit agents', async () => {
    const documents = {
      SVIDIssuancePolicy:
        'section: SVIDIssuancePolicy\nschema: v1\nspec: {policy: {pathTemplate: "/{{aws_iid.account.id}}"}}\n',
      AgentAttestation:
        'section: AgentAttestation\nschema: v1\nspec: {policies: [{name: a, requiredAttestors: [{type: k8s_token, config: {issuerURL: "https://a.example"}}]}]}\n',
    }
    const refusalOf = async (...more: readonly string[]): Promise<unknown> => {
      const made = world(documents)
      made.file('agent.json', JSON.stringify({ 'k8s_token.node.name': NODE }))
      const { exitCode, out } = await made.call(...asked, '--json', ...more)
      return [exitCode, JSON.parse(out).result.error.code]
    }
    expect(await refusalOf()).toEqual([1, 'attribute_missing'])
    expect(await refusalOf('--agent-attributes', 'agent.json')).toEqual([1, 'attribute_not_enabled'])
  })

  it('says what was refused and how to mend it, with every other template beside it', async () => {
    const policy = `section: SVIDIssuancePolicy
schema: v1
spec: {policy: {pathTemplate: "/{{kubernetes.pod.owner}}", jwt: {additionalClaims: {app: "{{kubernetes.pod.label[app]}}"}}}}
`
    const { exitCode, out } = await world({ SVIDIssuancePolicy: policy }).call(...asked)
    expect(exitCode).toBe(1)
    expect(out).toContain('refused attribute_invalid (pathTemplate, kubernetes.pod.owner)')
    expect(out).toContain('use the filter replace(":", "-")')
    expect(out).toContain(
      'jwt.additionalClaims.app: {{kubernetes.pod.label[app]}}\n  kubernetes.pod.label[app] = "web"\n  -> "web"',
    )
  })

  it('reads the pod from the standard input, and the one pod of a list', async () => {
    for (const json of [pod(), { kind: 'List', items: [pod()] }]) {
      const input = (): Promise<Uint8Array> => Promise.resolve(new TextEncoder().encode(JSON.stringify(json)))
      const { exitCode, out } = await world(undefined, { input }).call('map', '--cluster-config', 'c-1', '-')
      expect([exitCode, out.split('\n')[2]]).toEqual([0, 'spiffe://example.org/web/c-1/web'])
    }
  })

  it.each([
    ['the standard input', '-'],
    ['pod.json', 'pod.json'],
  ])('reads no more of %s than of a request', async (name, argument) => {
    const large = JSON.stringify(pod()).padEnd(CLAIMS_BODY_MAX_BYTES + 1)
    const made = world(undefined, { input: () => Promise.resolve(undefined) })
    made.file('pod.json', large.slice(1))
    expect((await made.call('map', '--cluster-config', 'c-1', 'pod.json')).err).toContain('as JSON')
    made.file('pod.json', large)
    const { exitCode, err } = await made.call('map', '--cluster-config', 'c-1', argument)
    expect([exitCode, err]).toEqual([2, expect.stringContaining(`${name} has more than ${CLAIMS_BODY_MAX_BYTES}`)])
  })

  it.each([
    [MAPPED_VALUES_MAX, '"v4"'],
    [MAPPED_VALUES_MAX + 1, '"v4" or 1 others'],
  ])('names of %i values that a match looks for so many', async (count, end) => {
    const values = Array.from({ length: count }, (_, n) => `v${n}`).join(', ')
    const made = world({
      SVIDIssuancePolicy: `section: SVIDIssuancePolicy\nschema: v1\nspec: {policyOverrides: [{when: {kubernetes.pod.label.app: [${values}]}, policy: {}}]}\n`,
    })
    const { out } = await made.call(...asked)
    expect(out).toContain(`is "web", expected "v0" or "v1" or "v2" or "v3" or ${end}\n`)
  })

  it.each([
    [MAPPED_OVERRIDES_MAX, 0],
    [MAPPED_OVERRIDES_MAX + 1, 1],
  ])('lists of %i overrides that do not apply, without %i earlier ones', async (count, left) => {
    const overrides = Array.from({ length: count }, (_, n) => `{when: {kubernetes.pod.label.app: v${n}}, policy: {}}`)
    const made = world({
      SVIDIssuancePolicy: `section: SVIDIssuancePolicy\nschema: v1\nspec: {policyOverrides: [${overrides.join(', ')}]}\n`,
    })
    const { out } = await made.call(...asked)
    expect(out.match(/policyOverrides\[/g)).toHaveLength(MAPPED_OVERRIDES_MAX)
    expect(out.includes(`${left} earlier overrides`)).toBe(left > 0)
  })

  it('reads attributes where there is no pod', async () => {
    const made = world({ Cluster: 'section: Cluster\nschema: v1\nspec: {platform: linux}\n' })
    made.file('vm.json', '{"attributes": {"linux.user.name": "www"}}')
    const { out } = await made.call('map', '--cluster-config', 'c-1', 'vm.json')
    expect(out).toContain('spiffe://example.org/c-1/www\n')
    expect(out).toContain('Policy: the defaults of the platform')
  })

  it('reads a store, and what TrustDomain says of the cluster', async () => {
    const made = world({})
    made.file('store/clusters/c-1/SVIDIssuancePolicy.yaml', POLICY)
    made.file('store/trust-domain/TrustDomain.yaml', TRUST_DOMAIN('/web'))
    for (const args of [['store'], ['store/clusters/c-1'], ['store', '--cluster', 'c-1']]) {
      expect((await made.call('map', '--cluster-config', ...args, 'pod.json')).out).toContain(
        'spiffe://example.org/web/green/web\n',
      )
    }
    made.file('store/trust-domain/TrustDomain.yaml', TRUST_DOMAIN('/webs'))
    const refused = await made.call('map', '--cluster-config', 'store', 'pod.json')
    expect([refused.exitCode, refused.out]).toEqual([1, expect.stringContaining('refused path_outside_cluster')])
    made.file('store/clusters/c-2/SVIDIssuancePolicy.yaml', POLICY)
    const many = await made.call('map', '--cluster-config', 'store', 'pod.json')
    expect([many.exitCode, many.err]).toEqual([2, expect.stringContaining('c-1, c-2')])
  })

  it.each<[string, string, string, string]>([
    ['refuses it by default', '', '/web', 'cluster_unlisted'],
    ['refuses it', ', unlisted: refuse', '/web', 'cluster_unlisted'],
    ['warns of it, and gives its path to another', ', unlisted: warn', '/web', 'path_outside_cluster'],
    ['warns of it, and gives its name to another', ', unlisted: warn, name', '/webs', 'cluster_name_taken'],
    ['warns of it', ', unlisted: warn', '/webs', 'spiffe://example.org/web/blue/web'],
  ])(
    'decides as the gateway does where TrustDomain does not list the cluster and %s',
    async (_what, more, prefix, said) => {
      const made = world({})
      made.file('store/clusters/c-1/SVIDIssuancePolicy.yaml', POLICY)
      made.file('store/clusters/c-1/Cluster.yaml', CLUSTER)
      const name = more.endsWith('name') ? 'Blue' : 'green'
      const clusters = `clusters: {c-9: {name: ${name}, pathPrefixes: ["${prefix}"]}}`
      const spec = `{${clusters}${more.replace(', name', '')}}`
      made.file('store/trust-domain/TrustDomain.yaml', `section: TrustDomain\nschema: v1\nspec: ${spec}\n`)
      const { exitCode, out, err } = await made.call('map', '--cluster-config', 'store', 'pod.json')
      expect([exitCode, out + err]).toEqual([said.startsWith('spiffe') ? 0 : 1, expect.stringContaining(said)])
    },
  )

  it.each<[string, unknown]>([
    [
      'an answer to a login',
      { policy: 'p', attributes: [{ origin: 'k8s_token', name: 'k8s_token.node.name', value: NODE }] },
    ],
    ['a list', [{ name: 'k8s_token.node.name', value: NODE }]],
    ['an object', { 'k8s_token.node.name': NODE }],
  ])('takes what the agent proves from %s', async (_what, json) => {
    const made = world({ Cluster: 'section: Cluster\nschema: v1\nspec: {requireNode: true}\n' })
    made.file('agent.json', JSON.stringify(json))
    expect(await made.call(...asked)).toMatchObject({ exitCode: 1, err: expect.stringContaining('node_required') })
    expect((await made.call(...asked, '--agent-attributes', 'agent.json')).exitCode).toBe(0)
    made.file('agent.json', JSON.stringify(json).replaceAll(NODE, 'other'))
    const other = await made.call(...asked, '--agent-attributes', 'agent.json')
    expect([other.exitCode, other.out]).toEqual([1, expect.stringContaining('node_mismatch')])
  })

  const LONG = 'kubernetes.pod.label[long]'
  const claimsOf = (count: number, template: string): object => ({
    policy: {
      jwt: { additionalClaims: Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, template])) },
    },
  })
  const unread = { condition: 'false && kubernetes.pod.label["long"] == "x"', policy: {} }
  it.each<[string, object]>([
    ['answer_too_large', claimsOf(20, `{{${LONG}}}`)],
    ['mapping_too_costly', claimsOf(30, `{{${LONG} | replace("x", "")}}`.repeat(80))],
    ['condition_fault', { policyOverrides: Array.from({ length: 10_000 }, () => unread) }],
  ])('refuses what the gateway refuses for its budgets, and shows no override that holds: %s', async (code, spec) => {
    const w = world({ SVIDIssuancePolicy: JSON.stringify({ section: 'SVIDIssuancePolicy', schema: 'v1', spec }) })
    const attributes = {
      'kubernetes.pod.namespace': 'a',
      'kubernetes.pod.service_account': 'b',
      [LONG]: 'x'.repeat(8000),
    }
    w.file('long.json', JSON.stringify({ attributes }))
    const { exitCode, out } = await w.call('map', '--cluster-config', 'c-1', '--json', 'long.json')
    const { result, overrides } = JSON.parse(out)
    expect([exitCode, result.error?.code]).toEqual([1, code])
    // The override that could not be decided is the last one shown, as for the gateway it is the last one asked.
    if (code === 'condition_fault') expect(overrides.at(-1)).toMatchObject({ condition: { refusal: { code } } })
    for (const { holds } of overrides) expect(holds).not.toBe(true)
  })

  it('takes the container by its name', async () => {
    const made = world({
      Cluster: 'section: Cluster\nschema: v1\nspec: {includeContainerAttributes: true}\n',
      SVIDIssuancePolicy:
        'section: SVIDIssuancePolicy\nschema: v1\nspec: {policy: {pathTemplate: "/x/{{kubernetes.container.name}}"}}\n',
    })
    expect((await made.call(...asked, '--container', 'app')).out).toContain('spiffe://example.org/x/app\n')
    expect((await made.call(...asked, '--container', 'none')).out).toContain('refused container_unknown')
    expect((await made.call(...asked)).out).toContain('refused attribute_missing')
  })

  it('shows a document that does not compile with its issues, and maps nothing', async () => {
    const { exitCode, out, err } = await world({ SVIDIssuancePolicy: POLICY.replace('[app]}}"', '[app]}"') }).call(
      ...asked,
    )
    expect([exitCode, out]).toEqual([1, ''])
    expect(err).toMatch(/c-1\/SVIDIssuancePolicy\.yaml:7:\d+: error/)
  })

  it('prints nothing that steers a terminal', async () => {
    const made = world({
      SVIDIssuancePolicy:
        'section: SVIDIssuancePolicy\nschema: v1\nspec: {policy: {jwt: {additionalClaims: {a: "{{kubernetes.pod.label[app]}}"}}}}\n',
    })
    made.file('pod.json', JSON.stringify(pod()).replaceAll('"web"', JSON.stringify('w\u001b[31m\u202e\u009b')))
    const { out } = await made.call(...asked)
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })

  it.each<[string, readonly string[], RegExp]>([
    ['no directory', ['map', 'pod.json'], /--cluster-config/],
    ['no pod', ['map', '--cluster-config', 'c-1'], /argument 'pod'/],
    ['two pods', [...asked, 'pod.json'], /too many arguments/],
    ['a directory that is not there', ['map', '--cluster-config', 'c-9', 'pod.json'], /c-9/],
    [
      'a directory without documents',
      ['map', '--cluster-config', 'c-1', '--cluster', 'c-1', 'pod.json'],
      /contains no/,
    ],
    ['an id that is none', [...asked, '--cluster', '../x'], /not a cluster id/],
    ['a pod that is not there', ['map', '--cluster-config', 'c-1', 'none.json'], /none\.json/],
    ['a pod that is no JSON', ['map', '--cluster-config', 'c-1', 'c-1/x.txt'], /as JSON/],
    ['an agent attribute that is none', [...asked, '--agent-attributes', 'pod.json'], /unknown attribute/],
    ['an unknown flag', [...asked, '--polcy', 'x'], /--polcy/],
    ['a trust domain that is none', [...asked, '--trust-domain', 'spiffe://x'], /not a trust domain/],
  ])('ends with usage for %s', async (what, args, message) => {
    const made = world(what.includes('without') ? {} : undefined)
    made.file('c-1/x.txt', '{')
    const { exitCode, err } = await made.call(...args)
    expect([exitCode, err]).toEqual([2, expect.stringMatching(message)])
  })

  it('needs to be told the trust domain', async () => {
    const { exitCode, err } = await world(undefined, { environment: {} }).call(...asked)
    expect([exitCode, err]).toEqual([2, expect.stringContaining('TRUST_DOMAIN')])
    expect((await world(undefined, { environment: {} }).call(...asked, '--trust-domain', 'x.org')).exitCode).toBe(0)
  })

  it('works as a process behind a pipe', async () => {
    const made = world()
    const printed = await new Promise<string>((done, fail) => {
      const child = execFile(
        process.execPath,
        ['src/cli/postern.ts', 'map', '--cluster-config', `${made.folder}/c-1`, '-'],
        { env: { ...process.env, ...ENVIRONMENT } },
        (error, stdout) => (error === null ? done(stdout) : fail(error)),
      )
      child.stdin?.end(JSON.stringify(pod()))
    })
    expect(printed).toContain('spiffe://example.org/web/c-1/web\n')
  })
})
