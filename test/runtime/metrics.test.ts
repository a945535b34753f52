// The listener of metrics, its flags, and data points within the documented limits of Analytics Engine.
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { METRICS_CLUSTERS_MAX, METRICS_HELD_MAX } from '../../src/core/limits.ts'
import { METRICS, type MetricName } from '../../src/gateway/metrics/metrics.ts'
import { type AnalyticsPoint, createAnalyticsEngine } from '../../src/runtime/metrics/analytics-engine.ts'
import { createPrometheus } from '../../src/runtime/metrics/prometheus.ts'
import { type MetricsServer, serveMetrics } from '../../src/runtime/metrics/serve-metrics.ts'
import { checkServeFlags } from '../../src/runtime/serve-options.ts'

describe('--metrics-port', () => {
  const check = (flags: object) => checkServeFlags({ store: 's', ...flags }, '/')
  it.each<[object, unknown]>([
    [{}, undefined],
    [{ 'metrics-port': '0' }, { host: '127.0.0.1', port: 0, clusters: 0 }],
    [
      { 'metrics-port': '9464', 'metrics-host': '::1' },
      { host: '::1', port: 9464, clusters: 0 },
    ],
    [
      { 'metrics-port': '1', 'metrics-clusters': String(METRICS_CLUSTERS_MAX) },
      { host: '127.0.0.1', port: 1, clusters: METRICS_CLUSTERS_MAX },
    ],
  ])('of %j is taken', (flags, metrics) => {
    const options = check(flags)
    expect(typeof options === 'string' ? options : options.metrics).toEqual(metrics)
  })

  it.each<[object, string]>([
    [{ 'metrics-port': 'x' }, '--metrics-port must be'],
    [{ 'metrics-port': '65536' }, '--metrics-port must be'],
    [{ 'metrics-host': '::1' }, 'need --metrics-port'],
    [{ 'metrics-clusters': '1' }, 'need --metrics-port'],
    [{ 'metrics-port': '1', 'metrics-clusters': String(METRICS_CLUSTERS_MAX + 1) }, '--metrics-clusters must be'],
    [{ 'metrics-port': '1', 'metrics-clusters': '-1' }, '--metrics-clusters must be'],
  ])('of %j is refused', (flags, said) => expect(check(flags)).toContain(said))
})

describe('the listener', () => {
  let server: MetricsServer | undefined
  afterEach(() => server?.close())

  it('has one route, and what was counted', async () => {
    const { port, scrape } = createPrometheus()
    port.count('postern_faults_total', {}, 2)
    port.watch(() => [['postern_store_up', {}, 1]])
    server = await serveMetrics({ scrape }, { host: '127.0.0.1', port: 0 })
    const response = await fetch(server.url)
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('version=0.0.4'),
    ])
    const text = await response.text()
    expect(text).toContain('\npostern_faults_total 2\n')
    expect(text).toContain('\npostern_store_up 1\n')
    expect((await fetch(new URL('/', server.url))).status).toBe(404)
    expect((await fetch(server.url, { method: 'POST' })).status).toBe(405)
  })

  it('answers 500 if the metrics cannot be read, and goes on', async () => {
    let isBroken = true
    const prometheus = createPrometheus()
    const scrape = () => (isBroken ? Promise.reject(new Error('/proc is gone')) : prometheus.scrape())
    server = await serveMetrics({ scrape }, { host: '127.0.0.1', port: 0 })
    expect((await fetch(server.url)).status).toBe(500)
    isBroken = false
    expect((await fetch(server.url)).status).toBe(200)
  })

  it.each([0, 1, METRICS_HELD_MAX - 1, METRICS_HELD_MAX, METRICS_HELD_MAX + 1, 3 * METRICS_HELD_MAX])(
    'has each of %i measurements once, however often it is asked',
    async (times) => {
      const { port, scrape } = createPrometheus()
      for (let n = 0; n < times; n++)
        if (n % 3 === 0) port.observe('postern_claims_duration_seconds', { result: 'granted' }, 0.5)
        else port.count('postern_key_fetches_total', { result: n % 3 === 1 ? 'ok' : 'failed' }, 2)
      await scrape()
      const { text } = await scrape()
      const sum = (name: string) =>
        Number(
          text
            .split('\n')
            .find((line) => line.startsWith(`${name} `))
            ?.split(' ')[1] ?? 0,
        )
      expect(sum('postern_claims_duration_seconds_count{result="granted"}')).toBe(Math.ceil(times / 3))
      expect(sum('postern_key_fetches_total{result="ok"}')).toBe(2 * Math.floor((times + 1) / 3))
      expect(sum('postern_key_fetches_total{result="failed"}')).toBe(2 * Math.floor(times / 3))
    },
  )

  it('holds no more of them than its bound, if nobody ever asks', () => {
    const { port } = createPrometheus()
    let read = 0
    const labels = {
      get result() {
        read++
        return 'ok'
      },
    }
    for (let n = 1; n < METRICS_HELD_MAX; n++) port.count('postern_key_fetches_total', labels, 1)
    expect(read).toBe(0)
    port.count('postern_key_fetches_total', labels, 1)
    expect(read).toBeGreaterThanOrEqual(METRICS_HELD_MAX)
  })

  it('says nothing of a gauge that is no more', async () => {
    const { port, scrape } = createPrometheus()
    let states: readonly string[] = ['applied', 'refused']
    port.watch(() => states.map((state) => ['postern_config_sections', { state }, 1] as const))
    expect((await scrape()).text).toContain('state="refused"')
    states = ['applied']
    expect((await scrape()).text).not.toContain('state="refused"')
  })
})

describe('a data point', () => {
  const points: AnalyticsPoint[] = []
  const port = createAnalyticsEngine({ writeDataPoint: (point) => points.push(point) })

  it('has the labels in the order of the table', () => {
    port.count('postern_logins_total', { reason: 'none', attestor: 'k8s_token', result: 'accepted', cluster: '' }, 1)
    expect(points.at(-1)).toEqual({
      indexes: ['postern_logins_total'],
      blobs: ['postern_logins_total', 'k8s_token', 'accepted', 'none', ''],
      doubles: [1],
    })
  })

  it('keeps to the limits of the platform', () => {
    const names = Object.keys(METRICS) as MetricName[]
    const label = fc.string({ maxLength: 100 })
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.dictionary(label, label),
        fc.double({ noNaN: true }),
        (name, labels, value) => {
          port.count(name, labels, value)
          const { indexes, blobs, doubles } = points.at(-1) as AnalyticsPoint
          // https://developers.cloudflare.com/analytics/analytics-engine/limits/
          expect(new TextEncoder().encode(indexes[0]).length).toBeLessThanOrEqual(96)
          expect(blobs.length).toBeLessThanOrEqual(20)
          expect(new TextEncoder().encode(blobs.join('')).length).toBeLessThanOrEqual(16 * 1024)
          expect(doubles.length).toBeLessThanOrEqual(20)
        },
      ),
    )
  })
})
