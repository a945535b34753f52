// Renders the templates of one workload within the budgets of its request: fuel before each template is rendered, and the
// bytes that its value has in the answer after it.
import type { Attributes } from '../attribute/attribute.ts'
import { jsonLength } from '../core/json-length.ts'
import { type Checked, refuse } from '../core/result.ts'
import type { DnsName } from '../identity/dns-name.ts'
import type { SpiffeId } from '../identity/spiffe-id.ts'
import { renderFuel } from '../template/render-fuel.ts'
import type { Template } from '../template/template.ts'
import type { MappingMeter } from './mapping-meter.ts'

export interface Rendering {
  /** What `make` renders; refuses with `mapping_too_costly` before it, or with `answer_too_large` after it. */
  readonly render: <V>(template: Template, make: () => Checked<V>, bytesOf: (value: V) => number) => Checked<V>
  /** Takes the bytes of all that was rendered: the workload is in the answer. One that is refused takes none. */
  readonly finish: () => void
}

export function createRendering(attributes: Attributes, meter: MappingMeter): Rendering {
  let bytes = 0
  return {
    render(template, make, bytesOf) {
      const exhausted = meter.spend(renderFuel(template, attributes))
      if (exhausted !== undefined) return refuse(exhausted)
      const made = make()
      if (!made.ok) return made
      bytes += bytesOf(made.value)
      const excess = meter.refuseBytes(bytes)
      return excess === undefined ? made : refuse(excess)
    },
    finish: () => meter.takeBytes(bytes),
  }
}

/** Quotes and a comma; neither a SPIFFE ID nor a DNS name holds a character that JSON escapes. */
const AROUND = 3

export function idBytes({ text }: SpiffeId): number {
  return text.length + AROUND
}

export function dnsNameBytes(name: DnsName): number {
  return name.length + AROUND
}

/** A member of the claims: `"name":value,`. */
export function claimBytes(name: string, value: string | readonly string[]): number {
  const around = jsonLength(name) + 2
  if (typeof value === 'string') return around + jsonLength(value)
  return value.reduce((bytes, text) => bytes + jsonLength(text) + 1, around + 2)
}
