// Each record is a valid event of OCSF, the checker finds what is wrong with one, and no token is in any.
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ATTESTORS } from '../../../src/attest/table.ts'
import type { AuditRecord, LoginRecord } from '../../../src/gateway/audit/audit.ts'
import { EVENTS } from '../../../src/gateway/audit/events.ts'
import { formatOcsfLine, makeOcsfEvent } from '../../../src/gateway/audit/ocsf.ts'
import { createWorld, type World } from '../fixture.ts'
import { agentSessionOf, askClaims, CLUSTER, put, putBaseline, sessionOf, WEB } from '../mapping-world.ts'
import { checkOcsf } from './ocsf-check.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
beforeEach(() => {
  putBaseline(world)
  world.restart()
  world.records.length = 0
})
afterAll(() => world.stop())

const records = (): readonly AuditRecord[] => world.records as readonly AuditRecord[]

describe('a login', () => {
  it('that is admitted is a logon of its agent', async () => {
    const { status } = await world.login(CLUSTER, await world.issuer.mint())
    expect(status).toBe(200)
    const [record] = records().filter(({ event }) => event === 'login') as readonly LoginRecord[]
    const event = makeOcsfEvent(record as LoginRecord)
    expect(checkOcsf(event)).toEqual([])
    expect(event).toMatchObject({
      class_uid: 3002,
      type_uid: 300_201,
      status_id: 1,
      status_code: 'accepted',
      severity_id: 1,
      auth_protocol_id: 4,
      user: { uid: record?.session?.subject, type_id: 4 },
      session: { uid: record?.session?.id },
      metadata: { correlation_uid: record?.requestId },
      unmapped: { policy: record?.policy },
    })
  })

  it('that is refused says the code, and of its user nothing', async () => {
    const token = await world.issuer.mint({ claims: { aud: ['elsewhere'] } })
    await world.login(CLUSTER, token)
    const [record] = records().filter(({ event }) => event === 'login')
    const event = makeOcsfEvent(record as LoginRecord)
    expect(checkOcsf(event)).toEqual([])
    expect(event).toMatchObject({
      status_id: 2,
      status_code: 'audience_mismatch',
      severity_id: 2,
      user: { name: 'unknown', type_id: 0 },
    })
    expect(event).not.toHaveProperty('session')
    const line = formatOcsfLine(record as LoginRecord)
    for (const part of token.split('.')) expect(line).not.toContain(part)
  })

  it('by evidence that was used before is of high severity', () => {
    const refusals = [{ type: 'k8s_token', code: 'evidence_replayed', detail: 'x' }]
    const event = makeOcsfEvent({ ...LOGIN, outcome: 'refused', status: 403, refusals } as LoginRecord)
    expect([checkOcsf(event), event['severity_id']]).toEqual([[], 4])
  })

  it.each(ATTESTORS.map(({ type }) => type))('by %s has the protocol of its evidence', (type) => {
    const event = makeOcsfEvent({ ...LOGIN, evidence: [{ type }] } as LoginRecord)
    const isToken = ['k8s_token', 'aws_token', 'azure_msi', 'gcp_iit', 'github', 'custom_jwt'].includes(type)
    expect([checkOcsf(event), event['auth_protocol_id'], event['auth_protocol']]).toEqual([
      [],
      isToken ? 4 : 99,
      isToken ? 'OpenID' : type,
    ])
  })
})

