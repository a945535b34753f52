// The documents of a real user of a Trust Domain Server, unchanged but for names: each compiles, and a login or a mapping by
// each ends as that user expects.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Attribute } from '../../src/attribute/attribute.ts'
import { compileDocument } from '../../src/config/compile/compile.ts'
import type { SectionName } from '../../src/config/sections/table.ts'
import { computeDigest } from '../../src/core/digest.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import { type MadeTpm, makeTpm } from '../attest/tpm-ek/made-tpm.ts'
import { AUTHORITY, openX509Hosts } from '../attest/x509-pop/x509-hosts.ts'
import { COMPILE_CONTEXT } from '../config/compile-context.ts'
import { type Answer, createWorld, type World } from '../gateway/fixture.ts'
import { agentSessionOf, mapOne, pod, put, serverPolicy, sessionOf } from '../gateway/mapping-world.ts'
import { OPENSSL } from '../installed.ts'
import { DISCOVERY_PATH, KEYS_PATH } from '../token/issuer.ts'

/** The issuer of the user's cluster, which his agents' tokens name. */
const ISSUER = 'https://oidc.home.example'
const PLACEHOLDER = /-----BEGIN CERTIFICATE-----\n +MIIB\n +-----END CERTIFICATE-----/
const CLUSTER = 'c-1'
const WEBHOOK = 'https://iot-attestor.webhooks.svc.cluster.local:8443'
const WEBHOOK_KEY = Buffer.alloc(32, 7).toString('base64url')

/** What the user's hosts serve, by URL. */
const served = new Map<string, string>()

/** Allows every device, by the name that its proof has. */
async function answerAsWebhook(init: RequestInit | undefined): Promise<Response> {
  const bytes = new Uint8Array(await new Response(init?.body ?? '').arrayBuffer())
  const asked = JSON.parse(new TextDecoder().decode(bytes)) as { requestId: string; proof: { device: string } }
  return Response.json({
    requestId: asked.requestId,
    requestDigest: await computeDigest(bytes),
    allow: true,
    attributes: { device_id: asked.proof.device },
  })
}

let world: World
let authority = ''
/** The one whose hash is in the user's document. */
let tpm: MadeTpm
beforeAll(async () => {
  world = await createWorld({
    stateless: true,
    issuerUrl: 'https://login.example.org',
    environment: {
      WEBHOOKS: JSON.stringify({ [WEBHOOK]: { hmac: [{ kid: 'k1', key: WEBHOOK_KEY }], private: true } }),
    },
    // The names are the user's own: what answers for them here is the issuer on loopback, and a webhook that knows its devices.
    fetch: async (url, init) => {
      if (url.startsWith(WEBHOOK)) return answerAsWebhook(init)
      const answer = served.get(url)
      return answer === undefined ? fetch(url.replace(ISSUER, world.issuer.origin), init) : new Response(answer)
    },
  })
  world.issuer.answer(DISCOVERY_PATH, (_request, response) =>
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ issuer: ISSUER, jwks_uri: `${ISSUER}${KEYS_PATH}` })),
  )
  tpm = makeTpm('RSA-2048')
  if (!OPENSSL) return
  const tool = openX509Hosts()
  authority = tool.make('authority', { extensions: AUTHORITY }).trim()
  tool.tool.remove()
})
afterAll(() => world.stop())
beforeEach(() => {
  world.store.values.clear()
  // Issuers log in by the user's issuer as well, so that their policy compiles without loopback.
  put(world, 'trust-domain/TrustDomainServerAttestation', {
    policies: [serverPolicy({ ...world, issuer: { ...world.issuer, issuer: ISSUER } }, 'issuer')],
  })
  world.restart()
})

/** The file as it is stored. Placeholders of a certificate, with the indentation of its place, and of a hash are replaced by real ones. */
function read(file: string): string {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8')
  return text.replace(PLACEHOLDER, authority.split('\n').join('\n          ')).replace(HASH, tpm.hash)
}
const store = (file: string, section: SectionName): void =>
  world.store.put(`clusters/${CLUSTER}/${section}`, read(file))

