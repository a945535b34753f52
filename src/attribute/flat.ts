// Reads the attributes of a workload as an issuer lists them. Only attributes of workload attestors are accepted: an
// issuer that could send `k8s_token.node.name` would speak for the agent.
import type { Json, JsonObject } from '../core/json.ts'
import {
  ATTRIBUTE_VALUE_MAX_BYTES,
  ATTRIBUTE_VALUES_MAX,
  UNKNOWN_ATTRIBUTE_QUOTED_MAX,
  WORKLOAD_ATTRIBUTES_MAX,
} from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import type { RefusalCode } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { countUtf8Bytes } from '../core/utf8.ts'
import type { AttributeValue } from './attribute.ts'
import { resolveAttribute, suggestAttribute } from './catalogue.ts'
import { type Enablement, isEnabled } from './enabled.ts'
import type { AttributeRow } from './row.ts'

/** The attributes of a workload by canonical name, and the names of those that no setting enables. */
export interface WorkloadAttributes {
  /** A new map, to which the caller may add. */
  readonly attributes: Map<string, AttributeValue>
  readonly dropped: readonly string[]
}

/**
 * Reads attributes and makes their names canonical.
 *
 * @returns The attributes; or `request_malformed` (too many), `attribute_unknown`, `attribute_origin_forbidden`,
 *   `attribute_duplicate` (two spellings of one name), `attribute_invalid` or `value_too_long`. `where` is the name.
 */
export function readFlatAttributes(
  input: JsonObject | ReadonlyMap<string, Json>,
  enablement: Enablement,
): Checked<WorkloadAttributes> {
  const names = isMap(input) ? [...input.keys()] : Object.keys(input)
  if (names.length > WORKLOAD_ATTRIBUTES_MAX) {
    const detail = `A workload has ${names.length} attributes: send at most ${WORKLOAD_ATTRIBUTES_MAX}`
    return refuse({ code: 'request_malformed', where: 'attributes', detail })
  }
  const attributes = new Map<string, AttributeValue>()
  const dropped = new Set<string>()
  for (const written of names) {
    const resolved = resolveAttribute(written)
    if (resolved === undefined) {
      const suggestion = suggestAttribute(written)
      const hint = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`
      return refuseName('attribute_unknown', written, `Unknown attribute ${quoteText(written)}${hint}`)
    }
    const { row, name } = resolved
    if (row.side !== 'workload' && row.alsoWorkload !== true) {
      const source = row.side === 'agent' ? 'the agent session' : 'the configuration'
      return refuseName('attribute_origin_forbidden', name, `${name} may come only from ${source}: do not send it`)
    }
    if (attributes.has(name) || dropped.has(name)) {
      const other = names.find((spelling) => resolveAttribute(spelling)?.name === name) ?? name
      const detail = `${quoteText(other)} and ${quoteText(written)} are the same attribute, ${name}: send it once`
      return refuseName('attribute_duplicate', name, detail)
    }
    if (!isEnabled(resolved, enablement)) {
      dropped.add(name)
      continue
    }
    const value = readValue((isMap(input) ? input.get(written) : input[written]) ?? null, row, name)
    if (!value.ok) return value
    attributes.set(name, value.value)
  }
  return pass({ attributes, dropped: [...dropped] })
}

function isMap(input: JsonObject | ReadonlyMap<string, Json>): input is ReadonlyMap<string, Json> {
  return input instanceof Map
}

function refuseName(code: RefusalCode, name: string, detail: string): Checked<never> {
  return refuse({ code, where: name.slice(0, UNKNOWN_ATTRIBUTE_QUOTED_MAX).toWellFormed(), detail })
}

function readValue(json: Json, row: AttributeRow, name: string): Checked<AttributeValue> {
  if (row.type === 'int') {
    const count = typeof json === 'string' && /^(?:0|[1-9][0-9]{0,15})$/.test(json) ? Number(json) : json
    if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return pass(count)
    return refuseName('attribute_invalid', name, `${name} must be a non-negative integer`)
  }
  const isList = Array.isArray(json)
  if (isList && row.many !== true)
    return refuseName('attribute_invalid', name, `${name} has a single value: send a string`)
  const values: readonly Json[] = isList ? json : [json]
  if (values.length > ATTRIBUTE_VALUES_MAX) {
    return refuseName('attribute_invalid', name, `${name} has more than ${ATTRIBUTE_VALUES_MAX} values`)
  }
  let bytes = 0
  for (const text of values) {
    if (typeof text !== 'string') {
      const expected = row.many === true ? 'a string or an array of strings' : 'a string'
      return refuseName('attribute_invalid', name, `${name} must be ${expected}`)
    }
    // A string has at least as many bytes in UTF-8 as it has UTF-16 units.
    bytes += text.length > ATTRIBUTE_VALUE_MAX_BYTES ? text.length : countUtf8Bytes(text)
    if (bytes > ATTRIBUTE_VALUE_MAX_BYTES) {
      return refuseName('value_too_long', name, `${name} is longer than ${ATTRIBUTE_VALUE_MAX_BYTES} bytes`)
    }
    if (!text.isWellFormed()) return refuseName('attribute_invalid', name, `${name} contains an unpaired surrogate`)
  }
  const [only] = values
  if (isList) return pass(values.filter((text) => typeof text === 'string'))
  return typeof only === 'string' ? pass(only) : refuseName('attribute_invalid', name, `${name} must be a string`)
}
