// The schema of the stream: what it refuses. That it takes every record is held by the fixture of all tests of the gateway.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { findLineFaults } from '../../../dev/audit-schema.ts'
import { makeAuditSchema, makeSchemaUrl } from '../../../dev/schemas.ts'
import { EVENTS } from '../../../src/gateway/audit/events.ts'

const LOGIN = {
  v: 1,
  event: 'login',
  time: '2026-01-01T00:00:00.000Z',
  requestId: '01a2161f-f729-7e00-896c-a9932409587a',
  durationMs: 2,
  status: 200,
  outcome: 'admitted',
} as const

it('is that of the code; npm run schemas writes it anew', () => {
  const read = JSON.parse(readFileSync(makeSchemaUrl('audit-record'), 'utf8'))
  expect(read).toEqual(JSON.parse(makeAuditSchema()))
})

it('takes a record, and each event', () => {
  expect(findLineFaults(LOGIN)).toEqual([])
  for (const event of Object.keys(EVENTS))
    expect(findLineFaults({ v: 1, time: LOGIN.time, event } as never)).toEqual([])
})

it.each<[string, object]>([
  ['a member that is not described', { token: 'x' }],
  ['a code that is none', { code: 'made_up' }],
  ['another version', { v: 2 }],
  ['a time that is no text', { time: 1 }],
  ['an outcome that is none', { outcome: 'maybe' }],
  ['evidence with the evidence in it', { evidence: [{ type: 'k8s_token', token: 'eyJ' }] }],
  ['an event that is none', { event: 'made_up' }],
])('refuses %s', (_what, change) => {
  expect(findLineFaults({ ...LOGIN, ...change })).not.toEqual([])
})