describe('other records', () => {
  it('of what a gateway does are valid, each with the record whole', async () => {
    const [issuer, agentSession] = [await sessionOf(world), await agentSessionOf(world)]
    await askClaims(world, { agentSession, workloads: [{ id: 'w', attributes: WEB }] }, { session: issuer })
    await world.app.request(`/v1/clusters/${CLUSTER}/status`)
    await world.post(`/v1/clusters/${CLUSTER}/challenge`, JSON.stringify({ type: 'azure_imds' }))
    put(world, `clusters/${CLUSTER}/AgentAttestation`, { policies: 1 })
    world.restart()
    await world.login(CLUSTER, 'x')
    const kinds = new Set(records().map(({ event }) => event))
    expect([...kinds]).toEqual(expect.arrayContaining(['mapping', 'status', 'challenge', 'login']))
    for (const record of records()) {
      const event = makeOcsfEvent(record)
      expect(checkOcsf(event)).toEqual([])
      expect(event['unmapped']).toBe(record)
    }
  })

  it.each(Object.keys(EVENTS))('of the event %s are valid', (event) => {
    expect(checkOcsf(makeOcsfEvent({ v: 1, time: LOGIN.time, event } as unknown as AuditRecord))).toEqual([])
  })

  it.each<[string, object, object]>([
    [
      'an identity that was given is authentication of what it names, and no logon',
      { outcome: 'granted', spiffeId: 'spiffe://example.org/fn/x' },
      {
        type_uid: 300_299,
        status_id: 1,
        status_code: 'granted',
        user: { uid: 'spiffe://example.org/fn/x', type_id: 4 },
      },
    ],
    [
      'an identity that was refused is of nobody',
      {
        outcome: 'refused',
        code: 'login_refused',
        refusals: [{ type: 'k8s_token', code: 'evidence_replayed', detail: 'x' }],
      },
      { type_uid: 300_299, status_id: 2, status_code: 'evidence_replayed', severity_id: 4, user: { name: 'unknown' } },
    ],
  ])('%s', (_what, more, expected) => {
    const { session: _, ...rest } = LOGIN
    const event = makeOcsfEvent({ ...rest, event: 'serverless', ...more } as unknown as AuditRecord)
    expect(checkOcsf(event)).toEqual([])
    expect(event).toMatchObject(expected)
    expect(event).not.toHaveProperty('session')
  })

  it('a refused challenge comes before a login', () => {
    const record = { ...LOGIN, event: 'challenge', outcome: 'refused', code: 'challenge_not_required', detail: 'x' }
    expect(makeOcsfEvent(record as unknown as AuditRecord)).toMatchObject({ type_uid: 300_206, status_id: 2 })
  })
})

const LOGIN = {
  v: 1,
  event: 'login',
  time: '2026-01-01T00:00:00.000Z',
  requestId: '01a2161f-f729-7e00-896c-a9932409587a',
  durationMs: 2,
  clusterId: 'c-1',
  status: 200,
  outcome: 'admitted',
  policy: 'p',
  session: { id: 'i', subject: 'spiffe://example.org/postern/agent/c-1/p/x', expiresAt: '2026-01-01T00:10:00Z' },
  evidence: [{ type: 'k8s_token', digest: 'x' }],
} as const

it('is valid whatever a record holds', () => {
  const text = fc.string({ unit: 'binary' })
  const record = fc.record(
    {
      outcome: fc.constantFrom('admitted', 'refused'),
      clusterId: text,
      code: text,
      detail: text,
      policy: text,
      evidence: fc.array(fc.record({ type: text })),
      refusals: fc.array(fc.record({ type: text, code: text, detail: text })),
    },
    { requiredKeys: ['outcome'] },
  )
  fc.assert(
    fc.property(record, (more) => {
      const { session, ...rest } = LOGIN
      const whole = { ...rest, ...more, ...(more.outcome === 'admitted' ? { session } : {}) } as unknown as LoginRecord
      expect(checkOcsf(makeOcsfEvent(whole))).toEqual([])
      expect(JSON.parse(formatOcsfLine(whole))).toEqual(JSON.parse(JSON.stringify(makeOcsfEvent(whole))))
    }),
  )
})

describe('the checker', () => {
  const valid = () => structuredClone(makeOcsfEvent(LOGIN as unknown as LoginRecord)) as Record<string, never>
  it.each([
    'activity_id',
    'category_uid',
    'class_uid',
    'type_uid',
    'time',
    'severity_id',
    'metadata',
    'user',
    'service',
  ])('misses %s', (name) => {
    const event = valid()
    delete event[name]
    expect(checkOcsf(event)).not.toEqual([])
  })
  it.each<[string, unknown]>([
    ['type_uid', 300_202],
    ['severity_id', 7],
    ['status_id', 3],
    ['activity_id', 42],
    ['time', '2026-01-01T00:00:00Z'],
    ['time', 1_767_225_600],
    ['user', {}],
    ['user', { name: 1 }],
    ['metadata', { version: '1.8.0' }],
    ['metadata', { version: '1.7.0', product: { name: 'x' } }],
    ['made_up', 1],
    ['is_remote', 'true'],
  ])('refuses %s as %j', (name, value) => {
    expect(checkOcsf({ ...valid(), [name]: value })).not.toEqual([])
  })
})
