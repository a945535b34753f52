// The table of events is what is written: no other field, no secret, within the bound of a record.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AUDIT_RECORD_MAX_BYTES, EVENT_ENTRIES_MAX } from '../../src/core/limits.ts'
import { VERSION } from '../../src/core/version.ts'
import { type AuditRecord, formatAuditLine } from '../../src/gateway/audit/audit.ts'
import { createEventReporter, EVENTS, type GatewayEvent, recordEvent } from '../../src/gateway/audit/events.ts'
import { describeStart } from '../../src/gateway/audit/start-event.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import { makeSessionSigningKeys } from '../../src/token/session/make-session-keys.ts'
import { asciiBytes, HOSTILE_CODE_POINTS, hostileIn } from '../hostile.ts'

const unit = fc.constantFrom(
  'a',
  '"',
  '\\',
  '\u4e2d',
  ...HOSTILE_CODE_POINTS.map((point) => String.fromCodePoint(point)),
)
const text = fc.tuple(unit, fc.nat(5000)).map(([one, length]) => one.repeat(length))
const value = fc.oneof(text, fc.nat(), fc.boolean(), fc.array(text, { maxLength: 20 }))
const event = fc
  .constantFrom(...(Object.keys(EVENTS) as GatewayEvent['event'][]))
  .chain((name) =>
    fc
      .record(Object.fromEntries([...Object.keys(EVENTS[name].fields), 'secret'].map((field) => [field, value])))
      .map((fields) => ({ event: name, ...fields }) as unknown as GatewayEvent),
  )

async function settingsOf(change: Readonly<Record<string, string>> = {}) {
  const environment = {
    TRUST_DOMAIN: 'example.org',
    ISSUER_URL: 'https://login.example.org',
    SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
    ...change,
  }
  const read = readSettings(environment, { canResolve: true })
  if (!read.ok) throw new Error(read.problems.join())
  return { settings: read.value, environment }
}

describe('the line of an event', () => {
  it('is bounded and prints, and has the fields of the table alone', () => {
    fc.assert(
      fc.property(event, (told) => {
        const record = recordEvent(told, 0)
        const line = formatAuditLine(record)
        expect(asciiBytes(line)).toBeLessThanOrEqual(AUDIT_RECORD_MAX_BYTES)
        expect(hostileIn(line)).toEqual([])
        const fields = Object.keys(EVENTS[told.event].fields)
        const known = ['v', 'time', 'event', ...fields, ...fields.map((field) => `${field}Omitted`)]
        expect(Object.keys(record).filter((field) => !known.includes(field))).toEqual([])
      }),
    )
  })

  it.each([
    ['at the limit', EVENT_ENTRIES_MAX, undefined],
    ['over the limit', EVENT_ENTRIES_MAX + 1, 1],
  ])('lists issues, %s', (_what, length, omitted) => {
    const issues = Array.from({ length }, (_, index) => `${index}`)
    const record = recordEvent({ event: 'config_contested', key: 'k', digest: 'd', issues }, 0)
    expect(record).toMatchObject({ issues: issues.slice(0, EVENT_ENTRIES_MAX) })
    expect('issuesOmitted' in record ? record.issuesOmitted : undefined).toBe(omitted)
  })

  it('that the log does not take ends nothing', () => {
    const tell = createEventReporter(
      () => {
        throw new Error('the log is full')
      },
      () => 0,
    )
    expect(() => tell({ event: 'stopping', signal: 'SIGTERM' })).not.toThrow()
  })
})

describe('the start', () => {
  it('names the settings and no secret', async () => {
    const sealKey = Buffer.alloc(32, 7).toString('base64url')
    const hmacKey = Buffer.alloc(32, 9).toString('base64url')
    const webhook = { hmac: [{ kid: 'k1', key: hmacKey }], bearer: 'the-bearer' }
    const { settings, environment } = await settingsOf({
      SEAL_KEYS: sealKey,
      PRIVATE_ISSUERS: 'https://10.0.0.1:6443',
      WEBHOOKS: JSON.stringify({ 'https://webhook.example.com': webhook }),
      HTTP_DNS_NETWORKS: '10.0.0.0/8',
    })
    const records: AuditRecord[] = []
    createEventReporter(
      (record) => records.push(record),
      () => 0,
    )(
      describeStart(settings, {
        name: 'node 24',
        hasState: true,
        replay: { kind: 'sqlite', scope: 'instance' },
        url: 'http://127.0.0.1:1',
        peer: 'socket',
      }),
    )
    const keys = JSON.parse(environment.SESSION_SIGNING_KEYS).keys as { kid: string; d: string }[]
    expect(records).toEqual([
      {
        v: 1,
        time: '1970-01-01T00:00:00.000Z',
        event: 'started',
        version: VERSION,
        host: 'node 24',
        url: 'http://127.0.0.1:1',
        trustDomain: 'example.org',
        issuerUrl: 'https://login.example.org',
        audience: 'spiffe://example.org',
        sessionKeyIds: keys.map(({ kid }) => kid),
        sealKeys: 1,
        keepsRecords: true,
        replayStore: 'sqlite',
        replayScope: 'instance',
        sessionTtlSeconds: 3600,
        clockSkewSeconds: 30,
        allowLoopbackIssuers: false,
        privateIssuers: ['https://10.0.0.1:6443'],
        webhooks: ['https://webhook.example.com'],
        httpDnsNetworks: ['10.0.0.0/8'],
        anonymousPerMinute: 0,
        clientAddress: 'socket',
      },
    ])
    for (const secret of [sealKey, hmacKey, 'the-bearer', ...keys.map(({ d }) => d)])
      expect(JSON.stringify(records)).not.toContain(secret)
  })

  it.each<[string, Readonly<Record<string, string>>, boolean, boolean]>([
    ['seal keys and a state store', { SEAL_KEYS: Buffer.alloc(32).toString('base64url') }, true, true],
    ['no seal keys', {}, true, false],
    ['no state store', { SEAL_KEYS: Buffer.alloc(32).toString('base64url') }, false, false],
  ])('says whether records are kept, with %s', async (_what, change, hasState, keepsRecords) => {
    const { settings } = await settingsOf(change)
    const host = { name: 'workers', hasState, replay: undefined, peer: 'cf-connecting-ip' }
    expect(describeStart(settings, host)).toMatchObject({ keepsRecords })
  })

  it('says that requests that verify nothing are limited, and whose address counts', async () => {
    const host = { name: 'node 24', hasState: true, replay: undefined, peer: 'socket' }
    const proxied = { CLIENT_ADDRESS_HEADER: 'X-Forwarded-For', TRUSTED_PROXIES: '10.0.0.0/8' }
    const off = await settingsOf(proxied)
    expect(describeStart(off.settings, host)).toMatchObject({ anonymousPerMinute: 0, clientAddress: 'x-forwarded-for' })
    const on = await settingsOf({ ANONYMOUS_PER_MINUTE: '60' })
    expect(describeStart(on.settings, host)).toMatchObject({ anonymousPerMinute: 60, clientAddress: 'socket' })
  })

  it('has the version of the package', () => {
    expect(VERSION).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version)
  })
})