/** Agents log in by the policies of these documents: those of one cannot be stored beside those of another. */
function storeAgents(...files: readonly string[]): void {
  const policies = files.flatMap((file) => {
    const [, list = ''] = read(file).split('  policies:\n')
    return list.trimEnd().split('\n')
  })
  const head = ['section: AgentAttestation', 'schema: v1', 'spec:', '  policies:']
  world.store.put(`clusters/${CLUSTER}/AgentAttestation`, [...head, ...policies, ''].join('\n'))
}

async function logIn(type: string, evidence: object): Promise<Answer> {
  return world.post(`/v1/clusters/${CLUSTER}/login`, JSON.stringify({ attestations: [{ type, evidence }] }))
}
async function askServerless(type: string, evidence: object): Promise<Answer> {
  return world.post(`/v1/clusters/${CLUSTER}/serverless`, JSON.stringify({ attestations: [{ type, evidence }] }), {
    'Content-Type': 'application/json',
    Authorization: `Bearer ${await sessionOf(world)}`,
  })
}
/** The codes by which evidence was refused, or what it got. */
const tell = ({ status, body }: Answer): string =>
  status === 200
    ? `200 ${body['spiffeId'] ?? body['policy']}`
    : [status, ...(body.refusals ?? []).map(({ code }) => code)].join(' ')

async function map(workload: object, agent: readonly Attribute[]): Promise<string> {
  const agentSession = await agentSessionOf(world, { attributes: agent })
  const { spiffeId, x509, error } = await mapOne(world, workload, { agentSession })
  return error === undefined ? [spiffeId, ...(x509?.dnsNames ?? [])].join(' ') : JSON.stringify(error)
}
const proved = (name: string, value: string): readonly Attribute[] => [
  { origin: name.split('.')[0] ?? '', name, value },
]

/** A node group whose agents log in by the user's documents. */
function storeNodes(workloads: string, issuance: string): void {
  put(world, `clusters/${CLUSTER}/Cluster`, { name: 'rack-1', platform: 'linux' })
  store(workloads, 'WorkloadAttestation')
  store(issuance, 'SVIDIssuancePolicy')
  world.restart()
}

interface Case {
  readonly section: SectionName
  readonly run: () => Promise<string>
  readonly told: string
  /** The document has a certificate, which `openssl` makes. */
  readonly hasCertificate?: true
}

const HASH = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0'
const COMPOSE = 'docker.container.label[com.docker.compose.service]'

