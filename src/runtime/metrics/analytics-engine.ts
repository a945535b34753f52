// Metrics on Workers, which nobody can scrape: a data point of Analytics Engine for each measurement, under the same names. Gauges are
// left out: an isolate knows only of itself, and is not there when asked.
import { METRICS, type MetricsPort } from '../../gateway/metrics/metrics.ts'

/** The binding of `[[analytics_engine_datasets]]`. */
export interface AnalyticsBinding {
  writeDataPoint(point: AnalyticsPoint): void
}

export interface AnalyticsPoint {
  /** The name of the metric, which points are sampled by. At most 96 bytes. */
  readonly indexes: readonly [string]
  /** `blob1` the name, then the labels in the order of the table. */
  readonly blobs: readonly string[]
  /** `double1` what a counter grows by, or the seconds of an observation. */
  readonly doubles: readonly [number]
}

export function createAnalyticsEngine(binding: AnalyticsBinding): MetricsPort {
  const write: MetricsPort['count'] = (name, labels, value) => {
    const ordered = METRICS[name].labels.map((label) => labels[label] ?? '')
    binding.writeDataPoint({ indexes: [name], blobs: [name, ...ordered], doubles: [value] })
  }
  return { count: write, observe: write, watch: () => undefined }
}
