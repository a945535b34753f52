// Metrics on Node and Deno, for Prometheus: the table of the gateway as a registry of prom-client, with those of the process.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { METRICS_HELD_MAX } from '../../core/limits.ts'
import { METRIC_HELP } from '../../gateway/metrics/metric-help.ts'
import {
  BUCKETS_SECONDS,
  type Gauges,
  type Labels,
  METRICS,
  type MetricName,
  type MetricsPort,
} from '../../gateway/metrics/metrics.ts'

/** Of prom-client's own: gauges whose names end like those of counters, which promtool refuses. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
] as const

interface Measurement {
  readonly name: MetricName
  readonly labels: Labels
  readonly value: number
}

export interface Prometheus {
  readonly port: MetricsPort
  /** The text of a scrape, in the format 0.0.4. */
  readonly scrape: () => Promise<{ readonly text: string; readonly contentType: string }>
}

export function createPrometheus(): Prometheus {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)

  const counters = new Map<string, Counter>()
  const histograms = new Map<string, Histogram>()
  const gauges = new Map<string, Gauge>()
  for (const [name, { type, labels }] of Object.entries(METRICS)) {
    const options = { name, help: METRIC_HELP[name as MetricName], labelNames: [...labels], registers: [registry] }
    if (type === 'counter') counters.set(name, new Counter(options))
    else if (type === 'gauge') gauges.set(name, new Gauge(options))
    else histograms.set(name, new Histogram({ ...options, buckets: [...BUCKETS_SECONDS] }))
  }

  let held: Measurement[] = []
  function hold(name: MetricName, labels: Labels, value: number): void {
    if (held.push({ name, labels, value }) >= METRICS_HELD_MAX) addHeld()
  }
  function addHeld(): void {
    const added = held
    held = []
    for (const { name, labels, value } of added) {
      counters.get(name)?.inc(withoutEmpty(labels), value)
      histograms.get(name)?.observe(withoutEmpty(labels), value)
    }
  }

  let read: () => Gauges = () => []
  return {
    port: {
      count: hold,
      observe: hold,
      watch(given) {
        read = given
      },
    },
    async scrape() {
      addHeld()
      for (const gauge of gauges.values()) gauge.reset()
      for (const [name, labels, value] of read()) gauges.get(name)?.set(withoutEmpty(labels), value)
      return { text: await registry.metrics(), contentType: registry.contentType }
    },
  }
}

/** An empty label is one that is not there. */
function withoutEmpty(labels: Labels): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(labels)) if (value !== '') kept[name] = value
  return kept
}
