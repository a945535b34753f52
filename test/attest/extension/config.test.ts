// What a document may ask of a webhook, and what of it a gateway's settings must allow: the form is an error wherever it is
// compiled, and a setting that is missing leaves the document in force and unhealthy.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EVERY_FEATURE, listHostFeatures } from '../../../src/attest/host-features.ts'
import type { ListedWebhook } from '../../../src/attest/webhook-call.ts'
import {
  CALL_OUT_TIMEOUT_MILLIS,
  CERTIFICATE_AUTHORITIES_MAX,
  WEBHOOK_RETRIES_MAX,
  WEBHOOK_TIMEOUT_DEFAULT_MILLIS,
  WEBHOOK_TIMEOUT_MIN_MILLIS,
} from '../../../src/core/limits.ts'
import { digestAsked } from '../../../src/policy/login/pins-digest.ts'
import { compile, found } from '../../config/document.ts'
import { OPENSSL } from '../../installed.ts'
import { AUTHORITY, CLIENT, KEYS, openX509Hosts, type X509Hosts } from '../x509-pop/x509-hosts.ts'

const URL_OF_ANY = 'https://webhook.example.com:8443/attest'
const ORIGIN = 'https://webhook.example.com:8443'
const PRIVATE = 'https://iot-attestor.webhooks.svc.cluster.local:8443'
/** Another attestor beside it, whose keys are not of interest. */
const BESIDE = { type: 'aws_iid', config: { allowedAccountIDs: ['111122223333'] } }

let hosts: X509Hosts
beforeAll(() => {
  if (!OPENSSL) return
  hosts = openX509Hosts()
  hosts.make('root', { extensions: AUTHORITY })
  hosts.make('other', { extensions: AUTHORITY })
  hosts.make('leaf', { issuer: 'root', extensions: CLIENT })
  hosts.make('weak', { key: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'], extensions: AUTHORITY })
  hosts.make('rsa', { key: KEYS['RS256'] ?? [], extensions: AUTHORITY })
})
afterAll(() => hosts?.tool.remove())

const listed = (more: Partial<ListedWebhook> = {}, origin = ORIGIN) =>
  new Map([[origin, { hasBearer: false, mayBePrivate: false, ...more }]])

/** The codes and places of what a config gives, relative to it. */
function issuesOf(config: object, context: Parameters<typeof compile>[2] = {}): readonly string[] {
  const requiredAttestors = [BESIDE, { type: 'extension', config: { webhookURL: URL_OF_ANY, ...config } }]
  const spec = { policies: [{ name: 'p', requiredAttestors }] }
  const text = JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec })
  const lines = found(compile('AgentAttestation', text, context))
  return lines.map((line) =>
    line.slice(line.indexOf(' ') + 1).replace('spec.policies.0.requiredAttestors.1.config', 'config'),
  )
}

