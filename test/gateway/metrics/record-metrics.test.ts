// What a record adds to which metric, and that no caller can make a label.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { METRICS_CLUSTERS_MAX } from '../../../src/core/limits.ts'
import type { AuditRecord } from '../../../src/gateway/audit/audit.ts'
import { METRICS, type MetricName } from '../../../src/gateway/metrics/metrics.ts'
import { createRecordMetrics } from '../../../src/gateway/metrics/record-metrics.ts'

const TYPES = new Set(['k8s_token', 'aws_iid'])

function measure(records: readonly unknown[], clusters = 0): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  const add = (name: MetricName, labels: Readonly<Record<string, string>>, by: number): void => {
    const known: readonly string[] = METRICS[name].labels
    expect(known).toEqual(expect.arrayContaining(Object.keys(labels)))
    const text = known.flatMap((label) => (labels[label] ? [`${label}=${labels[label]}`] : [])).join(' ')
    sums[`${name} ${text}`.trim()] = (sums[`${name} ${text}`.trim()] ?? 0) + by
  }
  const record = createRecordMetrics({ count: add, observe: (name, labels) => add(name, labels, 1) }, TYPES, clusters)
  for (const one of records) record(one as AuditRecord)
  return sums
}

const login = (more: object): object => ({
  event: 'login',
  status: 200,
  outcome: 'admitted',
  durationMs: 3,
  clusterId: 'c-1',
  evidence: [{ type: 'k8s_token' }],
  ...more,
})
const refused = (status: number, more: object = {}): object =>
  login({ status, outcome: 'refused', code: 'login_refused', ...more })

describe('a record', () => {
  it.each<[string, object, string]>([
    ['an admitted login', login({}), 'attestor=k8s_token result=accepted reason=none'],
    [
      'two pieces',
      login({ evidence: [{ type: 'k8s_token' }, { type: 'aws_iid' }] }),
      'attestor=several result=accepted reason=none',
    ],
    ['a type that nobody has', login({ evidence: [{ type: 'x"} 1' }] }), 'attestor=other result=accepted reason=none'],
    [
      'a refused one, by the code of its evidence',
      refused(401, { refusals: [{ type: 'k8s_token', code: 'token_expired' }] }),
      'attestor=k8s_token result=refused reason=token_expired',
    ],
    [
      'no evidence',
      refused(400, { code: 'request_malformed', evidence: [] }),
      'attestor=none result=refused reason=request_malformed',
    ],
    [
      'what the gateway could not decide',
      refused(503, { code: 'store_unavailable' }),
      'attestor=k8s_token result=failed reason=store_unavailable',
    ],
  ])('of %s is one login', (_what, record, labels) => {
    expect(measure([record])).toMatchObject({ [`postern_logins_total ${labels}`]: 1 })
  })

  it('names each piece of evidence that a refused login names', () => {
    const refusals = [
      { type: 'k8s_token', code: 'token_expired' },
      { type: 'made_up', code: 'evidence_not_required' },
    ]
    expect(measure([refused(401, { refusals })])).toMatchObject({
      'postern_evidence_refused_total attestor=k8s_token reason=token_expired': 1,
      'postern_evidence_refused_total attestor=other reason=evidence_not_required': 1,
    })
  })

  it.each<[string, object, string]>([
    ['a granted', { outcome: 'granted', status: 200 }, 'attestor=k8s_token result=accepted reason=none'],
    [
      'a refused',
      { outcome: 'refused', status: 403, refusals: [{ type: 'k8s_token', code: 'token_expired' }] },
      'attestor=k8s_token result=refused reason=token_expired',
    ],
    [
      'an unmapped',
      { outcome: 'refused', status: 422, code: 'attribute_missing' },
      'attestor=k8s_token result=refused reason=attribute_missing',
    ],
    [
      'an undecided',
      { outcome: 'refused', status: 503, code: 'store_unavailable' },
      'attestor=k8s_token result=failed reason=store_unavailable',
    ],
  ])('of %s workload without an agent is one, and no login', (_what, more, labels) => {
    const measured = measure([login({ event: 'serverless', ...more })])
    expect(measured).toMatchObject({ [`postern_serverless_total ${labels}`]: 1 })
    expect(Object.keys(measured).some((name) => name.startsWith('postern_logins_total'))).toBe(false)
  })

  it('of a claims request counts its workloads, also those that it has no space for', () => {
    const record = {
      event: 'mapping',
      outcome: 'refused',
      durationMs: 1,
      granted: 7,
      refused: 5,
      refusals: [{ code: 'node_missing' }],
    }
    expect(measure([record])).toMatchObject({
      'postern_claims_total result=granted reason=none': 7,
      'postern_claims_total result=refused reason=node_missing': 1,
      'postern_claims_total result=refused reason=other': 4,
    })
  })

  it.each<[string, object, string]>([
    [
      'introspection',
      { event: 'introspection', active: false, code: 'session_expired' },
      'postern_introspections_total result=inactive reason=session_expired',
    ],
    [
      'a refused challenge',
      { event: 'challenge', code: 'challenge_not_required' },
      'postern_requests_refused_total route=challenge reason=challenge_not_required',
    ],
    [
      'a refused status',
      { event: 'status', code: 'session_missing' },
      'postern_requests_refused_total route=status reason=session_missing',
    ],
    ['a fault', { event: 'fault' }, 'postern_faults_total'],
  ])('of %s is counted', (_what, record, name) => {
    expect(measure([record])).toEqual({ [name]: 1 })
  })

  it('that is an event is no request', () => {
    expect(measure([{ event: 'config_applied', key: 'x' }, { event: 'started' }])).toEqual({})
  })
})

