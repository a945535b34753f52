// The metrics of an hour are what its records say, counted here without the code that measures; promtool takes the scrape; the rules
// fire where they should.
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
import { beforeAll, describe, expect, it } from 'vitest'
import { METRICS } from '../../src/gateway/metrics/metrics.ts'
import { PROMTOOL } from '../installed.ts'
import { CAN_FILL_A_DISK, type Hour, runHour } from './hour.ts'

/** The program itself: what npm puts before it would be ended in its place. */
const DENO = [
  resolve(`node_modules/@deno/linux-${process.arch}-glibc/deno`),
  'run',
  '--allow-net',
  '--allow-env',
  '--allow-read',
  '--allow-write',
  '--allow-sys',
]

function parse(scrape: string): ReadonlyMap<string, number> {
  const lines = scrape.split('\n').filter((line) => line.startsWith('postern_'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

/** Counts lines by what they say: the independent account. */
function countLogins(logins: Hour['records']): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const record of logins) {
    const evidence = (record['evidence'] ?? []) as readonly { readonly type: string }[]
    const refusals = (record['refusals'] ?? []) as readonly { readonly code: string }[]
    const isIn = record['status'] === 200
    const attestor = evidence.length === 0 ? 'none' : evidence[0]?.type
    const result = isIn ? 'accepted' : Number(record['status']) >= 500 ? 'failed' : 'refused'
    const reason = isIn ? 'none' : (refusals[0]?.code ?? record['code'])
    const name = `postern_logins_total{attestor="${attestor}",result="${result}",reason="${reason}"}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

describe.skipIf(!CAN_FILL_A_DISK).each([
  ['node', [process.execPath]],
  ['deno', DENO],
])('an hour on %s', (_host, program) => {
  let hour: Hour
  let scraped: ReadonlyMap<string, number>
  beforeAll(async () => {
    hour = await runHour([...program, 'src/cli/postern.ts'])
    scraped = parse(hour.scrape)
  })
  const logins = (): Hour['records'] =>
    hour.records.filter(({ event, requestId }) => event === 'login' && !hour.unrecorded.includes(String(requestId)))
  const startingWith = (prefix: string): Record<string, number> =>
    Object.fromEntries([...scraped].filter(([name]) => name.startsWith(prefix)))

  it('has each login once, by attestor, result and reason', () => {
    const counted = Object.fromEntries(countLogins(logins()))
    expect(startingWith('postern_logins_total{')).toEqual(counted)
    expect(Object.keys(counted).length).toBeGreaterThan(8)
  })

  it('times as many logins as it counts', () => {
    const timed = Object.values(startingWith('postern_login_duration_seconds_count')).reduce((sum, one) => sum + one, 0)
    expect(timed).toBe(logins().length)
  })

  it('has the workloads, the challenges and the claims of evidence', () => {
    const mappings = hour.records.filter(({ event }) => event === 'mapping')
    const sum = (member: string): number => mappings.reduce((total, one) => total + Number(one[member] ?? 0), 0)
    expect(startingWith('postern_claims_total{')).toEqual({
      'postern_claims_total{result="granted",reason="none"}': sum('granted'),
      'postern_claims_total{result="refused",reason="attribute_missing"}': sum('refused'),
    })
    expect(startingWith('postern_requests_refused_total{')).toEqual({
      'postern_requests_refused_total{route="challenge",reason="challenge_not_required"}': hour.records.filter(
        ({ event }) => event === 'challenge',
      ).length,
    })
    expect(startingWith('postern_evidence_claims_total{')).toEqual({
      'postern_evidence_claims_total{result="first"}': 1,
      'postern_evidence_claims_total{result="replay"}': 3,
    })
  })

  it('tells of the documents as the events do', () => {
    const last = new Map(
      hour.records.flatMap(({ event, key }) => (/^config_/.test(String(event)) ? [[key, event] as const] : [])),
    )
    const inState = (event: string): number => [...last.values()].filter((one) => one === event).length
    expect(startingWith('postern_config_sections{')).toMatchObject({
      'postern_config_sections{state="applied"}': inState('config_applied'),
      'postern_config_sections{state="refused"}': inState('config_refused'),
    })
    expect(inState('config_refused')).toBe(1)
    expect(scraped.get('postern_config_unapplied_since_timestamp_seconds')).toBeGreaterThan(1e9)
  })

  it('counts what the full disk did not take', () => {
    const failures = scraped.get('postern_audit_failures_total') ?? 0
    const recovered = hour.records.find(({ event }) => event === 'audit_recovered')
    expect(failures).toBe(hour.unrecorded.length)
    expect(failures).toBeGreaterThanOrEqual(3)
    expect(recovered).toMatchObject({ refused: failures })
  })

  it('counts loads of keys, failed ones too', () => {
    expect(scraped.get('postern_key_fetches_total{result="failed"}')).toBeGreaterThanOrEqual(1)
    expect(scraped.get('postern_key_fetches_total{result="ok"}')).toBeGreaterThanOrEqual(3)
    expect(scraped.get('postern_key_sets')).toBe(2)
    expect(scraped.get('postern_store_up')).toBe(1)
  })

  it.skipIf(PROMTOOL === undefined)('is clean, as promtool says', () => {
    const { status, stdout, stderr } = spawnSync(PROMTOOL ?? '', ['check', 'metrics'], {
      input: hour.scrape,
      encoding: 'utf8',
    })
    expect([status, stdout + stderr]).toEqual([0, ''])
  })
})

describe.skipIf(PROMTOOL === undefined)('the rules', () => {
  const promtool = (...args: readonly string[]) => spawnSync(PROMTOOL ?? '', args, { encoding: 'utf8' })

  it('are rules', () => {
    const { status, stdout, stderr } = promtool('check', 'rules', 'deploy/prometheus-rules.yaml')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain('SUCCESS')
  })

  it.each(globSync('test/metrics/*.rules.yaml'))('fire as %s says, and not otherwise', (file) => {
    const { status, stdout, stderr } = promtool('test', 'rules', file)
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('SUCCESS')])
  })

  it('have a test each', () => {
    const alerts = Array.from(
      readFileSync('deploy/prometheus-rules.yaml', 'utf8').matchAll(/- alert: (\w+)/g),
      ([, name]) => name,
    )
    const tests = globSync('test/metrics/*.rules.yaml')
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n')
    expect(alerts.length).toBeGreaterThan(4)
    expect(alerts.filter((name) => !tests.includes(`alertname: ${name}`))).toEqual([])
  })
})

it('the dashboard and the rules ask for metrics and labels that there are', () => {
  for (const file of ['deploy/prometheus-rules.yaml', 'deploy/grafana-dashboard.json']) {
    const text = readFileSync(file, 'utf8')
    const names = Array.from(text.matchAll(/postern_[a-z_]+/g), ([name]) => name.replace(/_(bucket|count|sum)$/, ''))
    expect(names.length).toBeGreaterThan(4)
    expect(names.filter((name) => !Object.hasOwn(METRICS, name))).toEqual([])
  }
})
