// Attributes of an agent as people have them at hand: those that a login recorded or answered, which count as proved.
import type { Attribute } from '../attribute/attribute.ts'
import { resolveAttribute, suggestAttribute } from '../attribute/catalogue.ts'
import { isJsonObject, type Json } from '../core/json.ts'
import { quoteText } from '../core/printable.ts'

export type ReadAttributes =
  | { readonly attributes: readonly Attribute[] }
  /** What is wrong, as a clause that follows a colon. */
  | { readonly fault: string }

/**
 * Reads the attributes of an agent.
 * @param json - a list with names and values, an object by name, or an object with such `attributes`: the answer to a login, or
 * its audit record
 */
export function readAgentAttributes(json: Json): ReadAttributes {
  if (isJsonObject(json) && json['attributesOmitted'] !== undefined)
    return { fault: 'omits attributes (attributesOmitted): use the answer to the login instead' }
  const given = isJsonObject(json) && json['attributes'] !== undefined ? json['attributes'] : json
  const attributes: Attribute[] = []
  for (const [name, value] of listPairs(given)) {
    const read = readAttribute(name, value)
    if (typeof read === 'string') return { fault: read }
    attributes.push(read)
  }
  return { attributes }
}

type Pair = readonly [name: Json | undefined, value: Json | undefined]

function listPairs(json: Json): readonly Pair[] {
  if (Array.isArray(json)) {
    const items = json as readonly Json[]
    return items.map((item): Pair => (isJsonObject(item) ? [item['name'], item['value']] : [item, undefined]))
  }
  return isJsonObject(json) ? Object.entries(json) : []
}

function readAttribute(name: Json | undefined, value: Json | undefined): Attribute | string {
  const resolved = typeof name === 'string' ? resolveAttribute(name) : undefined
  if (typeof name !== 'string' || resolved === undefined) {
    const near = typeof name === 'string' ? suggestAttribute(name) : undefined
    const hint = near === undefined ? '' : `; did you mean "${near}"?`
    const given = quoteText(typeof name === 'string' ? name : JSON.stringify(name ?? null))
    return `unknown attribute ${given}${hint}`
  }
  if (resolved.row.side !== 'agent') return `${resolved.name} is not an attribute of agents: remove it`
  const { origin } = resolved.row
  if (typeof value === 'string' || Number.isSafeInteger(value))
    return { origin, name: resolved.name, value: value as string | number }
  if (Array.isArray(value) && value.every((text) => typeof text === 'string'))
    return { origin, name: resolved.name, value }
  return `the value of ${resolved.name} must be a string, an integer or an array of strings`
}