const CASES: Readonly<Record<string, Case>> = {
  'agent-tpm.yaml': {
    section: 'AgentAttestation',
    async run() {
      store('agent-tpm.yaml', 'AgentAttestation')
      const asked = await world.post(
        `/v1/clusters/${CLUSTER}/challenge`,
        JSON.stringify({ type: 'tpm_ek', request: tpm.request }),
      )
      const challenge = String(asked.body['challenge'])
      const lines = ['postern-login/1', 'https://login.example.org', 'agent', CLUSTER, challenge].join('\n')
      const answer = tpm.answer(String(asked.body['credential']), lines)
      const attestations = [{ type: 'tpm_ek', evidence: { answer }, challenge }]
      return tell(await world.post(`/v1/clusters/${CLUSTER}/login`, JSON.stringify({ attestations })))
    },
    told: '200 dpu_policy',
  },
  'agent-dns.yaml': {
    section: 'AgentAttestation',
    async run() {
      store('agent-dns.yaml', 'AgentAttestation')
      const place = { hostname: 'nas.lan', port: 3470 }
      const asked = await world.post(
        `/v1/clusters/${CLUSTER}/challenge`,
        JSON.stringify({ type: 'http_dns', request: place }),
      )
      const challenge = String(asked.body['challenge'])
      const lines = ['postern-login/1', 'https://login.example.org', 'agent', CLUSTER, challenge].join('\n')
      served.set(`http://nas.lan:3470${asked.body['path']}`, createHash('sha256').update(lines).digest('base64url'))
      const attestations = [{ type: 'http_dns', evidence: place, challenge }]
      return tell(await world.post(`/v1/clusters/${CLUSTER}/login`, JSON.stringify({ attestations })))
    },
    told: '200 linux_policy',
  },
  'serverless.yaml': {
    section: 'ServerlessAttestation',
    hasCertificate: true,
    async run() {
      store('serverless.yaml', 'ServerlessAttestation')
      return tell(await askServerless('extension', { proof: { device: 'esp32-7' } }))
    },
    told: '200 spiffe://example.org/iot/esp32-7',
  },
  'agent-k8s.yaml': {
    section: 'AgentAttestation',
    async run() {
      store('agent-k8s.yaml', 'AgentAttestation')
      return tell(await logIn('k8s_token', { token: await world.issuer.mint({ claims: { iss: ISSUER } }) }))
    },
    told: '200 k8s_policy',
  },
  'svid-k8s.yaml': {
    section: 'SVIDIssuancePolicy',
    async run() {
      store('agent-k8s.yaml', 'AgentAttestation')
      put(world, `clusters/${CLUSTER}/Cluster`, { name: 'home' })
      store('svid-k8s.yaml', 'SVIDIssuancePolicy')
      world.restart()
      return map({ pod: pod(), container: 'app' }, proved('k8s_token.node.name', 'ip-10-0-1-1.ec2.internal'))
    },
    told: 'spiffe://example.org/home/ns/default/sa/web web.svc.home.example',
  },
  'svid-linux.yaml': {
    section: 'SVIDIssuancePolicy',
    async run() {
      storeAgents('agent-dns.yaml', 'agent-k8s.yaml')
      storeNodes('workload-linux.yaml', 'svid-linux.yaml')
      return map({ [COMPOSE]: 'web' }, proved('http_dns.hostname', 'nas.lan'))
    },
    told: 'spiffe://example.org/rack-1/nas.lan/web',
  },
  'svid-tpm.yaml': {
    section: 'SVIDIssuancePolicy',
    async run() {
      storeAgents('agent-tpm.yaml', 'agent-k8s.yaml')
      storeNodes('workload-systemd.yaml', 'svid-tpm.yaml')
      return map({ 'systemd.id': 'nginx.service' }, proved('tpm_ek.public_hash', HASH))
    },
    told: `spiffe://example.org/rack-1/${HASH}/nginx.service`,
  },
  'workload-linux.yaml': {
    section: 'WorkloadAttestation',
    async run() {
      storeAgents('agent-k8s.yaml')
      put(world, `clusters/${CLUSTER}/Cluster`, { name: 'rack-1', platform: 'linux' })
      store('workload-linux.yaml', 'WorkloadAttestation')
      world.restart()
      return map({ 'linux.user.name': 'www-data' }, proved('k8s_token.namespace', 'x'))
    },
    told: 'spiffe://example.org/rack-1/www-data',
  },
  'workload-systemd.yaml': {
    section: 'WorkloadAttestation',
    async run() {
      storeAgents('agent-k8s.yaml')
      storeNodes('workload-systemd.yaml', 'svid-k8s.yaml')
      const agentSession = await agentSessionOf(world, { attributes: [] })
      const { error } = await mapOne(world, { 'systemd.id': 'nginx.service' }, { agentSession })
      return `${error?.code} ${error?.attribute}`
    },
    // It turns the attestor of Kubernetes off, and the path of svid-k8s.yaml waits for it.
    told: 'attribute_not_enabled kubernetes.pod.namespace',
  },
}

describe('the documents of a user', () => {
  it('each have a case', () => {
    const files = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.yaml'))
    expect(Object.keys(CASES).sort()).toEqual(files.sort())
  })

  describe.each(Object.entries(CASES))('%s', (file, { section, run, told, hasCertificate }) => {
    const isSkipped = hasCertificate === true && !OPENSSL
    it.skipIf(isSkipped)('compiles', () => {
      const result = compileDocument(section, encodeUtf8(read(file)), COMPILE_CONTEXT)
      const issues = result.ok ? result.warnings : result.issues
      const isUnsupported = issues.some(({ code }) => code === 'attestor_unsupported')
      expect([result.ok, isUnsupported]).toEqual([true, false])
    })

    it.skipIf(isSkipped)('ends as its author expects', async () => {
      expect(await run()).toBe(told)
    })
  })
})

describe('the name of a node group', () => {
  it('is that of a Linux cluster, and of no other', async () => {
    storeAgents('agent-dns.yaml', 'agent-k8s.yaml')
    storeNodes('workload-linux.yaml', 'svid-linux.yaml')
    put(world, `clusters/${CLUSTER}/Cluster`, { name: 'rack-1' })
    world.restart()
    expect(await map({ [COMPOSE]: 'web' }, proved('http_dns.hostname', 'nas.lan'))).toContain('attribute_not_enabled')
  })
})