describe('the cluster of a login', () => {
  const of = (clusterId: string, more: object = {}): object => login({ clusterId, ...more })
  const names = (records: readonly object[], clusters: number): readonly string[] =>
    Object.keys(measure(records, clusters))
      .flatMap((name) => (/^postern_logins_total .*cluster=(\S+)$/.exec(name) ?? []).slice(1))
      .sort()

  it('is not named unless that was asked for', () => expect(names([of('c-1')], 0)).toEqual([]))

  it('is named for the first ones, and the others are one', () => {
    expect(names([of('c-1'), of('c-2'), of('c-3'), of('c-1')], 2)).toEqual(['c-1', 'c-2', 'other'])
  })

  it('is not what a caller made up', () => {
    expect(names([of('made-up', { status: 404, outcome: 'refused', code: 'cluster_unknown' }), of('c-1')], 2)).toEqual([
      'c-1',
      'other',
    ])
  })

  it.each([
    [METRICS_CLUSTERS_MAX, METRICS_CLUSTERS_MAX],
    [METRICS_CLUSTERS_MAX + 1, METRICS_CLUSTERS_MAX + 1],
  ])('has a bound: %i clusters make %i series', (clusters, series) => {
    const records = Array.from({ length: clusters }, (_, index) => of(`c-${index}`))
    expect(names(records, 100_000)).toHaveLength(series)
  })
})

it('has a bounded number of series, whatever callers send', () => {
  const text = fc.string({ maxLength: 8 })
  const record = fc.record({
    event: fc.constant('login'),
    status: fc.constantFrom(200, 401, 404, 503),
    outcome: fc.constantFrom('admitted', 'refused'),
    durationMs: fc.nat(),
    clusterId: text,
    code: fc.constant('login_refused'),
    evidence: fc.array(fc.record({ type: text }), { maxLength: 3 }),
    refusals: fc.array(fc.record({ type: text, code: fc.constantFrom('token_expired', 'token_malformed') })),
  })
  fc.assert(
    fc.property(fc.array(record, { minLength: 50, maxLength: 50 }), (records) => {
      expect(Object.keys(measure(records, 3)).length).toBeLessThan(100)
    }),
  )
})