describe('the config of an extension', () => {
  it.each<[string, object, readonly string[]]>([
    ['the URL alone', {}, []],
    ['all documented fields', { timeout: '2s', authType: 'BEARER', maxRetries: 3 }, []],
    ['the longest try', { timeout: '10s' }, []],
    ['a longer one', { timeout: '10001ms' }, ['value_out_of_range config.timeout']],
    ['the shortest try', { timeout: `${WEBHOOK_TIMEOUT_MIN_MILLIS}ms` }, []],
    ['a shorter one', { timeout: `${WEBHOOK_TIMEOUT_MIN_MILLIS - 1}ms` }, ['value_out_of_range config.timeout']],
    ['no time', { timeout: '0s' }, ['value_out_of_range config.timeout']],
    ['what is no duration', { timeout: 'soon' }, ['value_invalid config.timeout']],
    ['a negative duration', { timeout: '-1s' }, ['value_invalid config.timeout']],
    ['a number for a duration', { timeout: 5 }, ['text_unquoted config.timeout']],
    ['the most retries', { timeout: '1s', maxRetries: WEBHOOK_RETRIES_MAX }, []],
    ['more retries', { timeout: '100ms', maxRetries: 10 }, ['value_out_of_range config.maxRetries']],
    ['fewer than none', { maxRetries: -1 }, ['value_out_of_range config.maxRetries']],
    ['half a retry', { maxRetries: 0.5 }, ['value_out_of_range config.maxRetries']],
    ['all tries in the bound', { timeout: '2500ms', maxRetries: 3 }, []],
    ['all tries over it', { timeout: '2501ms', maxRetries: 3 }, ['value_out_of_range config.timeout']],
    ['the default time-out in the bound', { maxRetries: 4 }, []],
    ['the default time-out over it', { maxRetries: 5 }, ['value_out_of_range config.maxRetries']],
    ['another kind of authentication', { authType: 'BASIC' }, ['value_invalid config.authType']],
    ['that kind in other letters', { authType: 'Bearer' }, ['value_invalid config.authType']],
    ['http', { webhookURL: 'http://webhook.example.com/' }, ['url_forbidden config.webhookURL']],
    ['http to loopback', { webhookURL: 'http://127.0.0.1:1/' }, ['url_forbidden config.webhookURL']],
    ['a user name', { webhookURL: 'https://me@webhook.example.com/' }, ['url_forbidden config.webhookURL']],
    ['a fragment', { webhookURL: 'https://webhook.example.com/#x' }, ['url_forbidden config.webhookURL']],
    ['dot segments', { webhookURL: 'https://webhook.example.com/a/../b' }, ['url_forbidden config.webhookURL']],
    ['what is no URL', { webhookURL: 'webhook' }, ['url_forbidden config.webhookURL']],
    ['a query', { webhookURL: 'https://webhook.example.com/?a=b' }, []],
    ['a private host', { webhookURL: `${PRIVATE}/attest` }, []],
    ['an unknown field', { webhookUrl: 'x' }, ['field_unknown config.webhookUrl']],
    [
      'placeholder certificates',
      { caCerts: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' },
      ['value_invalid config.caCerts'],
    ],
    ['text for certificates', { caCerts: 'my CA' }, ['value_invalid config.caCerts']],
    ['empty certificates', { caCerts: '' }, ['value_empty config.caCerts']],
  ])('with %s', (_what, config, issues) => {
    expect(issuesOf(config)).toEqual(issues)
  })

  it('has a default that four retries fit', () => {
    expect(WEBHOOK_TIMEOUT_DEFAULT_MILLIS * 5).toBe(CALL_OUT_TIMEOUT_MILLIS)
  })

  it.skipIf(!OPENSSL)('takes bundles of authorities, each of which must be one', () => {
    const of = (...names: readonly string[]) => issuesOf({ caCerts: hosts.pem(...names) })
    expect([of('root'), of('root', 'other', 'rsa')]).toEqual([[], []])
    for (const name of ['leaf', 'weak']) expect(of('root', name)).toEqual(['value_invalid config.caCerts'])
    expect(issuesOf({ caCerts: `# ours\n${hosts.pem('root')}` })).toEqual(['value_invalid config.caCerts'])
    const cut = hosts.pem('root').split('\n').slice(0, 3).join('\n')
    expect(issuesOf({ caCerts: cut })).toEqual(['value_invalid config.caCerts'])
  })

  it.skipIf(!OPENSSL)('takes so many authorities and no more', () => {
    const der = Buffer.from(hosts.pem('root').replace(/-----.*-----/g, ''), 'base64')
    // Each is another certificate, by the last byte of its signature, which is not checked here.
    const pems = Array.from({ length: CERTIFICATE_AUTHORITIES_MAX + 1 }, (_, index) => {
      der[der.length - 1] = index
      return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
    })
    expect(issuesOf({ caCerts: pems.slice(1).join('') })).toEqual([])
    expect(issuesOf({ caCerts: pems.join('') })).toEqual(['value_out_of_range config.caCerts'])
  })

  it('cannot stand alone in a policy of agents', () => {
    const requiredAttestors = [{ type: 'extension', config: { webhookURL: URL_OF_ANY } }]
    const spec = { policies: [{ name: 'p', requiredAttestors }] }
    const text = JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec })
    expect(found(compile('AgentAttestation', text))).toEqual([expect.stringContaining('call_out_alone')])
  })
})

