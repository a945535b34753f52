// Webhooks over TLS from the processes of Node and Deno: the authorities of a document and no others, names that resolve to
// private addresses where the setting allows it, and what is in the log.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KEYS, listWebhook, startWebhook, type WebhookServer } from '../attest/extension/webhook-server.ts'
import { OPENSSL } from '../installed.ts'
import { type Certificates, makeCertificates } from '../tls/certificates.ts'
import { startIssuer, type TestIssuer } from '../token/issuer.ts'
import { type Host, startHost } from './hosts.ts'

const BEARER = 'the-bearer-of-the-webhook'

let certificates: Certificates
let issuer: TestIssuer
let webhook: WebhookServer
let stranger: WebhookServer
beforeAll(async () => {
  if (!OPENSSL) return
  certificates = makeCertificates()
  issuer = await startIssuer()
  webhook = await startWebhook({ tls: certificates.of('good') })
  stranger = await startWebhook({ tls: certificates.of('unknown_authority') })
})
afterAll(async () => {
  await Promise.all([issuer, webhook, stranger].map((one) => one?.stop()))
  certificates?.remove()
})

function documents(): Readonly<Record<string, string>> {
  const caCerts = readFileSync(certificates.caFile, 'utf8')
  const policies = (config: object): string =>
    JSON.stringify({
      section: 'AgentAttestation',
      schema: 'v1',
      spec: {
        policies: [
          {
            name: 'p',
            requiredAttestors: [
              { type: 'k8s_token', config: { issuerURL: issuer.issuer } },
              { type: 'extension', config: { caCerts, authType: 'BEARER', ...config } },
            ],
          },
        ],
      },
    })
  return {
    'clusters/good/AgentAttestation': policies({ webhookURL: webhook.url }),
    'clusters/retried/AgentAttestation': policies({ webhookURL: webhook.url, maxRetries: 1 }),
    'clusters/stranger/AgentAttestation': policies({ webhookURL: stranger.url }),
    'clusters/ours/AgentAttestation': policies({ webhookURL: webhook.url, caCerts: undefined }),
  }
}

describe.skipIf(!OPENSSL).each(['node', 'deno'] as const)('on %s', (name) => {
  let host: Host
  beforeAll(async () => {
    const webhooks = [webhook, stranger].map(({ origin }) => listWebhook(origin, { bearer: BEARER, private: true }))
    // The authority of the host itself: it is not one of the document that has its own.
    const stranded = { NODE_EXTRA_CA_CERTS: certificates.strangerFile }
    host = await startHost(name, documents(), {
      change: { WEBHOOKS: JSON.stringify(Object.assign({}, ...webhooks)), ...stranded },
    })
  })
  afterAll(() => host?.stop())

  async function logIn(cluster: string): Promise<{ readonly told: string; readonly record: Record<string, unknown> }> {
    const token = await issuer.mint()
    const attestations = [
      { type: 'k8s_token', evidence: { token } },
      { type: 'extension', evidence: { proof: 'the-proof-of-the-agent' } },
    ]
    const response = await fetch(`${host.url}/v1/clusters/${cluster}/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ attestations }),
    })
    const { code } = (await response.json()) as { readonly code?: string }
    const id = response.headers.get('X-Request-Id') ?? ''
    await expect.poll(() => host.output()).toContain(id)
    const line = host
      .output()
      .split('\n')
      .find((text) => text.startsWith('{') && text.includes(id))
    return { told: `${response.status} ${code}`, record: JSON.parse(line ?? '{}') }
  }

  it('a webhook with a certificate of the authority in the document admits', async () => {
    webhook.decide({ allow: true, attributes: { device_id: 'd-1' } })
    const { told, record } = await logIn('good')
    expect(told).toBe('200 undefined')
    expect(record).toMatchObject({ outcome: 'admitted', callOuts: [{ origin: webhook.origin, outcome: 'allowed' }] })
    expect(webhook.received.at(-1)?.headers['authorization']).toBe(`Bearer ${BEARER}`)
  })

  it('one that the host trusts, and the document does not, is not asked', async () => {
    const { told, record } = await logIn('stranger')
    expect([told, stranger.received]).toEqual(['503 call_out_unavailable', []])
    expect(JSON.stringify(record)).toContain('certificate_unknown_authority')
  })

  it('one that the host does not trust is not asked where the document has no authorities', async () => {
    const before = webhook.received.length
    expect((await logIn('ours')).told).toBe('503 call_out_unavailable')
    expect(webhook.received.length).toBe(before)
  })

  it('one that does not answer is asked again, and then admits', async () => {
    const before = webhook.received.length
    webhook.answer(
      (_bound, response) => void response.destroy(),
      (bound, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ ...bound, allow: true })),
    )
    const { told, record } = await logIn('retried')
    expect([told, record['callOuts']]).toMatchObject(['200 undefined', [{ tries: 2 }]])
    const [first, second] = webhook.received.slice(before)
    expect(second).toEqual(first)
  })

  it('nothing secret is in the log', () => {
    const output = host.output()
    expect(output).toContain(webhook.origin)
    for (const secret of [BEARER, 'the-proof-of-the-agent', KEYS.old.toString('base64url')])
      expect(output).not.toContain(secret)
  })
})
