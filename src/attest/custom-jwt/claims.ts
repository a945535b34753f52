// The claims of any issuer's token, of which a policy requires some and copies others. JSON types are kept: the number 1
// never equals the string "1".
import type { Attribute } from '../../attribute/attribute.ts'
import { makeAttributeName } from '../../attribute/catalogue.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { CLAIM_VALUE_MAX_LENGTH, CLAIM_VALUES_MAX } from '../../core/limits.ts'
import { hasControl } from '../../core/printable.ts'

/**
 * Finds a claim: the member of this very name, or else the one that its parts lead to (`a.b` is `b` in `a`). Own members
 * only, and no indexes into lists.
 */
export function findClaim(claims: JsonObject, path: string): Json | undefined {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: Json | undefined = claims
  for (const part of path.split('.')) {
    if (value === undefined || !isJsonObject(value) || !Object.hasOwn(value, part)) return undefined
    value = value[part]
  }
  return value
}

/** The values of an attribute, as texts; `undefined` for a claim that cannot be one: an object, null, too long a string. */
export function listValues(value: Json | undefined): readonly string[] | undefined {
  const items = Array.isArray(value) ? value : [value]
  if (items.length === 0 || items.length > CLAIM_VALUES_MAX) return undefined
  const texts = items.map(toText).filter((text) => text !== undefined)
  return texts.length === items.length ? texts : undefined
}

function toText(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return isShort(value) ? value : undefined
  return Number.isSafeInteger(value) || typeof value === 'boolean' ? String(value) : undefined
}

function isShort(text: string): boolean {
  return text !== '' && text.length <= CLAIM_VALUE_MAX_LENGTH && !hasControl(text)
}

/** The attribute of one copied claim; `undefined` if its name or its value cannot be one. */
export function makeClaimAttribute(path: string, value: Json | undefined): Attribute | undefined {
  const name = makeAttributeName('custom_jwt.claim.<name>', path)
  const found = listValues(value)
  return name === undefined || found === undefined ? undefined : { origin: 'custom_jwt', name, value: found }
}
