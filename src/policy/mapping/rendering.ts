// Renders the templates of one workload within the budgets of its request: fuel before each template is rendered, and the
// bytes that its value has in the answer after it.
import type { Attributes } from '../../attribute/attribute.ts'
import { type Checked, refuse } from '../../core/result.ts'
import type { DnsName } from '../../identity/dns-name.ts'
import type { SpiffeId } from '../../identity/spiffe-id.ts'
import { computeRenderFuel } from '../../template/render-fuel.ts'
import type { Template } from '../../template/template.ts'
import { countJsonBytes } from './json-length.ts'
import type { MappingMeter } from './mapping-meter.ts'

/** Of one workload. Plain, and without closures: there are thousands of values in a request. */
export interface Rendering {
  readonly attributes: Attributes
  readonly meter: MappingMeter
  /** What has been rendered so far. */
  bytes: number
}

/** What `render` yields; refuses with `mapping_too_costly` before it, or with `answer_too_large` after it. */
export function renderWithin<T extends Template, V>(
  rendering: Rendering,
  template: T,
  render: (template: T, attributes: Attributes) => Checked<V>,
  bytesOf: (value: V) => number,
): Checked<V> {
  const { attributes, meter } = rendering
  const exhausted = meter.spend(computeRenderFuel(template, attributes))
  if (exhausted !== undefined) return refuse(exhausted)
  const made = render(template, attributes)
  if (!made.ok) return made
  rendering.bytes += bytesOf(made.value)
  const excess = meter.refuseBytes(rendering.bytes)
  return excess === undefined ? made : refuse(excess)
}

/** Quotes and a comma; neither a SPIFFE ID nor a DNS name holds a character that JSON escapes. */
const AROUND = 3

export function countIdBytes({ text }: SpiffeId): number {
  return text.length + AROUND
}

export function countDnsNameBytes(name: DnsName): number {
  return name.length + AROUND
}

/** A colon and a comma with it: `"name":value,`. */
export function countClaimBytes(value: string | readonly string[]): number {
  if (typeof value === 'string') return countJsonBytes(value) + 2
  return value.reduce((bytes, text) => bytes + countJsonBytes(text) + 1, 4)
}
