// AUDIT_FORMAT on a served process: every line in that format, and another name stops the start.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Operated, operate } from '../conformance/operated.ts'
import { checkOcsf } from '../gateway/audit/ocsf-check.ts'

let operated: Operated
beforeAll(async () => {
  operated = await operate('node', { documents: {}, change: { AUDIT_FORMAT: 'ocsf' } })
})
afterAll(() => operated?.stop())

it('writes events of OCSF', async () => {
  await fetch(`${operated.url}/v1/clusters/c-1/login`, {
    method: 'POST',
    body: '{}',
    headers: { 'Content-Type': 'application/json' },
  })
  await expect.poll(() => operated.recorded().trim().split('\n').length).toBeGreaterThan(1)
  const lines = operated
    .recorded()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.map((event) => [event['activity_name'], checkOcsf(event)])).toEqual([
    ['started', []],
    ['Logon', []],
  ])
})

it('does not start with a name that is none', async () => {
  await expect(operate('node', { documents: {}, change: { AUDIT_FORMAT: 'xml' } })).rejects.toThrow(
    /AUDIT_FORMAT: must be one of: postern, ocsf/,
  )
})