describe('what the settings of a gateway allow', () => {
  it.each<[string, object, ReadonlyMap<string, ListedWebhook> | undefined, readonly string[]]>([
    ['a listed origin', {}, listed(), []],
    ['another path of it', { webhookURL: `${ORIGIN}/other` }, listed(), []],
    ['settings that are not known', {}, undefined, []],
    ['no origin', {}, new Map(), ['webhook_unlisted config.webhookURL']],
    [
      'another port',
      { webhookURL: 'https://webhook.example.com/attest' },
      listed(),
      ['webhook_unlisted config.webhookURL'],
    ],
    [
      'a host below it',
      { webhookURL: 'https://a.webhook.example.com:8443/' },
      listed(),
      ['webhook_unlisted config.webhookURL'],
    ],
    ['a private host', { webhookURL: `${PRIVATE}/a` }, listed({ mayBePrivate: true }, PRIVATE), []],
    [
      'a private host that may not be',
      { webhookURL: `${PRIVATE}/a` },
      listed({}, PRIVATE),
      ['webhook_private config.webhookURL'],
    ],
    ['a bearer', { authType: 'BEARER' }, listed({ hasBearer: true }), []],
    ['no bearer', { authType: 'BEARER' }, listed(), ['webhook_bearer_missing config.authType']],
    ['a bearer that is not asked for', {}, listed({ hasBearer: true }), []],
  ])('with %s', (_what, config, webhooks, issues) => {
    const requiredAttestors = [BESIDE, { type: 'extension', config: { webhookURL: URL_OF_ANY, ...config } }]
    const spec = { policies: [{ name: 'p', requiredAttestors }] }
    const text = JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec })
    // Whatever they are, the document comes into force.
    expect(compile('AgentAttestation', text, webhooks === undefined ? {} : { webhooks }).ok).toBe(true)
    expect(issuesOf(config, webhooks === undefined ? {} : { webhooks })).toEqual(issues)
  })

  it.skipIf(!OPENSSL)('authorities of a document are not for Workers', () => {
    const caCerts = hosts.pem('root')
    const on = (host: 'workers' | 'node' | 'deno') => issuesOf({ caCerts }, { hostFeatures: listHostFeatures(host) })
    expect([on('workers'), on('node'), on('deno')]).toEqual([['attestor_unsupported_here config.caCerts'], [], []])
    expect(issuesOf({}, { hostFeatures: listHostFeatures('workers') })).toEqual([])
    expect(EVERY_FEATURE.has('own_authorities')).toBe(true)
  })
})

describe.skipIf(!OPENSSL)('a session', () => {
  /** What it keeps of the policy: a session of another digest is revoked. */
  function digestOf(config: object): string {
    const requiredAttestors = [BESIDE, { type: 'extension', config: { webhookURL: URL_OF_ANY, ...config } }]
    const spec = { policies: [{ name: 'p', requiredAttestors }] }
    const result = compile('AgentAttestation', JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec }))
    const requirement = result.ok ? result.value.policies[0]?.requirements[1] : undefined
    if (requirement === undefined) throw new Error('it does not compile')
    return digestAsked(requirement)
  }

  it('outlives a change of how the webhook is asked, and none of what is asked', () => {
    const caCerts = hosts.pem('root', 'other')
    const before = digestOf({ caCerts })
    for (const same of [
      { caCerts, timeout: '5s' },
      { caCerts, maxRetries: 2, authType: 'BEARER' },
      { caCerts: hosts.pem('other', 'root', 'root') },
      { caCerts, webhookURL: URL_OF_ANY.replace('webhook', 'WEBHOOK') },
    ])
      expect(digestOf(same)).toBe(before)
    for (const other of [{}, { caCerts: hosts.pem('root') }, { caCerts, webhookURL: `${URL_OF_ANY}/other` }])
      expect(digestOf(other)).not.toBe(before)
  })
})

describe('the document of a user', () => {
  it.skipIf(!OPENSSL)('compiles as it is, with a certificate for its placeholder', () => {
    const config = { caCerts: hosts.pem('root'), timeout: '5s', webhookURL: `${PRIVATE}/attest` }
    expect(issuesOf(config, { webhooks: listed({ mayBePrivate: true }, PRIVATE) })).toEqual([])
  })
})
